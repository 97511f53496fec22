"""Cuts a document into passages that the embedding model sees whole.

Pure: no files, no model, only a function that counts tokens. Each page is cut at its headings into sections, small
sections are joined, and a section too long for one passage is tiled by langchain's recursive splitter without overlap.
Tiles are then extended backwards. Offsets come from the lengths of tiles that add up to the page, never from a search,
so `page.text[chunk.start:chunk.end] == chunk.text`. (The splitter's own `add_start_index` cannot be used: with lengths
in tokens it takes the overlap for characters.)
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ingest.sections import Section, in_force, sections_of
from rag.types import JOINT, Chunk, Document, Heading, Page, is_placed_by_heading

CountTokens = Callable[[str], int]

SPECIAL_TOKENS = 2  # that the model puts around every text
SMALL_SECTION = 48  # tokens under which a section is joined with its neighbour
CONTEXT_TOKENS = 40  # that the title may have, and as many again the headings

_SEPARATORS = [
    r"\n[^\S\n]*\n\s*",  # paragraphs
    r"\n(?=[^\S\n]*(?:[-*+•|]|\d{1,3}[.)]\s))",  # list items and table rows
    r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[^\sa-z])|[。！？；]+[”’」』）]*",  # noqa: RUF001  sentences
    r"\n",
    r"\s+",
    "",
]
_SENTENCE_START = re.compile(r"(?:(?<=[.!?…])[\"'”’)\]]*\s+|\n[^\S\n]*\n\s*|[。！？；]+[”’」』）]*\s*)(?=[^\sa-z])")  # noqa: RUF001
# Pieces whose tokens are counted once and added up. Counting long words in pieces also sees through tokenizers that
# take a word of more than 100 letters for one unknown token; long white space has no tokens but takes room in a prompt.
_PIECE = re.compile(r"\S{1,32}|\s{16}")
_EAST_ASIAN = "\u3000-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"  # written without spaces: each character is a word
_WORD = re.compile(rf"[{_EAST_ASIAN}]\s*|[^\s{_EAST_ASIAN}]+\s*")
_WINDOW = 12  # characters before a tile that are looked at, for each token of overlap


def embedding_text(chunk: Chunk) -> str:
    """What the embedding model is given for a chunk: its title and headings, then its text."""
    return chunk.embedded


def chunk(
    document: Document, *, count_tokens: CountTokens, chunk_tokens: int, overlap_tokens: int, max_tokens: int
) -> list[Chunk]:
    """The passages of `document` in order; every character that is not white space is in at least one.

    Args:
        count_tokens: tokens of a text in the embedding model, special ones not counted.
        chunk_tokens: tokens that a passage may have, overlap included, context not.
        overlap_tokens: tokens repeated from the passage before, where a section goes on.
        max_tokens: the longest input of the embedding model; `embedding_text` of every chunk fits, with special tokens.

    Raises:
        ValueError: when the sizes leave no room for text.
    """
    if max_tokens < 32 or not 0 <= overlap_tokens < chunk_tokens:
        raise ValueError(f"no room for text: {chunk_tokens=}, {overlap_tokens=}, {max_tokens=}")
    measure = _Measure(count_tokens)
    title = measure.cut(document.title, _context_tokens(max_tokens))
    return list(_Chunker(measure, document, title, chunk_tokens, overlap_tokens, max_tokens).chunks())


@dataclass(frozen=True)
class _Tile:
    """A stretch of a page; the tiles of a section lie side by side and fill it."""

    start: int
    end: int
    tokens: int


class _Measure:
    """Counts tokens economically: pieces of text are counted once and added up, so words that recur cost nothing.

    Exact for tokenizers that cut at white space first, close for others; every chunk is counted exactly at the end.
    """

    def __init__(self, count_tokens: CountTokens) -> None:
        self.exact = count_tokens
        self._known: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        known, total = self._known, 0
        for piece in _PIECE.findall(text):
            tokens = known.get(piece)
            if tokens is None:
                tokens = known[piece] = 1 if piece.isspace() else self.exact(piece)
            total += tokens
        return total

    def cut(self, text: str, limit: int) -> str:
        """`text`, or as much of its beginning as has `limit` tokens together with the mark of the cut."""
        if self.exact(text) <= limit:
            return text
        low, high = 0, len(text)
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (middle, high) if self.exact(text[:middle] + "…") <= limit else (low, middle)
        return text[:low].rstrip() + "…"


@dataclass(frozen=True)
class _Chunker:
    """The limits for one document."""

    measure: _Measure
    document: Document
    title: str
    chunk_tokens: int
    overlap_tokens: int
    max_tokens: int

    def chunks(self) -> Iterator[Chunk]:
        above: tuple[Heading, ...] = ()
        title = "" if is_placed_by_heading(self.document.name) else self.title
        position = 0
        for page in self.document.pages:
            for section in self._grouped(sections_of(page, above, title, self.measure)):
                for made in self._of_section(page, section, position):
                    yield made
                    position = made.position + 1
            above = in_force((*above, *page.headings))

    def _grouped(self, sections: list[Section]) -> list[Section]:
        """Sections worth a chunk: small ones joined with the next, bare headings with what stands under them."""
        groups: list[Section] = []
        for index, section in enumerate(sections):
            last = groups[-1] if groups else None
            if last and self._belong_together(last, section, final=index == len(sections) - 1):
                groups[-1] = last.joined(section)
            else:
                groups.append(section)
        if len(groups) > 1 and self._is_heading_only(groups[-1]):
            groups[-2:] = [groups[-2].joined(groups[-1])]
        return groups

    def _belong_together(self, last: Section, section: Section, *, final: bool) -> bool:
        if last.bare:
            return self._is_heading_only(last)
        fits = last.tokens + section.tokens <= self.chunk_tokens
        return fits and (last.tokens < SMALL_SECTION or (final and section.tokens < SMALL_SECTION))

    def _is_heading_only(self, section: Section) -> bool:
        """Whether it is a heading or a few; more of them are a list of headings, which is worth a chunk."""
        return section.bare and section.tokens <= self.chunk_tokens // 2

    def _of_section(self, page: Page, section: Section, position: int) -> Iterator[Chunk]:
        heading = self._heading(section.path)
        blank = Chunk(self.document.id, self.document.name, self.title, page.number, heading, 0, 0, position, "")
        room = self.max_tokens - SPECIAL_TOKENS - self.measure.exact(embedding_text(blank))
        size = max(1, min(self.chunk_tokens, room))
        for tile in self._tiles(page.text, section, size):
            budget = min(self.overlap_tokens, size - tile.tokens) if tile.start > section.start else 0
            first = self._overlap_start(page.text, section.start, tile.start, budget)
            for start, end in self._fitting(blank, page.text, first, tile.start, tile.end):
                sections = self._inside(section, start, end)
                yield replace(
                    blank, start=start, end=end, position=position, text=page.text[start:end], sections=sections
                )
                position += 1

    def _inside(self, section: Section, start: int, end: int) -> tuple[tuple[int, str], ...]:
        """The joined sections of which a stretch holds text, places counted from its start."""
        before = [place for place, _ in section.parts if place <= start]
        first = before[-1] if before else start
        return tuple(
            (max(0, place - start), self._heading(path)) for place, path in section.parts if first <= place < end
        )

    def _heading(self, path: tuple[str, ...]) -> str:
        """The path in one line, without its outer headings where it would be too long."""
        limit = _context_tokens(self.max_tokens)
        for first in range(len(path)):
            line = JOINT.join(path[first:])
            if self.measure.exact(line) <= limit:
                return line
        return self.measure.cut(path[-1], limit) if path else ""

    def _tiles(self, text: str, section: Section, size: int) -> list[_Tile]:
        """The section in stretches that leave room for the overlap; the headings stay with what stands under them."""
        if section.tokens <= size:
            return [_Tile(section.start, section.end, section.tokens)]
        lead = self.measure(text[section.start : section.body])
        body, reserve = (section.body, max(lead, self.overlap_tokens)) if lead <= size // 2 else (section.start, 0)
        from langchain_text_splitters import RecursiveCharacterTextSplitter  # the page need not wait for it

        splitter = RecursiveCharacterTextSplitter(
            separators=_SEPARATORS,
            is_separator_regex=True,
            keep_separator="end",
            chunk_size=max(1, size - reserve),
            chunk_overlap=0,
            length_function=self._length,
            strip_whitespace=False,
        )
        pieces = splitter.split_text(text[body : section.end])
        if "".join(pieces) != text[body : section.end]:
            raise AssertionError("the splitter did not give back the text it was given")
        if body > section.start:
            pieces[0] = text[section.start : body] + pieces[0]
        return self._without_crumbs(section.start, pieces, size - self.overlap_tokens // 2)

    def _length(self, text: str) -> int:
        """For the splitter, which repeats what it gave out where a piece of text has the length 0 (accents, emoji)."""
        return max(1, self.measure(text)) if text else 0

    def _without_crumbs(self, start: int, pieces: list[str], limit: int) -> list[_Tile]:
        """Tiles of the pieces, small ones joined with a neighbour where both together stay within `limit` tokens."""
        tiles: list[_Tile] = []
        for piece in pieces:
            tile = _Tile(start, start + len(piece), self.measure(piece))
            start = tile.end
            last = tiles[-1] if tiles else None
            if last and min(last.tokens, tile.tokens) < SMALL_SECTION and last.tokens + tile.tokens <= limit:
                tiles[-1] = _Tile(last.start, tile.end, last.tokens + tile.tokens)
            else:
                tiles.append(tile)
        return tiles

    def _overlap_start(self, text: str, floor: int, start: int, budget: int) -> int:
        """Where a tile that begins at `start` begins when up to `budget` tokens before it are repeated.

        At the first start of a sentence within the budget, else at the first start of a word.
        """
        lowest = max(floor, start - budget * _WINDOW)
        first, pieces = start, list(_WORD.finditer(text, lowest, start))
        for piece in reversed(pieces):
            budget -= self.measure(piece[0])
            if budget < 0 or (piece.start() == lowest > floor):  # the window may begin inside a word
                break
            first = piece.start()
        sentence = _SENTENCE_START.search(text, max(lowest, first - 1), start) if first > floor else None
        return sentence.end() if sentence and sentence.end() < start else first

    def _fitting(self, blank: Chunk, text: str, first: int, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The stretch from `first` to `end` without outer white space; without overlap or in halves if it is too long.

        The tokens counted here are those of the finished text, so nothing that is given out is cut by the model.
        """
        if not text[start:end].strip():
            return
        left, right = _trimmed(text, first, end)
        filled = replace(blank, text=text[left:right])
        if self.measure.exact(embedding_text(filled)) + SPECIAL_TOKENS <= self.max_tokens or right - left == 1:
            yield left, right
        elif first < start:
            yield from self._fitting(blank, text, start, start, end)
        else:
            middle = _middle(text, left, right)
            yield from self._fitting(blank, text, left, left, middle)
            yield from self._fitting(blank, text, middle, middle, right)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    stretch = text[start:end]
    return end - len(stretch.lstrip()), start + len(stretch.rstrip())


def _middle(text: str, start: int, end: int) -> int:
    """A place near the middle of a stretch, after white space if there is some."""
    middle = (start + end) // 2
    space = max(text.rfind(" ", start + 1, middle), text.rfind("\n", start + 1, middle))
    return space + 1 if space > start else middle


def _context_tokens(max_tokens: int) -> int:
    return min(CONTEXT_TOKENS, max_tokens // 4)
