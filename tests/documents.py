"""Real files for tests, made on the spot by the libraries that make such files."""

import datetime
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import docx
import openpyxl
import pptx
import xlwt
from docx.document import Document as WordDocument
from PIL import Image
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.presentation import Presentation
from pptx.util import Cm
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, StreamObject
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ingest.pdfium import open_pdf

GERMAN = "Die Größe der Straße über München beträgt fünf Kilometer. Schöne Grüße aus Österreich!\n"
JAPANESE = "これは日本語の文書です。会議は月曜日の午前九時に始まります。資料を持参してください。\n"
CHINESE = "这是一个中文文档。会议将于星期一上午九点开始，请携带资料。公司规定如下。\n"
RUSSIAN = "Совещание начнётся в понедельник в девять часов утра. Пожалуйста, возьмите документы.\n"

WEB_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Travel rules</title>
<style>p { color: red }</style><script>alert("stolen")</script></head>
<body>
<nav><ul><li><a href="/">Home menu entry</a></li><li><a href="/shop">Shop menu entry</a></li></ul></nav>
<h1>Travel rules</h1>
<p>Trains are booked at least three days before a journey, in second class, and the ticket is kept.</p>
<h2>Hotels</h2>
<p>A night may cost up to 120 euros in Berlin, breakfast included, and 95 euros anywhere else.</p>
<ul><li>Ask for the company rate.</li><li>Cancel in time.</li></ul>
<h2>Allowances</h2>
<table><tr><th>City</th><th>Limit</th></tr><tr><td>Berlin</td><td>120 euros</td></tr></table>
<footer>Imprint and cookie settings</footer>
</body></html>
"""


def write_pdf(
    path: Path, pages: Sequence[str], *, title: str | None = None, outline: Sequence[tuple[str, int]] = ()
) -> Path:
    """A PDF with one page per text, "" for an empty one; `outline` holds (heading, 0-based page)."""
    canvas = Canvas(str(path), pagesize=A4)
    if title is not None:
        canvas.setTitle(title)
    for number, text in enumerate(pages):
        canvas.bookmarkPage(str(number))
        for entry, _ in (pair for pair in outline if pair[1] == number):
            canvas.addOutlineEntry(entry, str(number), level=0)
        lines = canvas.beginText(60, 780)
        for line in text.split("\n"):
            lines.textLine(line)
        canvas.drawText(lines)
        canvas.showPage()
    canvas.save()
    return path


def write_encrypted_pdf(path: Path, text: str, password: str, *, algorithm: str = "AES-256") -> Path:
    """A PDF that opens only with `password`; "" makes one that is encrypted and yet opens for everyone."""
    writer = PdfWriter(clone_from=PdfReader(write_pdf(path, [text])))
    writer.encrypt(password, "the owner's password", algorithm=algorithm)
    writer.write(path)
    writer.close()
    return path


def write_scrambled_pdf(path: Path, text: str) -> Path:
    """A PDF whose font says that A, B and C are characters that do not exist."""
    writer = PdfWriter(clone_from=PdfReader(write_pdf(path, [text])))
    names = StreamObject()
    names.set_data(b"begincmap 1 beginbfrange <41> <43> <2fe0> endbfrange endcmap")
    font = writer.pages[0]["/Resources"]["/Font"]["/F1"]  # type: ignore[index]
    font[NameObject("/ToUnicode")] = writer._add_object(names)
    writer.write(path)
    writer.close()
    return path


def write_typeset_pdf(path: Path, words: Sequence[str]) -> Path:
    """A PDF as XeTeX writes it: the font has no space, words are set apart by moves, and letter 32 is very wide."""
    writer = PdfWriter(clone_from=PdfReader(write_pdf(path, ["x"])))
    names = StreamObject()
    names.set_data(b"begincmap 1 beginbfrange <0041> <007a> <0041> endbfrange endcmap")
    letters = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/CIDFontType2"),
            NameObject("/BaseFont"): NameObject("/AAAAAA+Serif"),
            NameObject("/W"): ArrayObject(
                [
                    NumberObject(32),
                    NumberObject(32),
                    NumberObject(900),
                    NumberObject(65),
                    NumberObject(122),
                    NumberObject(500),
                ]
            ),
        }
    )
    font = writer.pages[0]["/Resources"]["/Font"]["/F1"]  # type: ignore[index]
    font.clear()
    font[NameObject("/Type")] = NameObject("/Font")
    font[NameObject("/Subtype")] = NameObject("/Type0")
    font[NameObject("/BaseFont")] = NameObject("/AAAAAA+Serif-Identity-H")
    font[NameObject("/Encoding")] = NameObject("/Identity-H")
    font[NameObject("/ToUnicode")] = writer._add_object(names)
    font[NameObject("/DescendantFonts")] = ArrayObject([writer._add_object(letters)])
    return _set_line(writer, path, " -250 ".join(f"<{word.encode('utf-16-be').hex()}>" for word in words))


def write_pdftex_pdf(path: Path, words: Sequence[str]) -> Path:
    """A PDF as pdfTeX writes it: the encoding names its letters but no space, and code 32 is half the size wide."""
    writer = PdfWriter(clone_from=PdfReader(write_pdf(path, ["x"])))
    names = [NameObject(f"/{chr(code)}") for code in range(ord("A"), ord("z") + 1) if chr(code).isalpha()]
    capitals, small = names[:26], names[26:]
    font = writer.pages[0]["/Resources"]["/Font"]["/F1"]  # type: ignore[index]
    font.clear()
    font[NameObject("/Type")] = NameObject("/Font")
    font[NameObject("/Subtype")] = NameObject("/Type1")
    font[NameObject("/BaseFont")] = NameObject("/AAAAAA+Serif")
    font[NameObject("/FirstChar")] = NumberObject(27)
    font[NameObject("/LastChar")] = NumberObject(122)
    font[NameObject("/Widths")] = ArrayObject([NumberObject(500)] * 96)
    font[NameObject("/Encoding")] = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Encoding"),
            NameObject("/Differences"): ArrayObject([NumberObject(65), *capitals, NumberObject(97), *small]),
        }
    )
    return _set_line(writer, path, " -230 ".join(f"({word})" for word in words))


def _set_line(writer: PdfWriter, path: Path, shown: str) -> Path:
    text = StreamObject()
    text.set_data(f"BT /F1 10 Tf 60 700 Td [{shown}] TJ ET".encode())
    writer.pages[0][NameObject("/Contents")] = writer._add_object(text)
    writer.write(path)
    writer.close()
    return path


def write_scanned_pdf(path: Path) -> Path:
    """A PDF of one page that is a picture."""
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    canvas_bytes = io.BytesIO()
    canvas = Canvas(canvas_bytes, pagesize=(200, 200))
    canvas.drawInlineImage(_picture(), 0, 0, 200, 200)
    canvas.save()
    page.merge_page(PdfReader(canvas_bytes).pages[0])
    writer.write(path)
    writer.close()
    return path


def text_picture(lines: Sequence[str], *, size: tuple[int, int] = (420, 200)) -> Image.Image:
    """Printed lines as a scanner sees them: a page that was drawn, 144 pixels to an inch."""
    printed = io.BytesIO()
    canvas = Canvas(printed, pagesize=size)
    canvas.setFont("Helvetica", 12)
    for number, line in enumerate(lines):
        canvas.drawString(30, size[1] - 40 - 24 * number, line)
    canvas.showPage()
    canvas.save()
    with open_pdf(printed.getvalue()) as document, document.page(1) as page:
        return Image.fromarray(page.picture(2.0))


def write_text_scan(path: Path, pages: Sequence[Sequence[str]], *, printed: str = "") -> Path:
    """A PDF whose pages are pictures of printed lines, after a page of text where there is to be one."""
    canvas = Canvas(str(path), pagesize=(420, 200))
    if printed:
        canvas.drawString(30, 160, printed)
        canvas.showPage()
    for lines in pages:
        canvas.drawInlineImage(text_picture(lines), 0, 0, 420, 200)
        canvas.showPage()
    canvas.save()
    return path


def write_word(path: Path, fill: Callable[[WordDocument], None]) -> Path:
    """A .docx with what `fill` puts into it."""
    document = docx.Document()
    fill(document)
    document.save(str(path))
    return path


def fill_handbook(document: WordDocument) -> None:
    """Title, headings, a list, a table between paragraphs, a header and a footer."""
    document.add_heading("Staff handbook", 0)
    document.add_heading("Leave", 1)
    document.add_paragraph("Everyone has thirty days.")
    document.add_heading("Carry-over", 2)
    document.add_paragraph("Five days may be kept.", style="List Bullet")
    document.add_paragraph("They end in March.", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for cell, words in zip(
        (cell for row in table.rows for cell in row.cells), ("Year", "Days", "2026", "30"), strict=True
    ):
        cell.text = words
    document.add_paragraph("After the table.")
    document.sections[0].header.paragraphs[0].text = "CONFIDENTIAL HEADER"
    document.sections[0].footer.paragraphs[0].text = "PAGE FOOTER"


def write_slides(path: Path, fill: Callable[[Presentation], None]) -> Path:
    """A .pptx with what `fill` puts into it."""
    presentation = pptx.Presentation()
    fill(presentation)
    presentation.save(str(path))
    return path


def fill_talk(presentation: Presentation) -> None:
    """Two slides: a list and a group under a title, with speaker notes; a table and a chart."""
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Pump maintenance"
    body = slide.placeholders[1].text_frame
    body.text = "Check the oil every week."
    body.add_paragraph().text = "Change the filter in May."
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(Cm(2), Cm(16), Cm(9), Cm(1)).text_frame.text = "Inside the group."
    slide.notes_slide.notes_text_frame.text = "Say that the filter costs 40 euros."
    second = presentation.slides.add_slide(presentation.slide_layouts[5])
    second.shapes.title.text = "Prices"
    table = second.shapes.add_table(2, 2, Cm(1), Cm(4), Cm(9), Cm(2)).table
    for cell, words in zip(table.iter_cells(), ("Part", "Price", "Filter", "40 euros"), strict=True):
        cell.text = words
    numbers = CategoryChartData()
    numbers.categories = ["2025", "2026"]
    numbers.add_series("Failures", (7, 2.5))
    second.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Cm(1), Cm(8), Cm(9), Cm(6), numbers)


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    """An .xlsx with the rows of each sheet."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for cells in rows:
            sheet.append(cells)
    workbook.save(path)
    return path


