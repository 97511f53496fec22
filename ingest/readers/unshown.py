"""What of an HTML page a browser does not show: by the attribute `hidden`, a style of its own, or one of the page.

Pages hide their menus, dialogs and labels for screen readers: those are no text of the page and are dropped. Hidden
sentences are marked.
"""

import re
from collections.abc import Iterator

from ingest.instructions import orders
from ingest.readers.hiding import Hiding, hide, is_white
from ingest.readers.xml import Element, local_name

_NOT_TEXT = frozenset(("script", "style", "noscript", "template", "head", "title", "svg", "option", "textarea"))
_UNSEEN = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0?\.?0*\s*(?:;|!|$)"
    r"|clip-path\s*:\s*inset\(\s*(?:100|[5-9]\d)%\s*\)|transform\s*:\s*scale\(\s*0\s*\)|filter\s*:\s*opacity\(\s*0%?\s*\)"
    r"|clip\s*:\s*rect\(\s*0(?:px)?[\s,]+0(?:px)?[\s,]+0(?:px)?[\s,]+0(?:px)?\s*\)|mso-hide\s*:\s*all"
    r"|font-size\s*:\s*(?:0|0?\.\d+|1(?:\.\d+)?)\s*(?:px|pt)|font-size\s*:\s*0[\w%]*\s*(?:;|!|$)"
    r"|(?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*:\s*-\d{4,}(?:\.\d+)?\s*px)",
    re.IGNORECASE,
)
_FLAT = re.compile(r"(?:^|;)\s*(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|!|$)", re.IGNORECASE)
_CUT = re.compile(r"(?:^|;)\s*overflow\s*:\s*(?:hidden|clip)", re.IGNORECASE)
_COLOUR = re.compile(r"(?:^|;)\s*color\s*:\s*(#?[\w(),.% ]+?)\s*(?:;|!|$)", re.IGNORECASE)
_GROUND = re.compile(r"(?:^|;)\s*background(?:-color|-image)?\s*:\s*(#?[^;!]+?)\s*(?:;|!|$)", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,\s*[\d.]+%?\s*)?\)$", re.IGNORECASE)
_HSL = re.compile(r"hsla?\([^)]*,\s*(?:100|9[5-9])(?:\.\d+)?%", re.IGNORECASE)
_NAMES = ("white", "snow", "ivory", "ghostwhite", "whitesmoke", "floralwhite")
_CLEAR = re.compile(r"transparent$|rgba\([^)]*,\s*0(?:\.0+)?\s*\)$", re.IGNORECASE)
_AT_RULE = re.compile(r"@[^{}]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")  # for print, for small screens
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SELECTOR = re.compile(r"(\w+|\*)?(?:\.([\w-]+)|#([\w-]+))$")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SENTENCE_WORDS = 8  # of a hidden stretch, with an end such as a full stop, from which it counts as text


def settle_hidden(root: Element) -> None:
    """Changes the tree: what is not shown is dropped, or marked where it is text."""
    rules = _Rules(root)
    for element in list(_outermost(root, rules, dark=False)):
        if _is_text(" ".join("".join(element.itertext()).split())):
            _mark(element)
        else:
            _drop(element)


class _Rules:
    """The classes and identifiers that a page's own style sheet hides."""

    def __init__(self, root: Element) -> None:
        self._hidden: set[tuple[str, ...]] = set()
        for style in root.iter("{*}style", "style"):
            sheet = _AT_RULE.sub("", _COMMENT.sub("", style.text or ""))
            for selectors, declarations in _RULE.findall(sheet):
                if is_unseen(declarations):
                    self._hidden.update(match.groups("") for match in map(_selector, selectors.split(",")) if match)

    def hide(self, element: Element) -> bool:
        if not self._hidden:
            return False
        names = ("", "*", local_name(element))
        classes, identifier = (element.get("class") or "").split(), element.get("id") or ""
        return any((name, one, "") in self._hidden for name in names for one in classes) or any(
            (name, "", identifier) in self._hidden for name in names if identifier
        )


def _selector(text: str) -> re.Match[str] | None:
    return _SELECTOR.match(text.strip())


def _outermost(element: Element, rules: _Rules, *, dark: bool) -> Iterator[Element]:
    """The hidden elements that lie in no other; `dark`: the ground may not be white."""
    for child in element:
        name = local_name(child)
        if not name or name in _NOT_TEXT:
            continue
        style = child.get("style") or ""
        coloured = dark or child.get("bgcolor") is not None or _is_coloured(style) or bool(child.get("class"))
        unseen = child.get("hidden") is not None or is_unseen(style) or rules.hide(child)
        if unseen or (_is_white(style) and not coloured):
            yield child
        else:
            yield from _outermost(child, rules, dark=coloured)


def is_unseen(style: str) -> bool:
    """Whether a browser does not show what has this style."""
    return bool(_UNSEEN.search(style) or (_FLAT.search(style) and _CUT.search(style)))


def _is_coloured(style: str) -> bool:
    found = _GROUND.search(style)
    return bool(found and not _is_paper(found[1]) and not _CLEAR.match(found[1]))


def _is_paper(colour: str) -> bool:
    """Whether a colour, however it is written, is white or nobody sees it on white."""
    if parts := _RGB.match(colour):
        return is_white("".join(f"{min(255, int(part)):02x}" for part in parts.groups()))
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    return is_white(digits) or colour.lower() in _NAMES or bool(_HSL.match(colour))


def _is_white(style: str) -> bool:
    found = _COLOUR.search(style)
    return bool(found and (_is_paper(found[1]) or _CLEAR.match(found[1])))


def _is_text(text: str) -> bool:
    sentence = len(text.split()) >= _SENTENCE_WORDS and re.search(r"\w{2,}[.!?](?:\s|$)|[。！？]", text)  # noqa: RUF001
    return bool(sentence) or next(orders(text), None) is not None


def _mark(element: Element) -> None:
    """Its words, also those of what lies in it; it is shown from now on, or the next reader would drop it."""
    for inner in element.iter():
        if not local_name(inner) or local_name(inner) in _NOT_TEXT:
            continue
        inner.text = hide(inner.text or "", Hiding.HIDDEN)
        if inner is not element:
            inner.tail = hide(inner.tail or "", Hiding.HIDDEN)
        for attribute in ("style", "hidden", "class", "id", "aria-hidden"):
            inner.attrib.pop(attribute, None)


def _drop(element: Element) -> None:
    """Takes it out and leaves what stands after it."""
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        return
    tail = element.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)
