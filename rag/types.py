"""The types that travel from a file to an answer, one fact more per step.

Document → Chunk → (chunks, float32[n, d]) → Hit → Citation → Answer

All are frozen. Embeddings are arrays beside the chunks, never a field of them.
"""

import hashlib
import re
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from rag.cells import DataTable

# What a page is called, by the ending of the document's name.
_PAGE_WORDS = {
    **dict.fromkeys(("pptx", "pptm", "ppsx", "odp"), "slide"),
    **dict.fromkeys(("xlsx", "xlsm", "xltx", "xls", "ods"), "sheet"),
    "epub": "chapter",
    "mbox": "message",
}
# Where the heading says more than the number of the page.
_PLACED_BY_HEADING = frozenset(
    ["xlsx", "xlsm", "xltx", "xls", "ods", "csv", "tsv", "srt", "vtt", "json", "jsonl", "ndjson"]
)
_TABLE_PLACE = re.compile(r"table \d+, rows? \d")
ATTACHMENT = "Attachment "  # begins the heading over what is attached to an e-mail
JOINT = " › "  # noqa: RUF001  between headings


@dataclass(frozen=True)
class Heading:
    """A heading inside a page: its level (1 is the highest) and where its line starts in the page text."""

    level: int
    text: str
    start: int


@dataclass(frozen=True)
class Page:
    """The text of one page. `number` is 1-based, None where the format has no pages."""

    number: int | None
    text: str
    headings: tuple[Heading, ...] = ()


@dataclass(frozen=True)
class SetAside:
    """A passage that neither search nor answer reads until a person releases it.

    Attributes:
        id: the same whenever the same file is read.
        reason: in words that follow "because".
        text: its beginning, as far as it is shown to a person.
    """

    id: str
    page: int | None
    reason: str
    text: str


