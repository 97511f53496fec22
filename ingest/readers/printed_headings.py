"""Headings of a file that does not say which they are, from its print: lines of their own, larger or bold.

A document is judged as a whole, since only all of it tells how its text is set: a font counts as that of headings where
several stand in it and little else. Pure functions.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.readers.cleaning import clean
from ingest.readers.heads import is_number
from ingest.readers.hiding import without_marks
from ingest.readers.layout import Font, PlacedLine
from ingest.readers.printed_tables import LEADERS
from rag.statements import is_period
from rag.types import Heading

_LARGER = 1.08  # times the size of the text
_AS_LARGE = 0.95  # the same, for bold ones: the heads of tables are smaller than the text
_SMALLER = 0.85  # in place of it, where most headings of the font are numbered
_LONGEST = 160  # characters
_LINES = 3  # of one heading
_NEAR = 0.9  # heights between two lines of it, at most
_LEVELS = 6
_SHARE = 0.15  # of all letters in a font of headings, from which it is one of text
_FEW_PAGES = 3  # up to which headings of a font may stand on one page only
_LETTERS = re.compile(r"[^\W\d_]{2}|[\u3040-\u9fff\uac00-\ud7af]")
_PARTS = r"(?i:part|chapter|teil|kapitel)"
_SECTIONS = r"(?i:item|note|section|article|appendix|exhibit|abschnitt|artikel|anhang|§)"
_COUNT = r"(?:\d{1,3}(?!\d)|[A-Z](?![^\W\d_])|[IVX]+\b)"
_LABEL = re.compile(  # may stand apart from the heading that it belongs to
    rf"(?:(?:{_PARTS}|{_SECTIONS})\s*)?(?:\d{{1,3}}(?:\.\d{{1,3}})*[A-Za-z]?|[A-Z]|[IVX]+)[.):]?"
)
_PART = re.compile(rf"{_PARTS}\s+{_COUNT}|第.{{1,3}}[章节编]")
_NUMBERED = re.compile(  # not "A word", "Notes" or "2023 in numbers"
    rf"(?:{_SECTIONS}\s+{_COUNT}|§\s*\d|[A-Z][.):]\s|[IVX]+[.):]\s|第.{{1,3}}条|[一二三四五六七八九十]+、"
    r"|(?=\d{1,3}(?!\d)))(?P<digits>[\d.]*)"
)
_SUBSECTION = re.compile(r"\d+\.\d")
_UNNUMBERED = 9  # its depth: under all numbers of its font
_CAPTION = re.compile(r"(?:fig(?:ure|\.)|table|abb(?:ildung|\.)|tab(?:elle|\.)|图|表)\s*\d", re.IGNORECASE)
_CALL = re.compile(  # of a remark beside the text
    r"(?:note|tip|hint|warning|caution|danger|important|remark|hinweis|tipp|achtung|warnung|vorsicht|wichtig)(?:[:!].*)?"
    "|(?:注意|提示|警告)(?:[：！].*)?",  # noqa: RUF001
    re.IGNORECASE,
)
_VALUE = re.compile(  # of a fact that stands out, as in "Hotline: 0800 123 456"
    r"[^\W\d_][:：]\s*\S|\d[^\n]*[,€$£%]|[,€$£][^\n]*\d|\d{3,}[\s/-]\d{3,}"  # noqa: RUF001
)
_OFTEN = 3  # times that what ends with a colon stands there, as who speaks does
_OPENING = '§“"„«‹¿¡'  # that a heading may begin with
_CENTRE = 0.04  # of the width of a page, that twice the middle of a heading may be off
_GOES_ON = (".", ",", ";", "…", "。", "，", "；")  # noqa: RUF001  a sentence ends with them, or does not end

Row = Sequence[PlacedLine]


@dataclass(frozen=True)
class PrintedTitle:
    """What may be a heading: its text in one line, and the font of it."""

    text: str
    font: Font


@dataclass(frozen=True)
class Print:
    """How a page is printed.

    Attributes:
        letters: how many there are of each font, and in lines of several.
        titles: from top to bottom.
    """

    letters: Counter[Font | None] = field(default_factory=Counter)
    titles: tuple[PrintedTitle, ...] = ()


def print_of(rows: Sequence[Row]) -> Print:
    """The print of a page, whose rows are in reading order."""
    letters: Counter[Font | None] = Counter()
    for row in rows:
        for line in row:
            letters[line.font] += len(line.text)
    return Print(letters, tuple(_titles(rows)))


def printed_headings(prints: Mapping[int, Print], texts: Sequence[str]) -> dict[int, list[Heading]]:
    """The headings of each page by its number, from 1, where their words stand as a line in its text; in any order.

    Args:
        prints: by 0-based index of the page.
        texts: of all pages.
    """
    fonts = _fonts(prints, len(texts))
    often = _often(title for page in prints.values() for title in page.titles)
    titles = {
        index: [title for title in page.titles if title.font in fonts and title.text not in often]
        for index, page in prints.items()
    }
    ranks = sorted({_rank(title) for of_page in titles.values() for title in of_page})
    found: dict[int, list[Heading]] = {}
    for index, of_page in titles.items():
        place = 0
        for title in of_page:
            stretch = _line_of(title.text, texts[index], place) or _line_of(title.text, texts[index], 0)
            if stretch:
                found.setdefault(index + 1, []).append(Heading(_level(title, ranks), title.text, stretch[0]))
                place = stretch[1]
    return found


def levels_of(lines: Sequence[tuple[str, Font | None]]) -> list[int]:
    """Of each line of a text that is not parted into pages its level as a heading, 0 where it is none.

    Args:
        lines: paragraphs, each with the font that all of it is set in.
    """
    letters: Counter[Font | None] = Counter()
    titles: dict[int, PrintedTitle] = {}
    for place, (text, font) in enumerate(lines):
        letters[font] += len(text)
        title = " ".join(clean(text).split())
        is_seen = without_marks(text) == text
        if font and is_seen and _LETTERS.search(title) and len(title) <= _LONGEST and _names(title):
            titles[place] = PrintedTitle(title, font)
    fonts, often = _fonts({0: Print(letters, tuple(titles.values()))}, 1), _often(titles.values())
    titles = {place: one for place, one in titles.items() if one.font in fonts and one.text not in often}
    ranks = sorted(set(map(_rank, titles.values())))
    levels = {place: _level(title, ranks) for place, title in titles.items()}
    return [levels.get(place, 0) for place in range(len(lines))]


def _often(titles: Iterable[PrintedTitle]) -> set[str]:
    """What names who speaks, or the fields of a form, and no section."""
    counts = Counter(title.text for title in titles if title.text.endswith((":", "：")))  # noqa: RUF001
    return {text for text, count in counts.items() if count >= _OFTEN}


def _level(title: PrintedTitle, ranks: Sequence[tuple[float, bool, bool, int]]) -> int:
    return min(ranks.index(_rank(title)) + 1, _LEVELS)


def _rank(title: PrintedTitle) -> tuple[float, bool, bool, int]:
    """The larger is the higher, and bold before others; in one font "Part I" stands over "Item 2", that over "2.1"."""
    font, part = title.font, _PART.match(title.text)
    numbered = _NUMBERED.match(title.text)
    depth = 0 if part else numbered["digits"].strip(".").count(".") + 1 if numbered else _UNNUMBERED
    return -font.size, not font.is_bold, font.is_italic, depth


def _fonts(prints: Mapping[int, Print], pages: int) -> set[Font]:
    """The fonts in which headings are set."""
    letters = sum((page.letters for page in prints.values()), Counter[Font | None]())
    text = max((font for font in letters if font), key=letters.__getitem__, default=None)
    if text is None:
        return set()
    on = Counter(font for page in prints.values() for font in {title.font for title in page.titles})
    titles = [title for page in prints.values() for title in page.titles]
    times = Counter(title.font for title in titles)
    numbered = Counter(title.font for title in titles if _SUBSECTION.match(title.text))
    return {
        font
        for font, count in times.items()
        if count > 1
        and (pages <= _FEW_PAGES or on[font] > 1)
        and letters[font] <= _SHARE * letters.total()
        and _stands_out(font, text, _AS_LARGE if numbered[font] < count / 2 else _SMALLER)
    }


def _stands_out(font: Font, text: Font, as_large: float) -> bool:
    is_bolder = font.is_bold and not text.is_bold
    return font.size >= _LARGER * text.size or (is_bolder and font.size >= as_large * text.size)


def _titles(rows: Sequence[Row]) -> Iterator[PrintedTitle]:
    """Rows of one font that may be headings; those that follow each other closely in it are one."""
    left, right = min((row[0].left for row in rows), default=0.0), max((row[-1].right for row in rows), default=0.0)
    of = [None if _is_of_table(rows, place, left, right) else _title(row) for place, row in enumerate(rows)]
    groups: list[list[tuple[int, PrintedTitle]]] = []
    for place, title in enumerate(of):
        if title is None:
            continue
        last = groups[-1] if groups else None
        if last and last[-1][0] == place - 1 and last[-1][1].font == title.font and _are_near(rows, place):
            last.append((place, title))
        else:
            groups.append([(place, title)])
    for group in groups:
        text = " ".join(title.text for _, title in group)
        if len(group) <= _LINES and len(text) <= _LONGEST and _names(text):
            yield PrintedTitle(text, group[0][1].font)


def _title(row: Row) -> PrintedTitle | None:
    """A row that is set in one font and may be a line of a heading."""
    texts = [clean(line.text).strip() for line in row]
    fonts = {line.font for line in row}
    font = row[0].font
    if len(fonts) > 1 or font is None or len(row) > 2 or (len(row) == 2 and not _LABEL.fullmatch(texts[0])):
        return None
    text = " ".join(" ".join(texts).split())
    return PrintedTitle(text, font) if _LETTERS.search(texts[-1]) else None


def _names(text: str) -> bool:
    """Whether it may name what follows: no sentence, fact, period, caption, remark or entry of a table of contents."""
    plain = text.rstrip(":!：！")  # noqa: RUF001
    begins = (text[0].isalnum() or text[0] in _OPENING) and not text[0].islower()
    is_other = text.endswith(_GOES_ON) or LEADERS in text or is_number(text) or is_period(plain)
    told = plain[numbered.end() :] if (numbered := _NUMBERED.match(plain) or _PART.match(plain)) else plain
    return begins and not (is_other or _CALL.fullmatch(plain) or _CAPTION.match(text) or _VALUE.search(told))


def _is_of_table(rows: Sequence[Row], place: int, left: float, right: float) -> bool:
    """Whether it stands between rows of cells, or over some columns of those that follow.

    Args:
        left, right: from where to where all rows reach.
    """
    above, below = rows[max(0, place - 1) : place], rows[place + 1 : place + 2]
    if not below or not _is_cells(below[0]):
        return False
    row = rows[place]
    is_central = abs((row[0].left + row[-1].right) - (left + right)) < _CENTRE * (right - left)
    is_over_some = row[0].left > below[0][0].left + row[0].height and not is_central
    is_between = bool(above) and _is_cells(above[0]) and _size(row) < _LARGER * _size(below[0])
    return is_over_some or is_between


def _size(row: Row) -> float:
    return row[0].font.size if row[0].font else 0.0


def _is_cells(row: Row) -> bool:
    return len(row) > 2 or (len(row) == 2 and not _LABEL.fullmatch(row[0].text.strip()))


def _are_near(rows: Sequence[Row], place: int) -> bool:
    above, row = rows[place - 1], rows[place]
    gap = min(line.top for line in row) - max(line.bottom for line in above)
    return -row[0].height <= gap <= _NEAR * row[0].height


def _line_of(title: str, text: str, start: int) -> tuple[int, int] | None:
    """From where to where the words of a heading stand as lines of their own, from `start` on."""
    words = r"\s+".join(re.escape(word) for word in title.split())
    match = re.compile(rf"^[^\S\n]*{words}[^\S\n]*$", re.MULTILINE).search(text, start)
    return (match.start(), match.end()) if match else None
