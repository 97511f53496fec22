"""PDF pages that are hard to read, set from a text that is known: each has what should be read of it."""

import functools
import re
import textwrap
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

PAGES = ("prose", "two columns", "three columns", "hyphenated", "running heads", "turned", "ligatures", "table")
_TEXT = Path(__file__).parents[1] / "samples" / "support-faq.md"
_COUNT = 4  # pages of a group
_SIZE, _LEADING = 10, 13
_LIGATURES = {"ffi": "ﬃ", "ffl": "ﬄ", "fi": "ﬁ", "fl": "ﬂ", "ff": "ﬀ"}
_TTF = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


@functools.cache
def _sentences() -> tuple[str, ...]:
    text = re.sub(r"[#*_`|>\[\]-]", " ", _TEXT.read_text(encoding="utf-8"))
    words = " ".join(text.encode("ascii", "ignore").decode().split())
    return tuple(sentence for sentence in re.split(r"(?<=[.?!])\s+", words) if len(sentence.split()) > 4)


def typeset(group: str, path: Path) -> tuple[Path, list[str]]:
    """The pages of a group, and the text that stands on each."""
    canvas = Canvas(str(path), pagesize=A4)
    truths = []
    for number in range(_COUNT):
        sentences = _sentences()
        start = number * 7 % len(sentences)
        body = (sentences[start:] + sentences[:start])[:30]
        canvas.setFont("Helvetica", _SIZE)
        truths.append(_SET[group](canvas, list(body), number))
        canvas.showPage()
    canvas.save()
    return path, truths


def _prose(canvas: Canvas, body: list[str], number: int) -> str:
    text = " ".join(body[:24])
    _lines(canvas, textwrap.wrap(text, 95), 60, 780)
    return text


def _columns(canvas: Canvas, body: list[str], number: int, *, count: int) -> str:
    """Line by line across the page, as some programs write it: the order of the file is no order to read."""
    title = body[-1][:70]
    canvas.drawString(60, 790, title)
    width = (A4[0] - 120) / count
    characters = {2: 45, 3: 29}[count]
    parts = [body[index::count] for index in range(count)]
    texts = [" ".join(part)[: characters * 40].rsplit(" ", 1)[0] for part in parts]
    columns = [textwrap.wrap(text, characters) for text in texts]
    for line in range(max(map(len, columns))):
        for index, lines in enumerate(columns):
            if line < len(lines):
                canvas.drawString(60 + index * width, 760 - line * _LEADING, lines[line])
    return "\n".join([title, *texts])


def _hyphenated(canvas: Canvas, body: list[str], number: int) -> str:
    """Long words are parted at the end of a line."""
    text, lines, line = " ".join(body[:12]), [], ""
    for word in text.split():
        while word:
            room = 34 - len(line) - (1 if line else 0)
            if len(word) <= room:
                line, word = f"{line} {word}".strip(), ""
            elif len(word) > 6 and room > 4 and word[: room - 1].isalpha() and len(word) - room > 2:
                lines.append(f"{line} {word[: room - 1]}-".strip())
                line, word = "", word[room - 1 :]
            else:
                lines.append(line)
                line = ""
    _lines(canvas, [*lines, line], 60, 780)
    return text


def _running(canvas: Canvas, body: list[str], number: int) -> str:
    """To be read once, where they stand first; page numbers never."""
    canvas.drawString(60, 815, "Skua Pumps Ltd. · Service handbook")
    canvas.drawRightString(535, 815, "Edition of March 2026")
    canvas.drawCentredString(297, 30, f"Page {number + 1} of {_COUNT}")
    text = " ".join(body[:20])
    _lines(canvas, textwrap.wrap(text, 90), 60, 770)
    return text if number else f"Skua Pumps Ltd. · Service handbook Edition of March 2026\n{text}"


def _turned(canvas: Canvas, body: list[str], number: int) -> str:
    """The paper or the writing lies on its side."""
    text = " ".join(body[:20])
    lines = textwrap.wrap(text, 100)
    if number % 2:
        canvas.setPageRotation(90)
        _lines(canvas, lines, 60, 540)
    else:
        canvas.translate(A4[0], 0)
        canvas.rotate(90)
        _lines(canvas, lines, 60, 540)
    return text


def _ligatures(canvas: Canvas, body: list[str], number: int) -> str:
    from reportlab.pdfbase.ttfonts import TTFont

    text = " ".join(["The office offers five flat files, different from the affluent baffle.", *body[:18]])
    shown = text
    if Path(_TTF).exists():
        pdfmetrics.registerFont(TTFont("DejaVu", _TTF))
        canvas.setFont("DejaVu", _SIZE)
        for letters, ligature in _LIGATURES.items():
            shown = shown.replace(letters, ligature)
    _lines(canvas, textwrap.wrap(shown, 80), 60, 780)
    return text


def _table(canvas: Canvas, body: list[str], number: int) -> str:
    """Column by column in the file, to be read row by row."""
    rows = [("Part", "Weight", "Price", "In stock")]
    rows += [(f"Filter {k}", f"{k * 7 % 40} kg", f"{k * 13 % 90}.50 EUR", f"{k * 31 % 400}") for k in range(1, 31)]
    for column in range(4):
        for line, row in enumerate(rows):
            canvas.drawString(60 + 120 * column, 780 - line * 18, row[column])
    return "\n".join(" ".join(row) for row in rows)


def _lines(canvas: Canvas, lines: list[str], left: float, top: float) -> None:
    for number, line in enumerate(lines):
        canvas.drawString(left, top - number * _LEADING, line)


_SET = {
    "prose": _prose,
    "two columns": functools.partial(_columns, count=2),
    "three columns": functools.partial(_columns, count=3),
    "hyphenated": _hyphenated,
    "running heads": _running,
    "turned": _turned,
    "ligatures": _ligatures,
    "table": _table,
}
