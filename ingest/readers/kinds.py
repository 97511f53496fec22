"""Tells by its first bytes what a file really is, whatever its name says."""

import io
import re
import zipfile

from ingest.readers.archive import DAMAGE

RTF = "a Rich Text file (.rtf)"
PICTURES = ("a PNG picture", "a JPEG picture", "a TIFF picture", "a WebP picture")
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", RTF),
    (b"\x89PNG\r\n", PICTURES[0]),
    (b"\xff\xd8\xff", PICTURES[1]),
    (b"II*\x00", PICTURES[2]),
    (b"MM\x00*", PICTURES[2]),
    (b"GIF8", "a GIF picture"),
    (b"%!PS", "a PostScript file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"ID3", "an audio file"),
    (b"OggS", "an audio or video file"),
    (b"fLaC", "an audio file"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML_START = re.compile(  # no two of its ways match the same bytes, so that it ends at once whatever it is given
    rb"(?:\xef\xbb\xbf)?(?:\s|<\?xml[^>]*>|<!--(?:(?!-->).)*-->)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_UTF16 = "utf-16-le"  # how an OLE directory spells the names of its streams

PDF = "a PDF"
DOCX = "a Word document (.docx)"
XLSX = "an Excel workbook (.xlsx)"
XLS = "an old Excel workbook (.xls)"
MSG = "an Outlook message (.msg)"
ODT = "an OpenDocument text (.odt)"
ODS = "an OpenDocument spreadsheet (.ods)"
ODP = "an OpenDocument presentation (.odp)"
EPUB = "an EPUB book"
PPTX = "a PowerPoint presentation (.pptx)"
HTML = "a web page (HTML)"
TEXT = "a plain text"
PROTECTED_OFFICE = "an Office document locked with a password"


def kind(data: bytes) -> str | None:
    """What `data` is, in words with an article, or None where the bytes do not say (as in plain text)."""
    head = data[:1024]
    if head.lstrip().startswith(b"%PDF-") or (b"%PDF-" in head and b"endobj" in data):  # a text may speak of "%PDF-"
        return PDF
    if data.startswith(_OLE):
        return _ole_kind(data)
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
        return _zip_kind(data)
    for signature, words in _SIGNATURES:
        if data.startswith(signature):
            return words
    if head[8:12] == b"WEBP":
        return PICTURES[3]
    if head[4:8] == b"ftyp":
        return "a video or audio file"
    if _HTML_START.match(head):
        return HTML
    return None


def _ole_kind(data: bytes) -> str:
    for stream, words in (
        ("EncryptedPackage", PROTECTED_OFFICE),
        ("WordDocument", "an old Word document (.doc)"),
        ("Workbook", XLS),
        ("PowerPoint Document", "an old PowerPoint presentation (.ppt)"),
        ("__properties_version", MSG),
    ):
        if stream.encode(_UTF16) in data:
            return words
    return "an old Office document"


def _zip_kind(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name.replace("\\", "/") for name in archive.namelist()]
            says = archive.open("mimetype").read(100).decode("ascii", "replace") if "mimetype" in names else ""
    except DAMAGE:
        return "a damaged ZIP archive"
    for ending, words in ((".text", ODT), (".spreadsheet", ODS), (".presentation", ODP)):
        if says.strip().endswith(f"opendocument{ending}"):
            return words
    if "META-INF/container.xml" in names:
        return EPUB
    for prefix, words in (("word/", DOCX), ("xl/", XLSX), ("ppt/", PPTX)):
        if "[Content_Types].xml" in names and any(name.startswith(prefix) for name in names):
            return words
    return "a ZIP archive"