@dataclass(frozen=True)
class RecognisedLine:
    """A line of text in a picture: what it says, how sure that is, 0 to 1, and its box in shares of the picture."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class RecognisedPage:
    """A page whose text was recognised in its picture; `number` as in Page."""

    number: int | None
    lines: tuple[RecognisedLine, ...]

    @property
    def confidence(self) -> float:
        """How sure its text is, 0 to 1: the mean over its letters."""
        letters = sum(len(line.text) for line in self.lines) or 1
        return sum(line.confidence * len(line.text) for line in self.lines) / letters


@dataclass(frozen=True)
class Document:
    """A file that was read.

    Attributes:
        id: the sha256 of its bytes, in hexadecimal.
        gaps: say what could not be read.
        set_aside: passages that are left out, or were until they were released.
        recognised: pages whose text was recognised in their picture.
        tables: to calculate with.
    """

    id: str
    name: str
    title: str
    pages: tuple[Page, ...]
    gaps: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    recognised: tuple[RecognisedPage, ...] = ()
    tables: tuple[DataTable, ...] = ()


@dataclass(frozen=True)
class Chunk:
    """A passage of one page, at `page.text[start:end]`.

    Attributes:
        heading: path of the headings above the passage, joined by " › ", "" where there are none.
        position: 0-based order inside the document, so that neighbours can be found.
        sections: where sections joined in it begin in its text, each with its path of headings; () where it is one.
    """

    document_id: str
    document_name: str
    title: str
    page: int | None
    heading: str
    start: int
    end: int
    position: int
    text: str
    sections: tuple[tuple[int, str], ...] = ()

    @property
    def id(self) -> str:
        """Same document, place and text give the same id, so that writing twice is writing once."""
        raw = f"{self.document_id}\0{self.page}\0{self.start}\0{self.end}\0{self.context}\0{self.text}"
        return hashlib.sha256(raw.encode()).hexdigest()[:32]

    @property
    def context(self) -> str:
        """Title and headings in one line: what the embedding is told besides the text."""
        return self.context_of(self.heading)

    def context_of(self, heading: str) -> str:
        """The same for a path of headings over a part of the text."""
        if is_placed_by_heading(self.document_name):
            heading = _without_first(heading, self.title)
        return JOINT.join(part for part in (self.title, heading) if part)

    @property
    def embedded(self) -> str:
        """What the embedding model is given: title and headings, then the text."""
        return f"{self.context}\n{self.text}"

    def heading_at(self, offset: int) -> str:
        """Path of the headings above a character of the text, which are more than `heading` where sections joined."""
        return next((heading for start, heading in reversed(self.sections) if start <= offset), self.heading)

    @property
    def label(self) -> str:
        """How a person is told the place: "handbook.pdf, p. 3", "talk.pptx, slide 3", "costs.xlsx, Berlin!A2:D21".

        What was calculated from a table inside a document: "prices.docx, table 2 under “Pumps”, rows 3–7".
        """
        headings = self.heading.split(JOINT)
        if is_placed_by_heading(self.document_name) and self.heading:
            return f"{self.document_name}, {'!'.join(headings)}"
        place, (outermost, *_), innermost = page_label(self.document_name, self.page), headings, headings[-1]
        if _TABLE_PLACE.match(innermost):
            table, _, rows = innermost.partition(", ")
            under = f" under “{headings[-2]}”" if len(headings) > 1 else ""
            return f"{place}, {table}{under}, {rows}"
        attached = outermost.removeprefix(ATTACHMENT) if outermost.startswith(ATTACHMENT) else ""
        return f"{place}, attached {attached}" if attached else place


def table_place(number: int, rows: str) -> str:
    """The innermost heading of a passage that is made of rows of a table inside a document.

    Args:
        number: of the table under its heading or on its slide.
        rows: what they are called: "rows 3–7".
    """
    return f"table {number}, {rows}"


def page_label(document_name: str, number: int | None) -> str:
    """How a person is told a page: "handbook.pdf, p. 3", "talk.pptx, slide 3"; the name where it has no number."""
    word = _PAGE_WORDS.get(_suffix(document_name), "p.")
    return document_name if number is None else f"{document_name}, {word} {number}"


def is_placed_by_heading(document_name: str) -> bool:
    """Whether its places are told by their headings: the sheet and its cells, the rows, the time."""
    return _suffix(document_name) in _PLACED_BY_HEADING


def _without_first(heading: str, title: str) -> str:
    """A path of headings without the first where that says the title once more."""
    length = len(title.split(JOINT))
    first, rest = heading.split(JOINT)[:length], heading.split(JOINT)[length:]
    return JOINT.join(rest) if JOINT.join(first).casefold() == title.casefold() else heading


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


@dataclass(frozen=True)
class Hit:
    """A chunk found for a question.

    Attributes:
        score: what it is ranked by: the cosine of question and passage or of its nearest line, plus weighted `words`
            where words were searched.
        words: how many of the question's words it holds, rare ones counting most, 0 to 1.
        copies: chunks found beside it that only repeat its words, in this document or another.
        line: cosine of the question and the passage's nearest line; that of the whole passage where it has no lines.
        parts: the chunks that were joined in it, in their order; () where it is one.
    """

    chunk: Chunk
    score: float
    words: float = 0.0
    copies: tuple[Chunk, ...] = ()
    line: float = 0.0
    parts: tuple[Chunk, ...] = ()


@dataclass(frozen=True)
class Scope:
    """Where to look. Empty `documents` means every document of the collection."""

    documents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turn:
    """One earlier question with its answer; `documents` (ids) are those that it cites."""

    question: str
    answer: str
    documents: tuple[str, ...] = ()

    @classmethod
    def of(cls, question: str, answer: "Answer") -> "Turn":
        """With what an answer says and cites."""
        return cls(question, answer.text, tuple(dict.fromkeys(one.hit.chunk.document_id for one in answer.citations)))


@dataclass(frozen=True)
class Span:
    """A stretch `[start:end]` of a chunk's text."""

    start: int
    end: int


@dataclass(frozen=True)
class Citation:
    """Number `[n]` in an answer, the hit it stands for, and the sentences of it that bear the answer."""

    number: int
    hit: Hit
    marks: tuple[Span, ...]


