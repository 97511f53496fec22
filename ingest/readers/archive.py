"""Documents that are ZIP archives inside, looked over before a library opens them."""

import io
import zipfile
import zlib
from collections.abc import Sequence

from ingest.readers.source import Source
from ingest.readers.xml import declares_entities
from rag.errors import UnreadableDocument

UNCOMPRESSED_BYTES = 1_000_000_000  # of the whole file, pictures included
UNCOMPRESSED_TEXT_BYTES = 100_000_000  # of its text; a long novel has 5 MB. Parsed, it takes several times this

# What zipfile raises on archives that are damaged or, RuntimeError, locked with a password.
DAMAGE = (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error)
# What the libraries for files of Office were seen to raise on damaged ones: they trust that parts and attributes are
# there. lxml's XMLSyntaxError is a SyntaxError.
OFFICE_DAMAGE = (*DAMAGE, SyntaxError, LookupError, AttributeError, TypeError, ArithmeticError, RecursionError)
_STRICT = b"http://purl.oclc.org/ooxml/"  # in the relations of Strict Open XML, which has other names for everything
_XML = (".xml", ".rels", ".opf", ".ncx")
_TEXT = (*_XML, ".xhtml", ".html", ".htm")  # of a book; its parser expands no entities


def refuse_harmful(source: Source, damaged: UnreadableDocument) -> None:
    """Looks over the archive in `source`.

    Sizes are those that the archive declares; zipfile never unpacks more of a part than it declares.

    Raises:
        UnreadableDocument: `damaged` where it is no archive; also where it is so large when unpacked that it would take
            the memory of the machine, or its XML declares entities, which no office program writes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            parts = archive.infolist()
            _refuse_large(source, parts)
            xml = (part for part in parts if part.filename.lower().endswith(_XML))
            declares = any(declares_entities(archive.read(part)) for part in xml)
    except DAMAGE as exc:
        raise damaged from exc
    if declares:
        reason = "it declares entities in its XML, as files do that are made to do harm"
        raise UnreadableDocument(source.name, reason, "Open it in the program that made it, save a copy and add that.")


def refuse_unreadable_office(source: Source, damaged: UnreadableDocument, *, ordinary: str) -> None:
    """Looks over a file of Office as `refuse_harmful` does; also refuses Strict Open XML, which no library knows.

    Args:
        ordinary: what Office calls the form that is not strict.
    """
    refuse_harmful(source, damaged)
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            strict = _STRICT in archive.read("_rels/.rels")
    except (*DAMAGE, KeyError) as exc:
        raise damaged from exc
    if strict:
        remedy = f"Open it in Office, save it as “{ordinary}” without the word Strict, and add that."
        raise UnreadableDocument(source.name, "it is a Strict Open XML Document", remedy)


def _refuse_large(source: Source, parts: Sequence[zipfile.ZipInfo]) -> None:
    total = sum(part.file_size for part in parts)
    text = sum(part.file_size for part in parts if part.filename.lower().endswith(_TEXT))
    if total > UNCOMPRESSED_BYTES or text > UNCOMPRESSED_TEXT_BYTES:
        reason = (
            f"it unpacks to {total / 1e6:,.0f} MB, of which {text / 1e6:,.0f} MB are text, more than is safe to open"
        )
        raise UnreadableDocument(source.name, reason, "Split it into smaller documents and add those.")
