"""Sentences of a text with their offsets. The only file that imports sentencex."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise

from sentencex import get_sentence_boundaries

from rag.indents import CELLS, breaks


@dataclass(frozen=True)
class Sentence:
    """What stands at `[start:end]` of the text that was split, on one line, without what stands between lines."""

    start: int
    end: int
    text: str


_WRAPPED = re.compile(  # a line break inside a sentence, as in PDF text; a row of a table begins on its own line
    r"(?<=[^\n.!?:])\n(?=[a-z(])(?![^\n]*(?: {3}| \| ))"
)
_COMMA = re.compile(  # the same after a comma at the end of a long line of prose, not before an item or "Absent: ..."
    r"(^(?![^\n]*,[^\s\d])[^\n]{60,},)\n(?=[^\s#>|*+•–-])(?!\w{1,3}[.)]\s|(?:\S+ ){0,2}\S+:(?:\s|$))"  # noqa: RUF001
    r"(?![^\n]*(?: {3}| \| ))",
    re.MULTILINE,
)
_OPEN = re.compile(  # after a word that ends no line of prose, also before a name
    r"(^[^\n]{24,}[ (](?:and|or|the|an?|Mrs?|Ms|Dr|und|oder|de[rmns]|die|das|eine[mnrs]?|im|vom|zu[mr]))"
    r"\n(?=[^\W_])(?!\w{1,3}[.)]\s)(?![^\n]*(?: {3}| \| ))",
    re.MULTILINE,
)
_NUMBER_BELOW = re.compile(  # a long line that goes on with a number
    r"(^[^\n]{60,}[^\n.!?:])\n(?=\d+(?![\d.)]))(?![^\n]*(?: {3}| \| ))", re.MULTILINE
)

_LONG, _WIDEST = 60, 250  # characters of a line that a page cuts
_FULL = 0.95  # letters are not equally wide
_ABOUT, _SEVERAL = 0.85, 3  # about as wide as the widest are the lines that a page cuts
_ITEM = re.compile(r"\(?(?:\w{1,3}|[ivx]+)[.)]\s")  # how one of a list begins
_OVER = re.compile(r"[.!?:;…]\W{0,5}$|[.…]{2}\s*\d{1,4}$")  # ends of a sentence, and of an entry in a table of contents
_STOP_INSIDE = re.compile(r"\w[.!?] ")
_FIRST_WORD = re.compile(  # in a script that puts spaces between them; not "Absent: ..." or "Bergen office: ..."
    r"(?!(?:\S+ ){0,2}\S+:(?:\s|$))[^\W\d_\u2e80-\uffff]\S{0,19}(?=\s|$)"
)

_NAME, _ENDING = re.compile(r"[A-Z0-9]\."), re.compile(r"[A-Z0-9]{2,}\b")  # of a file: SKUA4.BIN
_SHORT = re.compile(  # before a number it is no end: "approx. 5 p.m.", "Abs. 2 Nr. 3", "Tel. 030"
    r"\b(?:[Aa]pprox|[Mm]ax|min|ed|tab|bd|[Nn]os?|[Nn]r|[Aa]bs|[Aa]rt|[Zz]iff|[Kk]ap|[Ss]|pp?|[Ff]ig|[Aa]bb|[Ss]ect?|[Cc]h|[Vv]ol"
    r"|[Rr]ef|cf|[Cc]a|[Tt]el|[Ff]ax|ext|incl|inkl|excl|exkl|zzgl|[Mm]ind|ggf|[Mm]io|[Mm]rd|para?|[Cc]l)\.\s*$"
)
_NO_END = re.compile(
    r"\b(?:[Dd]ep|[Aa]rr|[Ii]ncl|inkl|[Ee]xcl|exkl|[Aa]pprox|ca|vs|bzw|zzgl|ggf|evtl|resp|[Aa]ttn|Mrs?|Ms|Dr|Prof)\.\s*$"
)
_CELL_WORDS = 8  # of a cell that is not cut
_ROW = 400  # characters of a row of a table that is not cut where a cell has a full stop
_COUNTED = re.compile(r"[\d§€$£(+~]|(?:[IVX]{2,}|V|X)\b|[a-z]\)")
_ORDINAL = re.compile(r"(?<![\d.,])\d{1,2}\.\s*$")  # "am 31. März", "der 2. Absatz"
_AFTER_ORDINAL = re.compile(
    r"(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|Quartals?|Tag(?:e|es|s)?"
    r"|Woche|Monat(?:e|s)?|Jahr(?:e|es|s)?|Absatz(?:es)?|Abschnitts?|Kapitels?|Etage|Auflage|Jahrhunderts?|Lebensjahr(?:es|s)?"
    r"|Mahnung)\b"
)
_NEAR = 24  # characters about a full stop that tell whether it is one


def unwrap(text: str) -> str:
    """The text with a space for each line break inside a sentence; offsets stay as they are."""
    return _joined(_filled(text))


def flowing(text: str) -> str:
    """The same to be read: what follows a short line, and the items of a list, stay on lines of their own."""
    whole, line_begins = unwrap(text), 0
    letters = list(text)
    for end in (match.start() for match in re.finditer("\n", text)):
        if end - line_begins >= _LONG and not _ITEM.match(text, end + 1):
            letters[end] = whole[end]
        line_begins = end + 1
    return "".join(letters)


def _joined(text: str) -> str:
    text = _WRAPPED.sub(" ", text)
    for wrapped in (_COMMA, _OPEN, _NUMBER_BELOW):
        text = wrapped.sub(r"\1 ", text)
    return text


def _filled(text: str) -> str:
    """The same for breaks after lines that are so full that the word after them found no room there."""
    lines = text.split("\n")
    widths = [len(line) for line in lines if not CELLS.search(line)]
    width = max(widths, default=0)
    if width > _WIDEST or sum(one >= _ABOUT * width for one in widths) < _SEVERAL:
        return text
    goes_on = (
        _is_full(line, after, width) and _is_prose(line, after, later)
        for line, after, later in zip(lines, lines[1:], [*lines[2:], ""], strict=False)
    )
    return "".join(f"{line}{' ' if on else chr(10)}" for line, on in zip(lines, goes_on, strict=False)) + lines[-1]


def _is_full(line: str, after: str, width: int) -> bool:
    """Whether the first word of the next line had no room on it."""
    word = _FIRST_WORD.match(after)
    if word is None or not _LONG <= len(line) <= width or len(line) + 1 + len(word[0]) <= _FULL * width:
        return False
    return not (line.startswith("#") or _OVER.search(line[-_NEAR:]) or CELLS.search(line) or CELLS.search(after))


def _is_prose(line: str, after: str, later: str) -> bool:
    """Whether sentences end inside the lines or go over their ends: the items of a list may be about as long.

    No item ends with a full stop where the one before it has none.
    """
    is_cut = any(one[:1].islower() for one in (line, later)) or after.rstrip().endswith((".", "!", "?"))
    return is_cut or any(_STOP_INSIDE.search(one) for one in (line, after))


def split(text: str, language: str = "en") -> list[Sentence]:
    """Sentences in order, offsets in characters. A line break ends one unless the line plainly goes on."""
    text = _filled(text)  # while its lines are as wide as they were written
    inside = breaks(text)
    begins, ends = [0, *(end for _, end in inside)], [*(start for start, _ in inside), len(text)]
    text = " ".join(text[begin:end] for begin, end in zip(begins, ends, strict=True))
    removed = [0, *accumulate(end - start - 1 for start, end in inside)]
    places = [start + 1 - before for (start, _), before in zip(inside, removed, strict=False)]  # after each space

    def before(place: int) -> int:
        return removed[bisect_right(places, place)]

    sentences: list[Sentence] = []
    offset = 0
    for line in _joined(text).splitlines(keepends=True):
        for one in _split_line(line, offset, language):
            start, end = one.start + before(one.start), one.end + before(one.end - 1)
            sentences.append(Sentence(start, end, one.text))
        offset += len(line)
    return sentences


def _split_line(line: str, offset: int, language: str) -> list[Sentence]:
    found: list[Sentence] = []
    ends = [boundary["end_index"] for boundary in get_sentence_boundaries(language, line)]
    is_row = CELLS.search(line.strip()) is not None and len(line) <= _ROW
    ends = [
        end
        for end in ends
        if end == len(line)
        or not (
            _goes_on(line[max(0, end - _NEAR) : end], line[end : end + _NEAR]) or (is_row and _is_in_a_cell(line, end))
        )
    ]
    for start, end in pairwise([0, *ends]):
        piece = line[start:end]
        start += len(piece) - len(piece.lstrip())
        trimmed = piece.strip()
        if trimmed:
            found.append(Sentence(offset + start, offset + start + len(trimmed), trimmed))
    return found


def _is_in_a_cell(line: str, end: int) -> bool:
    """Whether a full stop stands inside a short cell of a row."""
    begins = max((match.end() for match in CELLS.finditer(line, 0, end)), default=0)
    over = CELLS.search(line, end)
    cell = line[begins : over.start() if over else len(line)]
    return begins < end and len(cell.split()) <= _CELL_WORDS


def _goes_on(before: str, after: str) -> bool:
    """Whether a full stop is of a short word, a number or a name, and ends no sentence."""
    if _NAME.fullmatch(before[-2:]) and _ENDING.match(after):
        return True
    word = after.lstrip()
    return bool(
        _NO_END.search(before)
        or (_SHORT.search(before) and _COUNTED.match(word))
        or (_ORDINAL.search(before) and _AFTER_ORDINAL.match(word))
    )
