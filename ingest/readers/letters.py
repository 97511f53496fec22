"""An e-mail as a page: its heads, its text, and what is attached, read by the readers of its formats."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.readers.blocks import Block, lowered, page_of, stacked
from ingest.readers.source import Reader, Source
from rag.errors import UnreadableDocument
from rag.types import Page, page_label

ATTACHMENTS = 100  # of one e-mail that are read
DEPTH = 3  # e-mails attached to e-mails that are opened


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


def letter_page(
    letter: Letter, source: Source, read_attachment: Reader, number: int | None = None
) -> tuple[Page, tuple[str, ...]]:
    """The e-mail in `source` as one page, and what of it could not be read. Pages of an attachment are headings."""
    heads = [Block(f"{name}: {value}", tight=True) for name, value in letter.heads if value]
    parts = [page_of([Block(letter.subject, level=1)]), page_of(heads), lowered(letter.body, 1)]
    gaps = list(letter.gaps)
    for attachment in letter.attachments[:ATTACHMENTS]:
        try:
            parts += _pages(attachment, source, read_attachment, gaps)
        except UnreadableDocument as exc:
            gaps.append(f"left out: the attachment {attachment.name}, because {exc.reason}")
    if len(letter.attachments) > ATTACHMENTS:
        gaps.append(f"left out: {len(letter.attachments) - ATTACHMENTS} of {len(letter.attachments)} attachments")
    return stacked(parts, number), tuple(gaps)


def _pages(attachment: Attachment, source: Source, read: Reader, gaps: list[str]) -> Sequence[Page]:
    if attachment.data is None:
        raise UnreadableDocument(attachment.name, "it is not in the e-mail itself", "Save it and add it.")
    if source.depth >= DEPTH:
        raise UnreadableDocument(attachment.name, "it lies too deep in other e-mails", "Save it and add it.")
    content = read(Source(attachment.name, attachment.data, source.password, source.depth + 1))
    gaps += (f"in the attachment {attachment.name}: {gap}" for gap in content.gaps)
    return list(_headed(attachment.name, content.pages))


def _headed(name: str, pages: Sequence[Page]) -> Iterator[Page]:
    for page in pages:
        if page.text.strip():
            yield page_of([Block(f"Attachment {page_label(name, page.number)}", level=1)])
            yield lowered(page, 1)
