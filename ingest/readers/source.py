"""What goes into a reader of one family and what comes out of it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.readers.tables import SheetTable
from rag.types import Page, RecognisedPage

_NAMED = 10  # unreadable pages that are named one by one
TITLE_CHARACTERS = 200  # longer titles are sentences that slipped into the title field
# What programs write into the title field by themselves.
_NOT_A_TITLE = re.compile(
    r"""microsoft\s+(word|powerpoint|excel)|powerpoint\ presentation|(un|no\ )titled?\b|(document|book)\s*\d*$
    |(slide|layout)\s*\d*$|\(?(anonymous|unspecified)\)?$|print\b|[\W\d_]*$
    |.*\.(docx?|pptx?|xlsx?|pdf|tex|dvi|indd|qxd|odt|ods|odp|rtf|txt|html?|eps|ai|fm|pub|wpd|exe)$
    |https?://|(full\ )?page\ \d+|title$""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class Source:
    """A file's bytes, and the name by which messages call it.

    Attributes:
        password: for it, if one was given.
        depth: of how many other files it is a part, as what is attached to an e-mail.
        ocr_pages: whose pictures are read as text at most; 0: none.
        tell: hears how much of it is read, 0 to 1, where that takes long.
    """

    name: str
    data: bytes
    password: str | None = None
    depth: int = 0
    ocr_pages: int = 0
    tell: Callable[[float], None] = lambda part: None


@dataclass(frozen=True)
class Content:
    """What a reader found.

    Attributes:
        title: the document's own one, "" where it has none.
        gaps: what could not be read, for the user: "page 3 is damaged and was left out".
        recognised: pages whose text was recognised in their picture.
        tables: to calculate with, as they are written.
    """

    title: str
    pages: tuple[Page, ...]
    gaps: tuple[str, ...] = ()
    recognised: tuple[RecognisedPage, ...] = ()
    tables: tuple[SheetTable, ...] = ()


Reader = Callable[[Source], Content]


def left_out(what: str, numbers: Sequence[int]) -> tuple[str, ...]:
    """The gap that names damaged pages: what they are called ("page") and their numbers, the first ten of them."""
    if not numbers:
        return ()
    named = ", ".join(map(str, numbers[:_NAMED])) + (" and others" if len(numbers) > _NAMED else "")
    return (f"left out, because damaged: {what if len(numbers) == 1 else f'{what}s'} {named}",)


def readable_stem(name: str) -> str:
    """The file name as a title: "employee_hand-book.pdf" becomes "employee hand book"; dates keep their hyphens."""
    stem = name.replace("\\", "/").rsplit("/", 1)[-1]
    stem = stem.rsplit(".", 1)[0] if "." in stem.lstrip(".") else stem
    words = re.sub(r"_|%20|\+|(?<=[^\W\d])-|-(?=[^\W\d])", " ", stem)
    return one_line(words) or name


def one_line(text: str) -> str:
    """`text` with every run of whitespace as one space, cut at TITLE_CHARACTERS."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_CHARACTERS else line[: TITLE_CHARACTERS - 1].rstrip() + "…"


def sensible_title(text: str) -> str:
    """A title from a file's metadata, "" where a program and no person put it there."""
    title = one_line(text)
    return "" if len(title) < 3 or _NOT_A_TITLE.match(title) else title
