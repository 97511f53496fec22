"""EPUB books: a page for each chapter, in the order in which they are read."""

import io
import posixpath
import zipfile
from urllib.parse import unquote

from ingest.readers.archive import DAMAGE, refuse_harmful
from ingest.readers.blocks import Block, page_of
from ingest.readers.cleaning import clean
from ingest.readers.hypertext import read_blocks
from ingest.readers.inner_tables import tables_in
from ingest.readers.source import Content, Source, left_out, one_line
from ingest.readers.values import decimal_in
from ingest.readers.xml import Element, local_name, parse_xml
from rag.errors import UnreadableDocument

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"  # also of fonts, which is no lock
_PACKAGE = "application/oebps-package+xml"
_CONTENTS = "application/x-dtbncx+xml"  # a table of contents, which books of all ages have


def read_book(source: Source) -> Content:
    """One Page per entry of the spine, numbered in its order; one that is a picture only has the text "".

    Raises:
        UnreadableDocument: damaged, locked by its seller, or not safe to open (see archive.py).
    """
    refuse_harmful(source, _damaged(source.name))
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            book = _Book(source.name, archive)
            chapters = {number: book.chapter(number) for number in range(1, len(book.spine) + 1)}
    except (*DAMAGE, LookupError) as exc:
        raise _damaged(source.name) from exc
    damaged = [number for number, blocks in chapters.items() if blocks is None]
    return Content(
        book.title,
        tuple(page_of(blocks or (), number) for number, blocks in chapters.items()),
        left_out("chapter", damaged),
        tables=tuple(
            table
            for number, blocks in chapters.items()
            for table in tables_in(blocks or (), number, decimal=book.decimal)
        ),
    )


def _damaged(name: str) -> UnreadableDocument:
    remedy = "If an e-book reader opens it, convert it there to a new EPUB and add that; else fetch it again."
    return UnreadableDocument(name, "it is damaged or not an EPUB book", remedy)


class _Book:
    """What a book says of itself: its title, its decimal sign, and the parts that are its chapters."""

    def __init__(self, name: str, archive: zipfile.ZipFile) -> None:
        self._name = name
        self._archive = archive
        root = self._xml(_CONTAINER)
        packages = [e.get("full-path") for e in root.iter("{*}rootfile") if e.get("media-type") == _PACKAGE]
        package = packages[0]
        opf = self._xml(package)
        items = {item.get("id"): _inside(package, item.get("href", "")) for item in opf.iter("{*}item")}
        self.spine = [items.get(entry.get("idref"), "") for entry in opf.iter("{*}itemref")]
        self.title = one_line(clean(next((e.text or "" for e in opf.iter("{*}title")), "")))
        self.decimal = decimal_in(next((e.text or "" for e in opf.iter("{*}language")), "").strip())
        self._refuse_locked()
        contents = [item for item in opf.iter("{*}item") if item.get("media-type") == _CONTENTS]
        self._labels = self._named(items[contents[0].get("id")]) if contents else {}

    def chapter(self, number: int) -> tuple[Block, ...] | None:
        """What stands in a chapter, under the name that the table of contents gives it where it has no heading.

        None where it is missing.
        """
        part = self.spine[number - 1]
        try:
            blocks = read_blocks(Source(part, self._archive.read(part)))
        except (UnreadableDocument, KeyError):
            return None
        label = self._labels.get(part, "")
        is_named = any(block.level and clean(block.text).strip() for block in blocks)
        return (Block(label, level=1), *blocks) if label and not is_named and page_of(blocks).text else blocks

    def _xml(self, part: str) -> Element:
        return parse_xml(self._archive.read(part), _damaged(self._name))

    def _named(self, part: str) -> dict[str, str]:
        """What the table of contents in `part` calls the parts that it points to."""
        found: dict[str, str] = {}
        if part in self._archive.namelist():
            for point in self._xml(part).iter("{*}navPoint"):
                label, content = (next(iter(point.iterchildren(name)), None) for name in ("{*}navLabel", "{*}content"))
                if label is not None and content is not None:
                    target = _inside(part, content.get("src", "").partition("#")[0])
                    found.setdefault(target, one_line(clean(" ".join(label.itertext()))))
        return found

    def _refuse_locked(self) -> None:
        if _ENCRYPTION not in self._archive.namelist():
            return
        locked = {
            unquote(e.get("URI", "")) for e in self._xml(_ENCRYPTION).iter() if local_name(e) == "CipherReference"
        }
        if locked & set(self.spine):
            reason = "it is locked by its seller (DRM)"
            raise UnreadableDocument(self._name, reason, "Only a copy without this protection can be read.")


def _inside(part: str, reference: str) -> str:
    """The name of the part that `part` refers to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), unquote(reference)))
