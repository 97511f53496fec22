"""Whether letters of a slide have the colour of their ground, as far as the file says so for certain.

A ground is certain where it is one colour: the shape's own filling, or that of the slide where nothing lies under the
shape. Pictures, gradients and changed theme colours are not.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_Object = Any  # an object of python-pptx or lxml
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_THEME = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/theme"
_PLAIN = "1001"  # the ground of a theme that is one colour
_FILLS = ("solidFill", "gradFill", "blipFill", "pattFill", "grpFill", "noFill")
_NEAR = 16  # of 255, in which two colours may differ and still be one
Colour = tuple[int, int, int]
_WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True)
class _Box:
    left: int
    top: int
    right: int
    bottom: int

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


class SlideColours:
    """The colours of one slide."""

    def __init__(self, slide: _Object, parse_xml: Callable[[bytes], _Object]) -> None:
        self._layers = (slide, slide.slide_layout, slide.slide_layout.slide_master)
        self._theme = _theme(self._layers[-1], parse_xml)
        self._ground = self._of_slide()
        self._under = list(self._shapes())

    def ground(self, shape: _Object) -> Colour | None:
        """The colour behind the letters of a shape, None where it is not certain."""
        filling = next((child for child in shape.element.iter() if _local(child) == "spPr"), None)
        own = next((child for child in filling if _local(child) in _FILLS), None) if filling is not None else None
        if own is not None and _local(own) != "noFill":
            return self.colour(own) if _local(own) == "solidFill" else None
        if shape.element.find(f"{_P}style") is not None and own is None:
            return None
        box = _box(shape)
        if box is None or any(other.meets(box) for element, other in self._under if element is not shape.element):
            return None
        return self._ground

    def colour(self, filling: _Object) -> Colour | None:
        """What a filling names: a colour, or one of the theme that nothing changes."""
        named = next(iter(filling), None)
        if named is None or len(named):
            return None
        value = named.get("val", "")
        return _rgb(value) if _local(named) == "srgbClr" else self._theme.get(value)

    def _of_slide(self) -> Colour | None:
        for layer in self._layers:
            ground = layer.element.find(f"{_P}cSld/{_P}bg")
            if ground is None:
                continue
            properties, reference = ground.find(f"{_P}bgPr"), ground.find(f"{_P}bgRef")
            if properties is not None:
                filling = properties.find(f"{_A}solidFill")
                return self.colour(filling) if filling is not None else None
            return self.colour(reference) if reference is not None and reference.get("idx") == _PLAIN else None
        return _WHITE

    def _shapes(self) -> Iterator[tuple[_Object, _Box]]:
        """What may lie under a text: painted shapes of the slide and its masters, whose placeholders are not drawn."""
        for number, layer in enumerate(self._layers):
            for shape in layer.shapes:
                box = _box(shape)
                if box is not None and not (number and shape.is_placeholder) and _is_painted(shape):
                    yield shape.element, box


def is_same(one: Colour | None, other: Colour | None) -> bool:
    """Whether two colours are known and as good as one."""
    return (
        one is not None
        and other is not None
        and all(abs(mine - its) <= _NEAR for mine, its in zip(one, other, strict=True))
    )


def _is_painted(shape: _Object) -> bool:
    """Whether it covers what lies under it, or may; a text without a filling does not."""
    if not getattr(shape, "has_text_frame", False):
        return True
    filling = shape.element.find(f"{_P}spPr")
    fills = [_local(child) for child in filling if _local(child) in _FILLS] if filling is not None else []
    return bool(fills and fills[0] != "noFill") or (not fills and shape.element.find(f"{_P}style") is not None)


def _box(shape: _Object) -> _Box | None:
    place = (shape.left, shape.top, shape.width, shape.height)
    if None in place:
        return None
    left, top, width, height = place
    return _Box(left, top, left + width, top + height)


def _theme(master: _Object, parse_xml: Callable[[bytes], _Object]) -> dict[str, Colour]:
    """The colours by the names that slides use, which the master maps to those of the theme."""
    part = next((relation.target_part for relation in master.part.rels.values() if relation.reltype == _THEME), None)
    scheme = parse_xml(part.blob).find(f"{_A}themeElements/{_A}clrScheme") if part is not None else None
    colours: dict[str, Colour] = {}
    for entry in scheme if scheme is not None else ():
        named = next(iter(entry), None)
        value = named.get("lastClr") or named.get("val") if named is not None else None
        if found := _rgb(value or ""):
            colours[_local(entry)] = found
    mapped = master.element.find(f"{_P}clrMap")
    names = {name: colours[of] for name, of in (mapped.attrib.items() if mapped is not None else ()) if of in colours}
    return colours | names


def _rgb(value: str) -> Colour | None:
    try:
        red, green, blue = bytes.fromhex(value)
    except ValueError:
        return None
    return red, green, blue


def _local(element: _Object) -> str:
    return str(element.tag).rpartition("}")[2]