class Finish(str, Enum):
    """How an answer came to its end."""

    COMPLETE = "complete"
    LENGTH = "length"  # cut at the token limit
    STOPPED = "stopped"  # by the user
    NOTHING_NEAR = "nothing near"  # no passage was near enough, or no line answers surely; the generator was not asked
    NO_ANSWER = "no answer"  # the generator read the lines or the passages and found no answer in them
    BROKEN = "broken off"  # by the generator; the nearest line is quoted instead
    UNSUPPORTED = "unsupported"  # no passage bears what the generator wrote

    @property
    def is_refusal(self) -> bool:
        """Whether the answer is the fixed sentence that there is none."""
        return self in (Finish.NOTHING_NEAR, Finish.NO_ANSWER, Finish.UNSUPPORTED)


@dataclass(frozen=True)
class Timings:
    """Seconds spent in each stage."""

    rewrite: float = 0.0
    retrieve: float = 0.0
    judge: float = 0.0
    wait: float = 0.0
    first_token: float = 0.0
    generate: float = 0.0

    @property
    def total(self) -> float:
        """Seconds from the question to the last word; `first_token` is a part of `generate`."""
        return self.rewrite + self.retrieve + self.judge + self.wait + self.generate


@dataclass(frozen=True)
class Answer:
    """A finished answer.

    Attributes:
        question: as it was asked; `standalone` is what it was understood as: without the history, or
            without what is said beside it.
        text: the answer, with `[n]` after each sentence that rests on a passage.
        citations: only what is cited in `text`, by rising number.
        used: the passages that the generator read or that are cited; number `n` is `used[n - 1]`.
        dropped: passages that were found but not read: their lines were farther or unlikely to hold the answer, they
            did not fit the prompt, or lay under the minimum score.
        sql: the query by which it was calculated from the cells of a table, "" where it was not.
        parts: what was searched for several questions in one, answered one by one.
        basis: what it came from besides the passages (`rag.answered`), "" where it may not be given again.
        is_repeated: whether it was given before and nothing changed since.
        failure: why the generator broke off, for the user; "" where it did not.
    """

    question: str
    standalone: str
    text: str
    citations: tuple[Citation, ...]
    used: tuple[Hit, ...]
    dropped: tuple[Hit, ...]
    finish: Finish
    timings: Timings = field(default_factory=Timings)
    sql: str = ""
    parts: tuple[str, ...] = ()
    basis: str = ""
    is_repeated: bool = False
    failure: str = ""

    @property
    def questions(self) -> tuple[str, ...]:
        """What was searched for it: several questions, or one."""
        return self.parts or (self.standalone,)


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """An answer as JSON values, to be kept with its conversation."""
    return asdict(answer)


def answer_from_json(values: dict[str, Any]) -> Answer:
    """The answer that `answer_to_json` was given."""
    citations = tuple(
        Citation(entry["number"], _hit(entry["hit"]), tuple(Span(**mark) for mark in entry["marks"]))
        for entry in values["citations"]
    )
    return Answer(
        question=values["question"],
        standalone=values["standalone"],
        text=values["text"],
        citations=citations,
        used=tuple(map(_hit, values["used"])),
        dropped=tuple(map(_hit, values["dropped"])),
        finish=Finish(values["finish"]),
        timings=Timings(**values["timings"]),
        sql=values.get("sql", ""),
        parts=tuple(values.get("parts", ())),
        basis=values.get("basis", ""),
        is_repeated=values.get("is_repeated", False),
        failure=values.get("failure", ""),
    )


def _hit(values: dict[str, Any]) -> Hit:
    copies, parts = (tuple(map(chunk_from_json, values.get(name, ()))) for name in ("copies", "parts"))
    chunk, line = chunk_from_json(values["chunk"]), values.get("line", 0.0)
    return Hit(chunk, values["score"], values.get("words", 0.0), copies, line, parts)


def chunk_from_json(values: dict[str, Any]) -> Chunk:
    """The chunk whose fields these are."""
    sections = tuple((start, heading) for start, heading in values.get("sections", ()))
    return Chunk(**{**values, "sections": sections})
