"""An e-mail as pages: its heads and text, and what is attached, read by the readers of its formats."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest import archives
from ingest.readers.blocks import Block, lowered, page_of, stacked
from ingest.readers.cleaning import clean
from ingest.readers.source import Content, Reader, Source, one_line
from rag.errors import FootnoteError, UnreadableDocument
from rag.types import ATTACHMENT, Page, page_label

ATTACHMENTS = 100  # of one e-mail that are read
DEPTH = 3  # e-mails attached to e-mails that are opened
_ARCHIVE_BYTES = 200_000_000  # of all that is in a ZIP archive that is attached


@dataclass(frozen=True)
class Attachment:
    """A file that is attached; `data` is None where it is not in the e-mail itself."""

    name: str
    data: bytes | None


@dataclass(frozen=True)
class Letter:
    """An e-mail taken apart.

    Attributes:
        heads: pairs such as ("From", "Ada <ada@example.org>"), in the order in which they are shown.
        gaps: what of it could not be read.
    """

    subject: str
    heads: tuple[tuple[str, str], ...]
    body: Page
    attachments: tuple[Attachment, ...]
    gaps: tuple[str, ...] = ()


def letter_pages(
    letter: Letter, source: Source, read_attachment: Reader, number: int | None = None
) -> tuple[tuple[Page, ...], tuple[str, ...]]:
    """The e-mail in `source` and every page attached to it, all with this number, and what of it could not be read.

    A page that is attached has pages of its own, so that no passage mixes it with another; its heading names it.
    """
    heads = [Block(f"{name}: {value}", tight=True) for name, value in letter.heads if value]
    own = stacked([page_of([Block(letter.subject, level=1)]), page_of(heads), lowered(letter.body, 1)], number)
    pages, gaps = [own], list(letter.gaps)
    count = 0
    for attachment in _unpacked(letter.attachments, gaps):
        count += 1
        if count > ATTACHMENTS:
            continue
        try:
            content = _read(attachment, source, read_attachment)
        except UnreadableDocument as exc:
            gaps.append(f"left out: the attachment {attachment.name}, because {exc.reason}")
            continue
        pages += (_headed(attachment.name, page, number) for page in content.pages if page.text.strip())
        gaps += (f"in the attachment {attachment.name}: {gap}" for gap in content.gaps)
    if count > ATTACHMENTS:
        gaps.append(f"left out: {count - ATTACHMENTS} of {count} attachments")
    return tuple(pages), tuple(gaps)


def _unpacked(attachments: Sequence[Attachment], gaps: list[str]) -> Iterator[Attachment]:
    """The attachments, and in the place of a ZIP archive the files in it that can be read."""
    for attachment in attachments:
        if attachment.data is None or Path(attachment.name).suffix.lower() != archives.SUFFIX:
            yield attachment
            continue
        try:
            yield from _members(attachment.name, attachment.data, gaps)
        except UnreadableDocument as exc:
            gaps.append(f"left out: the attachment {attachment.name}, because {exc.reason}")
        except (FootnoteError, OSError) as exc:  # the disk is full
            gaps.append(f"left out: the attachment {attachment.name}, because it could not be unpacked ({exc})")


def _members(name: str, data: bytes, gaps: list[str]) -> Iterator[Attachment]:
    with tempfile.TemporaryDirectory() as place:
        archive, file = Path(place, f"archive{archives.SUFFIX}"), Path(place, "member")
        archive.write_bytes(data)
        with archives.opened(archive, name, folder=Path(place), most_bytes=_ARCHIVE_BYTES) as contents:
            if not contents.members and not contents.unopened:
                raise UnreadableDocument(name, "no file in it can be read", "Unpack it and add what you want to ask.")
            gaps += (f"left out: {name}/{one.place}, because {one.error.reason}" for one in contents.unopened)
            for member in contents.members:
                try:
                    member.unpack(file)
                except UnreadableDocument as exc:
                    gaps.append(f"left out: {name}/{member.place}, because {exc.reason}")
                    continue
                yield Attachment(f"{name}/{one_line(clean(member.place))}", file.read_bytes())


def _read(attachment: Attachment, source: Source, read: Reader) -> Content:
    if attachment.data is None:
        raise UnreadableDocument(attachment.name, "it is not in the e-mail itself", "Save it and add it.")
    if source.depth >= DEPTH:
        raise UnreadableDocument(attachment.name, "it lies too deep in other e-mails", "Save it and add it.")
    inner = replace(source, name=attachment.name, data=attachment.data, depth=source.depth + 1)
    return read(inner)


def _headed(name: str, page: Page, number: int | None) -> Page:
    heading = page_of([Block(ATTACHMENT + page_label(name, page.number), level=1)])
    return stacked([heading, lowered(page, 1)], number)
