"""Texts with marks for headings other than those of Markdown; as there, the source is the text."""

import re
from collections.abc import Iterator

from ingest.readers.cleaning import clean
from ingest.readers.encoding import decode
from ingest.readers.source import Content, Source, one_line
from rag.types import Heading, Page

_UNDERLINED = re.compile(  # a line over it is a part of its style
    r"^(?:(?P<over>(?P<mark>[!-/:-@[-`{-~])(?P=mark)+)[^\S\n]*\n)?"
    r"(?P<text>[^\S\n]*\S[^\n]*)\n(?P<line>(?P<char>[!-/:-@[-`{-~])(?P=char)+)[^\S\n]*$",
    re.MULTILINE,
)
_EQUALS = re.compile(r"^(?P<level>={1,6})[^\S\n]+(?P<text>\S[^\n]*?)(?:[^\S\n]+=+)?$", re.MULTILINE)
_STARS = re.compile(r"^(?P<level>\*{1,8})[^\S\n]+(?P<text>\S[^\n]*)$", re.MULTILINE)
_SECTION = re.compile(
    r"\\(?P<kind>part|chapter|section|subsection|subsubsection|paragraph)\*?\s*(?:\[[^\]]*\])?"
    r"\{(?P<text>(?:[^{}]|\{[^{}]*\})*)\}"
)
_SECTION_LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}
_TITLE = re.compile(r"\\title\s*(?:\[[^\]]*\])?\{((?:[^{}]|\{[^{}]*\})*)\}")
_COMMENT_LINE = re.compile(r"^[^\S\n]*%[^\n]*\n", re.MULTILINE)
_COMMAND = re.compile(r"\\[a-zA-Z]+\*?|[{}~\\]")
_LITERAL = re.compile(r"^(?P<mark>-{4,}|\.{4,}|={4,}|`{3,})[^\n]*\n.*?^(?P=mark)[^\S\n]*$", re.MULTILINE | re.DOTALL)


def read_restructured(source: Source) -> Content:
    """reStructuredText as one page without a number; the levels of headings follow from the order of their lines."""
    text = clean(decode(source.data, source.name))
    return _content(text, _underlined(text))


def read_asciidoc(source: Source) -> Content:
    """AsciiDoc as one page without a number; what looks like a heading inside a listing is none."""
    text = clean(decode(source.data, source.name))
    literal = [match.span() for match in _LITERAL.finditer(text)]
    found = (match for match in _EQUALS.finditer(text) if not any(a <= match.start() < b for a, b in literal))
    return _content(text, (Heading(len(match["level"]), one_line(match["text"]), match.start()) for match in found))


def read_org(source: Source) -> Content:
    """An Org file as one page without a number."""
    text = clean(decode(source.data, source.name))
    found = _STARS.finditer(text)
    return _content(text, (Heading(len(match["level"]), one_line(match["text"]), match.start()) for match in found))


def read_latex(source: Source) -> Content:
    """LaTeX as one page without a number: its source without preamble and lines of comment."""
    text = _COMMENT_LINE.sub("", clean(decode(source.data, source.name)))
    title = _TITLE.search(text)
    begin, end = text.find(r"\begin{document}"), text.rfind(r"\end{document}")
    if begin >= 0:
        text = text[begin + len(r"\begin{document}") : end if end > begin else None].strip("\n")
    found = (
        Heading(_SECTION_LEVELS[match["kind"]], _plain(match["text"]), match.start())
        for match in _SECTION.finditer(text)
    )
    return Content(_plain(title[1]) if title else "", (Page(None, text, tuple(found)),))


def _content(text: str, found: Iterator[Heading]) -> Content:
    headings = tuple(found)
    title = next((heading.text for heading in headings if heading.level == 1), "")
    return Content(title, (Page(None, text, headings),))


def _underlined(text: str) -> Iterator[Heading]:
    styles: dict[tuple[str, bool], int] = {}
    for match in _UNDERLINED.finditer(text):
        over, line = match["over"], match["line"]
        words = match["text"].strip()
        is_rule = not re.search(r"\w", words) or len(line) < min(len(words), 4)
        if is_rule or (over and over != line) or (not over and match["text"][0].isspace()):
            continue
        level = styles.setdefault((match["char"], bool(over)), len(styles) + 1)
        yield Heading(level, one_line(words), match.start("text"))


def _plain(text: str) -> str:
    return one_line(_COMMAND.sub(" ", text))