def write_old_workbook(
    path: Path, sheets: Mapping[str, Sequence[Sequence[object]]], *, first_row: int = 0, hidden: Sequence[str] = ()
) -> Path:
    """An .xls with the rows of each sheet from `first_row` on, some sheets hidden."""
    workbook = xlwt.Workbook()
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for name, rows in sheets.items():
        sheet = workbook.add_sheet(name)
        sheet.visibility = int(name in hidden)
        for row, cells in enumerate(rows, start=first_row):
            for column, value in enumerate(cells):
                sheet.write(row, column, value, *([day] if isinstance(value, datetime.date) else []))
    workbook.save(str(path))
    return path


def write_book(
    path: Path, chapters: Mapping[str, str], *, contents: Mapping[str, str] | None = None, language: str = "en"
) -> Path:
    """An .epub of the bodies of its chapters, with what its table of contents calls them; named by their file.

    The manifest names the chapters in the order of the alphabet, the spine in theirs.
    """
    items = "".join(
        f'<item id="{name}" href="text/{name}.xhtml" media-type="application/xhtml+xml"/>' for name in sorted(chapters)
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in chapters)
    points = "".join(
        f'<navPoint><navLabel><text>{label}</text></navLabel><content src="text/{name}.xhtml#top"/></navPoint>'
        for name, label in (contents or {}).items()
    )
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{}</body></html>'
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>""",
        "OEBPS/book.opf": f"""<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Skua</dc:title>
