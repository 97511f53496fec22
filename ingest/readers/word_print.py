"""How a Word document is printed: which runs are not seen, and in which font its paragraphs are set.

Not seen are those that are hidden, white on white, or in a font of one point.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ingest.readers.hiding import Hiding, is_white
from ingest.readers.layout import Font

_Element = Any  # lxml's element
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TINY = 3  # half points
_SIZE = 10.0  # points, where nothing says it
_WHITE = "FFFFFF"
_OFF = ("0", "false", "off", "none")
_BASES = 10  # styles build on styles; a damaged file may make them a ring
_GROUNDS = (f"{_W}shd", f"{_W}highlight")
_DRAWN = f"{_W}txbxContent"  # in a text box, which may be filled with any colour


class WordPrint:
    """Judges the runs of one document by their own properties and those of their styles."""

    def __init__(self, document: _Element, styles: _Element) -> None:
        self._styles = {style.get(f"{_W}styleId"): style for style in styles.iter(f"{_W}style")}
        normal = (key for key, style in self._styles.items() if _is_default(style))
        self._normal = next(normal, "")  # the style of paragraphs that name none
        self._defaults = styles.find(f"{_W}docDefaults/{_W}rPrDefault/{_W}rPr")
        self._coloured_page = document.find(f"{_W}background") is not None
        self._of_styles = lru_cache(maxsize=1_000)(self._inherited)

    def hiding(self, run: _Element) -> Hiding | None:
        """Why a run is not seen, None where it is."""
        own = run.find(f"{_W}rPr")
        paragraph = next(run.iterancestors(f"{_W}p"), None)
        properties = None if paragraph is None else paragraph.find(f"{_W}pPr")
        inherited = self._of_styles(_named(own, "rStyle"), _named(properties, "pStyle"))
        values = {**inherited, **_values(own)}
        if values.get("vanish", "0") not in _OFF:
            return Hiding.HIDDEN
        size = values.get("sz", "")
        if size.isdigit() and int(size) <= _TINY:
            return Hiding.TINY
        white = is_white(values.get("color", "")) and "ground" not in values
        return Hiding.INVISIBLE if white and not self._is_coloured(run, properties) else None

    def font(self, paragraph: _Element) -> Font | None:
        """The font of a paragraph; None where its letters are not all of one, or it has none."""
        style = _named(paragraph.find(f"{_W}pPr"), "pStyle")
        runs = [run for run in paragraph.iter(f"{_W}r") if any((one.text or "").strip() for one in run.iter(f"{_W}t"))]
        fonts = {self._font(run.find(f"{_W}rPr"), style) for run in runs}
        return fonts.pop() if len(fonts) == 1 else None

    def _font(self, own: _Element, style: str) -> Font:
        values = {**self._of_styles(_named(own, "rStyle"), style), **_values(own)}
        size = values.get("sz", "")
        bold, italic = (values.get(name, "0") not in _OFF for name in ("b", "i"))
        return Font(int(size) / 2 if size.isdecimal() else _SIZE, bold, italic)

    def _inherited(self, run_style: str, paragraph_style: str) -> dict[str, str]:
        values = _values(self._defaults)
        for style in (*self._chain(paragraph_style or self._normal), *self._chain(run_style)):
            values |= _values(style.find(f"{_W}rPr"))
            if _ground(style.find(f"{_W}pPr")):
                values["ground"] = "style"
        return values

    def _chain(self, identifier: str) -> list[_Element]:
        """The style and those that it is made from, the first one first."""
        found: list[_Element] = []
        while identifier in self._styles and len(found) < _BASES:
            found.insert(0, self._styles[identifier])
            identifier = _named(found[0], "basedOn")
        return found

    def _is_coloured(self, run: _Element, properties: _Element) -> bool:
        """Whether there may be another ground than white paper under a run; a table may have one from its style."""
        if self._coloured_page or _ground(properties):
            return True
        return next(run.iterancestors(f"{_W}tc", _DRAWN), None) is not None


def _is_default(style: _Element) -> bool:
    return style.get(f"{_W}type") == "paragraph" and style.get(f"{_W}default") in ("1", "true")


def _values(properties: _Element) -> dict[str, str]:
    """What the properties of a run say of its print."""
    if properties is None:
        return {}
    return dict(_said(properties))


def _said(properties: _Element) -> Iterator[tuple[str, str]]:
    for name in ("vanish", "sz", "color", "b", "i"):
        element = properties.find(f"{_W}{name}")
        if element is not None:
            yield name, element.get(f"{_W}val", "1")
    if _ground(properties):
        yield "ground", "own"


def _ground(properties: _Element) -> bool:
    """Whether properties set a ground that may be another colour than white."""
    if properties is None:
        return False
    grounds = [ground for name in _GROUNDS for ground in properties.findall(name)]
    return any(
        ground.get(f"{_W}fill", "auto").upper() not in ("AUTO", _WHITE)
        or ground.get(f"{_W}val") not in ("clear", "nil")
        for ground in grounds
    )


def _named(element: _Element, name: str) -> str:
    found = None if element is None else element.find(f"{_W}{name}")
    return "" if found is None else str(found.get(f"{_W}val") or "")
