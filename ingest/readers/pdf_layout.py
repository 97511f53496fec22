"""The text of a PDF page from where its characters stand, as pdfium says: lines, columns, rows of tables.

The order in which a file draws its text may be any; see layout.py for the order in which it is read.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ingest.pdfium import Characters, PdfError, PdfPage, open_pdf
from ingest.readers.hiding import Hiding, hide
from ingest.readers.layout import Font, PlacedLine, rows_of, text_of_rows
from ingest.readers.printed_headings import Print, print_of
from ingest.readers.printed_tables import PrintedTables, printed_tables
from ingest.readers.reading_order import is_right_to_left
from ingest.readers.source import Source
from ingest.readers.unseen import hidden_stretches

_GAP = 1.2  # heights of a letter between two that are of different cells or columns
_BACK = (
    0.6  # heights that a letter may stand before the one before it, as accents do; letters of a ligature share a place
)
_SHARED = 0.25  # of the height of the lower of two letters, that both have in common on one line
PLACING = 0.02  # of the time for a PDF, most of which recognition takes where there are scanned pages
_HYPHENS = "\x02\ufffe"  # how pdfium writes a hyphen at the end of a line
_SHOWN_HYPHENS = dict.fromkeys(map(ord, _HYPHENS), "-")
_ADDED = " \r\n"
_ITALIC = re.compile(r"ital|obli", re.IGNORECASE)  # in the name of a font, as the next
_BOLD = re.compile(r"bold|black|heavy|demi|(?<![a-z])(?:CM|SF|EC)?BX\d|-Medi(?!um)", re.IGNORECASE)

Matrix = npt.NDArray[np.float64]
Hidden = Sequence[tuple[int, int, Hiding]]  # stretches of characters that are not seen


@dataclass(frozen=True)
class _Character:
    index: int  # on the page
    text: str
    left: float
    top: float
    right: float
    bottom: float
    is_spaced: bool
    hiding: Hiding | None

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True)
class LaidOut:
    """The text of a page with the tables in it.

    Attributes:
        is_marked: something on it is not seen, and is marked.
        in_order: the same text in the order of the file.
        printed: its fonts, and what may be headings.
    """

    text: str
    is_marked: bool
    tables: PrintedTables = field(default_factory=PrintedTables)
    printed: Print = field(default_factory=Print)
    in_order: str = ""


def page_count(source: Source) -> int:
    """The pages that a PDF says it has, found in no time; 0 where pdfium cannot open it."""
    with contextlib.suppress(PdfError), open_pdf(source.data, password=source.password) as document:
        return len(document)
    return 0


def laid_out_pages(source: Source) -> dict[int, LaidOut]:
    """The pages of a PDF by 0-based index, without those that pdfium cannot read."""
    found: dict[int, LaidOut] = {}
    with contextlib.suppress(PdfError), open_pdf(source.data, password=source.password) as document:
        for index in range(len(document)):
            source.tell(PLACING * index / len(document))
            with contextlib.suppress(PdfError), document.page(index + 1) as page:
                characters = page.characters()
                hidden = hidden_stretches(page, characters)
                if is_right_to_left("".join(characters.texts)):
                    found[index] = LaidOut(_in_order(characters, hidden) if hidden else "", bool(hidden))
                else:
                    found[index] = replace(laid_out(page, characters, hidden), in_order=_in_order(characters, ()))
    return found


def _in_order(characters: Characters, hidden: Hidden) -> str:
    """The characters as the file draws them, with marks."""
    parts: list[str] = []
    place = 0
    for start, end, hiding in hidden:
        parts += [*characters.texts[place:start], hide("".join(characters.texts[start:end]), hiding)]
        place = end
    return "".join([*parts, *characters.texts[place:]]).replace("\r\n", "\n").translate(_SHOWN_HYPHENS)


def laid_out(page: PdfPage, characters: Characters, hidden: Hidden = ()) -> LaidOut:
    """A page in reading order, the stretches that are not seen marked.

    What is written in another direction than most of the page stands at its end.
    """
    directions = page.directions()
    upright = _main_direction(directions)
    straight = (directions * upright).sum(axis=1) > 0.9
    boxes = _turned(characters.boxes, upright)
    rows = rows_of([_line(page, line) for line in _lines(characters, boxes, straight, hidden)])
    rest = [index for index in range(len(characters.texts)) if not straight[index] and characters.boxes[index].any()]
    beside = "".join(_beside(characters, rest))
    text = "\n\n".join(filter(None, (text_of_rows(rows), beside.strip())))
    return LaidOut(text, bool(hidden), printed_tables(rows), print_of(rows))


def _main_direction(directions: Matrix) -> Matrix:
    """The unit vector, along an axis, in which most of the characters are written."""
    axes = np.array([(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)])
    votes = ((directions @ axes.T) > 0.9).sum(axis=0) if len(directions) else np.array([1, 0, 0, 0])
    return np.asarray(axes[int(votes.argmax())])


def _turned(boxes: Matrix, upright: Matrix) -> Matrix:
    """The boxes on a page that is turned so that `upright` points to the right."""
    x, y = upright
    turn = np.array([[x, y], [-y, x]])
    corners = np.stack([boxes[:, :2], boxes[:, 2:]]) @ turn.T
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)], axis=1)


def _characters(
    characters: Characters, boxes: Matrix, straight: npt.NDArray[np.bool_], hidden: Hidden
) -> Iterator[_Character]:
    hidings = {index: hiding for start, end, hiding in hidden for index in range(start, end)}
    is_spaced = False
    for index, text in enumerate(characters.texts):
        if text in _ADDED or not characters.boxes[index].any():
            is_spaced = True
        elif straight[index]:
            shown = "-" if text in _HYPHENS else text
            left, top, right, bottom = boxes[index].tolist()
            yield _Character(index, shown, left, top, right, bottom, is_spaced, hidings.get(index))
            is_spaced = False


def _lines(
    characters: Characters, boxes: Matrix, straight: npt.NDArray[np.bool_], hidden: Hidden
) -> Iterator[list[_Character]]:
    """Characters that follow each other on one line."""
    line: list[_Character] = []
    for character in _characters(characters, boxes, straight, hidden):
        if line and not _follows(line, character):
            yield line
            line = []
        line.append(character)
    if line:
        yield line


def _follows(line: Sequence[_Character], character: _Character) -> bool:
    last = line[-1]
    shared = min(last.bottom, character.bottom) - max(last.top, character.top)
    is_beside = shared > _SHARED * min(last.height, character.height)
    gap = character.left - last.right
    if is_beside and character.left >= last.left and gap <= _GAP * character.height:  # as of most letters
        return True
    height = max(1.0, max(one.height for one in line[-12:]), character.height)
    return (
        (is_beside or _near(line, character)) and character.left >= last.left - _BACK * height and gap <= _GAP * height
    )


def _near(line: Sequence[_Character], character: _Character) -> bool:
    """Full stops, hyphens and raised numbers share no height with their neighbour but with the line."""
    top, bottom = min(one.top for one in line[-12:]), max(one.bottom for one in line[-12:])
    return top - 1 <= (character.top + character.bottom) / 2 <= bottom + 1


def _line(page: PdfPage, line: Sequence[_Character]) -> PlacedLine:
    return PlacedLine(
        "".join(_marked(line)),
        min(one.left for one in line),
        min(one.top for one in line),
        max(one.right for one in line),
        max(one.bottom for one in line),
        _font(page, line),
        line[0].index,
    )


def _font(page: PdfPage, line: Sequence[_Character]) -> Font | None:
    """The font of a line of which all is seen, by its first letter, one in the middle, and its last."""
    letters = [one.index for one in line if one.text.isalnum()]
    if not letters or any(one.hiding for one in line):
        return None
    shown = {letters[0], letters[len(letters) // 2], letters[-1]}
    fonts = {_font_of(page, index) for index in shown}
    return fonts.pop() if len(fonts) == 1 else None


def _font_of(page: PdfPage, index: int) -> Font:
    name = page.font_name(index)
    return Font(round(2 * page.font_size(index)) / 2, bool(_BOLD.search(name)), bool(_ITALIC.search(name)))


def _marked(line: Sequence[_Character]) -> Iterator[str]:
    """Runs of characters that are hidden alike, marked."""
    run, hiding = "", line[0].hiding
    for number, character in enumerate(line):
        space = " " if number and character.is_spaced else ""
        if character.hiding is hiding:
            run += space + character.text
        else:
            yield hide(run, hiding) if hiding else run
            run, hiding = space + character.text, character.hiding
    yield hide(run, hiding) if hiding else run


def _beside(characters: Characters, indexes: Sequence[int]) -> Iterator[str]:
    last = -1
    for index in indexes:
        if last >= 0 and index > last + 1:
            between = "".join(characters.texts[last + 1 : index])
            yield "\n" if "\n" in between else " "
        yield "-" if characters.texts[index] in _HYPHENS else characters.texts[index]
        last = index