<dc:language>{language}</dc:language></metadata>
<manifest>{items}<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>
<spine toc="ncx">{spine}</spine></package>""",
        "OEBPS/toc.ncx": '<?xml version="1.0"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/">'
        f"<navMap>{points}</navMap></ncx>",
        **{f"OEBPS/text/{name}.xhtml": page.format(body) for name, body in chapters.items()},
    }
    return write_zip(path, {name: text.encode() for name, text in parts.items()})


_OPENDOCUMENT = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"), ("draw", "drawing"),
        ("presentation", "presentation"), ("svg", "svg-compatible"), ("meta", "meta"), ("fo", "xsl-fo-compatible"),
    )
)  # fmt: skip


def write_opendocument(path: Path, body: str, *, styles: str = "", title: str = "") -> Path:
    """An .odt, .ods or .odp, by its suffix, with this XML as its content."""
    kind = {".odt": "text", ".ods": "spreadsheet", ".odp": "presentation"}[path.suffix]
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    parts = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": f"{head}<office:document-content {_OPENDOCUMENT}>"
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
        "meta.xml": f'{head}<office:document-meta {_OPENDOCUMENT} xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<office:meta><dc:title>{title}</dc:title></office:meta></office:document-meta>",
        "META-INF/manifest.xml": f"{head}<!DOCTYPE manifest PUBLIC '-//OpenOffice.org//DTD Manifest 1.0//EN' 'M.dtd'>"
        "<manifest/>",
    }
    return write_zip(path, {name: text.encode() for name, text in parts.items()})


def with_entities(declarations: bytes, word: bytes, reference: bytes) -> Callable[[bytes], bytes]:
    """Changes XML: entities are declared, and `reference` takes the place of `word`."""

    def change(xml: bytes) -> bytes:
        head, body = xml.split(b"?>", 1) if xml.startswith(b"<?xml") else (b'<?xml version="1.0"', xml)
        assert word in body
        return head + b"?><!DOCTYPE d [" + declarations + b"]>" + body.replace(word, reference)

    return change


def with_part(path: Path, kind: str, content: bytes, *, after: bytes, markup: str) -> Path:
    """The .docx at `path` with a part of this kind ("footnotes", "chart"), and `markup` after a word of its text.

    The part has the relation `added`.
    """
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[f"word/{kind}.xml"] = content
    points = f'<Relationship Id="added" Type="{office}/{kind}" Target="{kind}.xml"/></Relationships>'.encode()
    relations = "word/_rels/document.xml.rels"
    parts[relations] = parts[relations].replace(b"</Relationships>", points)
    added = after + f"</w:t>{markup}<w:t>".encode()
    parts["word/document.xml"] = parts["word/document.xml"].replace(after, added)
    return write_zip(path, parts)


def repacked(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """The archive at `path` with one of its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part])
    return write_zip(path, parts)


def write_zip(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def cut(path: Path, share: float = 0.6) -> Path:
    """The file with only the first `share` of its bytes, as after a broken download."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def old_office_bytes(stream: str) -> bytes:
    """The beginning of a file of Office before 2007, with the name of a stream in its directory."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + stream.encode("utf-16-le")


def _picture() -> Image.Image:
    return Image.effect_noise((64, 64), 60).convert("RGB")
