"""An e-mail as pages: its heads and text, and what is attached, read by the readers of its formats."""

from dataclasses import dataclass, replace

from ingest.readers.blocks import Block, lowered, page_of, stacked
from ingest.readers.source import Content, Reader, Source
from rag.errors import UnreadableDocument
from rag.types import ATTACHMENT, Page, page_label

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


def letter_pages(
    letter: Letter, source: Source, read_attachment: Reader, number: int | None = None
) -> tuple[tuple[Page, ...], tuple[str, ...]]:
    """The e-mail in `source` and every page attached to it, all with this number, and what of it could not be read.

    A page that is attached has pages of its own, so that no passage mixes it with another; its heading names it.
    """
    heads = [Block(f"{name}: {value}", tight=True) for name, value in letter.heads if value]
    own = stacked([page_of([Block(letter.subject, level=1)]), page_of(heads), lowered(letter.body, 1)], number)
    pages, gaps = [own], list(letter.gaps)
    for attachment in letter.attachments[:ATTACHMENTS]:
        try:
            content = _read(attachment, source, read_attachment)
        except UnreadableDocument as exc:
            gaps.append(f"left out: the attachment {attachment.name}, because {exc.reason}")
            continue
        pages += (_headed(attachment.name, page, number) for page in content.pages if page.text.strip())
        gaps += (f"in the attachment {attachment.name}: {gap}" for gap in content.gaps)
    if len(letter.attachments) > ATTACHMENTS:
        gaps.append(f"left out: {len(letter.attachments) - ATTACHMENTS} of {len(letter.attachments)} attachments")
    return tuple(pages), tuple(gaps)


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
