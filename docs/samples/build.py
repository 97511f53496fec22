"""Builds the PDF and DOCX samples from the Markdown beside this file; the same text gives the same bytes.

    .venv/bin/pip install reportlab==5.1.0 font-source-sans-pro==0.0.1 font-source-serif-pro==0.0.1
    .venv/bin/python docs/samples/build.py

The fonts (SIL Open Font License) are needed only here: the PDFs carry the letters they use. The Markdown is a part
of the language: `key: value` lines before the first heading make the cover, `#` starts a new page, `##` is a heading,
`|` a table row, `-` and `1.` are lists, a paragraph that begins with Warning or Note becomes a box.
"""

import datetime
import importlib.util
import io
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)
from reportlab.platypus.tableofcontents import TableOfContents

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "samples"
COMPANY = "Halden Instruments"

INK, GREY, WHITE = HexColor("#1d2733"), HexColor("#66727f"), HexColor("#ffffff")
TEAL, DEEP, PALE, LINE = HexColor("#0b6e72"), HexColor("#0a3d4a"), HexColor("#edf4f4"), HexColor("#bcd3d3")
AMBER, SAND = HexColor("#c4711a"), HexColor("#fdf3e4")
WIDTH, HEIGHT = A4
MARGIN = 23 * mm
TEXT_WIDTH = WIDTH - 2 * MARGIN
COVER_BAND = 92 * mm

BODY = ParagraphStyle(
    "body",
    fontName="Sans",
    bulletFontName="Sans",
    bulletFontSize=11,
    fontSize=11,
    leading=15.8,
    textColor=INK,
    spaceAfter=7,
)
CHAPTER = ParagraphStyle("chapter", BODY, fontName="Serif-Bold", fontSize=21, leading=26, textColor=DEEP, spaceAfter=9)
HEAD = ParagraphStyle(
    "head",
    BODY,
    fontName="Sans-Bold",
    fontSize=12.6,
    leading=16,
    textColor=TEAL,
    spaceBefore=8,
    spaceAfter=3,
    keepWithNext=1,
)
ITEM = ParagraphStyle("item", BODY, leftIndent=16, bulletIndent=3, spaceAfter=2.6)
BOX = ParagraphStyle("box", BODY, fontSize=10.6, leading=14.8, spaceAfter=0)
CELL = ParagraphStyle("cell", BODY, fontSize=9.6, leading=12.4, spaceAfter=0)
CELL_HEAD = ParagraphStyle("cellhead", CELL, fontName="Sans-Bold", textColor=DEEP)
CONTENTS = ParagraphStyle("contents", BODY, fontSize=10.6, leading=13.6, spaceAfter=0)
CONTENTS_TABLE = [
    ("FONTNAME", (0, 0), (-1, -1), "Sans"),  # reportlab names a font for every cell, even for one that is a paragraph
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 1),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
]
PADDING = 5


@dataclass
class Source:
    """A Markdown file: the values of its cover and its blocks as (kind, content)."""

    cover: dict[str, list[str]] = field(default_factory=dict)
    blocks: list[tuple[str, object]] = field(default_factory=list)

    def value(self, key: str) -> str:
        return " ".join(self.cover.get(key, []))


def parse(file: Path) -> Source:
    head, _, rest = file.read_text(encoding="utf-8").partition("\n\n")
    source = Source()
    for line in head.splitlines():
        key, _, value = line.partition(": ")
        source.cover.setdefault(key, []).append(value)
    for paragraph in rest.split("\n\n"):
        lines = [line for line in paragraph.strip().splitlines() if line]
        source.blocks += [(kind, content) for kind, content in _blocks(lines)]
    return source


def _blocks(lines: list[str]) -> list[tuple[str, object]]:
    if lines[0].startswith("|"):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("|-")]
        return [("table", rows)]
    if lines[0].startswith("#"):
        return [("head" if lines[0].startswith("##") else "chapter", lines[0].lstrip("# "))]
    if lines[0].startswith("- "):
        return [("bullet", line[2:]) for line in lines]
    if lines[0].startswith("1. "):
        return [("step", re.sub(r"^\d+\. ", "", line)) for line in lines]
    kind = {"Warning": "warning", "Note": "note"}.get(lines[0].partition(":")[0], "text")
    return [(kind, " ".join(lines))]


class Station(Flowable):
    """A drawing of the weather station, without words in it."""

    def __init__(self, height: float) -> None:
        super().__init__()
        self.width, self.height = TEXT_WIDTH, height

    def wrap(self, *_: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        c, x, top = self.canv, self.width / 2, self.height
        c.saveState()
        c.setFillColor(PALE)
        c.roundRect(0, 0, self.width, top, 5, stroke=0, fill=1)
        c.setStrokeColor(LINE)
        c.setLineWidth(0.7)
        for row in range(5):  # wind
            y, path = 26 + row * (top - 46) / 4, c.beginPath()
            path.moveTo(14, y)
            for step in range(6):
                left, wide = 14 + step * (self.width - 28) / 6, (self.width - 28) / 6
                path.curveTo(left + wide / 3, y + 6, left + 2 * wide / 3, y - 6, left + wide, y)
            c.drawPath(path)
        c.setFillColor(DEEP)
        c.rect(x - 2.6, 12, 5.2, top - 42, stroke=0, fill=1)  # mast
        c.rect(x - 40, 12, 80, 3, stroke=0, fill=1)  # ground
        c.rect(x - 78, top - 52, 156, 3.6, stroke=0, fill=1)  # arm
        self._wind_sensor(x, top - 27)
        self._shield(x - 68, top - 56)
        self._rain_gauge(x + 68, top - 48)
        c.setFillColor(TEAL)
        c.roundRect(x - 24, top - 112, 48, 42, 4, stroke=0, fill=1)  # base unit
        c.setFillColor(WHITE)
        c.roundRect(x - 17, top - 92, 34, 15, 2, stroke=0, fill=1)
        c.setFillColor(AMBER)
        c.circle(x, top - 102, 2.6, stroke=0, fill=1)
        c.setStrokeColor(DEEP)
        c.setLineWidth(1.6)
        c.line(x + 20, top - 70, x + 20, top - 56)  # antenna
        c.restoreState()

    def _wind_sensor(self, x: float, y: float) -> None:
        c = self.canv
        c.setStrokeColor(DEEP)
        c.setLineWidth(1.8)
        for dx, dy in ((-22, 3), (22, 3), (0, 9)):
            c.line(x, y, x + dx, y + dy)
        c.setFillColor(TEAL)
        for dx, dy in ((-22, 3), (22, 3), (0, 9)):
            c.circle(x + dx, y + dy, 5.4, stroke=0, fill=1)
        c.setFillColor(DEEP)
        c.circle(x, y, 4, stroke=0, fill=1)

    def _shield(self, x: float, y: float) -> None:
        c = self.canv
        c.setFillColor(WHITE)
        c.setStrokeColor(DEEP)
        c.setLineWidth(0.9)
        for plate in range(6):
            c.roundRect(x - 15, y - plate * 7, 30, 4.6, 2.2, stroke=1, fill=1)

    def _rain_gauge(self, x: float, y: float) -> None:
        c = self.canv
        c.setFillColor(DEEP)
        path = c.beginPath()
        for index, (dx, dy) in enumerate(((-16, 22), (16, 22), (13, -8), (-13, -8))):
            (path.lineTo if index else path.moveTo)(x + dx, y + dy)
        path.close()
        c.drawPath(path, stroke=0, fill=1)
        c.setFillColor(LINE)
        c.rect(x - 16, y + 20, 32, 3, stroke=0, fill=1)


class Pdf(BaseDocTemplate):
    """A4 pages with a cover, a footer and an outline."""

    def __init__(self, file: Path, source: Source) -> None:
        self.source, self.anchors = source, 0
        self.full_title = _full_title(source)
        super().__init__(
            str(file),
            pagesize=A4,
            title=self.full_title,
            author=COMPANY,
            subject=source.value("edition"),
            lang="en",
            initialFontName="Sans",
        )
        below = Frame(MARGIN, 20 * mm, TEXT_WIDTH, HEIGHT - COVER_BAND - 28 * mm, 0, 0, 0, 0)
        page = Frame(MARGIN, 24 * mm, TEXT_WIDTH, HEIGHT - 46 * mm, 0, 0, 0, 0)
        self.addPageTemplates(
            [
                PageTemplate("cover", [below], onPage=self._cover),
                PageTemplate("page", [page], onPage=self._rule, onPageEnd=self._footer),
            ]
        )

    def _cover(self, canvas, _document) -> None:
        canvas.setTitle(self.full_title)
        canvas.setFillColor(DEEP)
        canvas.rect(0, HEIGHT - COVER_BAND, WIDTH, COVER_BAND, stroke=0, fill=1)
        self._isobars(canvas)
        canvas.setFillColor(AMBER)
        canvas.rect(MARGIN, HEIGHT - 60 * mm, 18 * mm, 1.4 * mm, stroke=0, fill=1)
        canvas.setFillColor(HexColor("#cfe3e3"))
        canvas.setFont("Sans-Bold", 11)
        canvas.drawString(MARGIN, HEIGHT - 28 * mm, COMPANY)
        canvas.setFillColor(WHITE)
        canvas.setFont("Serif-Bold", 31)
        canvas.drawString(MARGIN, HEIGHT - 53 * mm, self.source.value("title"))
        canvas.setFont("Sans", 13)
        subtitle = self.source.value("subtitle")
        if subtitle != COMPANY:
            canvas.drawString(MARGIN, HEIGHT - 71 * mm, subtitle)
        canvas.setFont("Sans", 10.5)
        canvas.setFillColor(HexColor("#cfe3e3"))
        canvas.drawString(MARGIN, HEIGHT - 79 * mm, self.source.value("edition"))

    def _isobars(self, canvas) -> None:
        canvas.saveState()
        band = canvas.beginPath()
        band.rect(0, HEIGHT - COVER_BAND + 1, WIDTH, COVER_BAND)
        canvas.clipPath(band, stroke=0, fill=0)
        canvas.setStrokeColor(TEAL)
        canvas.setLineWidth(1.1)
        for ring in range(14):
            canvas.circle(WIDTH - 30 * mm, HEIGHT - 34 * mm, (16 + 5.6 * ring) * mm, stroke=1, fill=0)
        canvas.restoreState()

    def _rule(self, canvas, _document) -> None:
        canvas.setFillColor(TEAL)
        canvas.rect(0, HEIGHT - 5 * mm, WIDTH, 5 * mm, stroke=0, fill=1)
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.6)
        canvas.line(MARGIN, 18 * mm, WIDTH - MARGIN, 18 * mm)

    def _footer(self, canvas, _document) -> None:
        canvas.setFont("Sans", 8.6)
        canvas.setFillColor(GREY)
        canvas.drawString(MARGIN, 13 * mm, self.full_title)
        canvas.drawRightString(WIDTH - MARGIN, 13 * mm, f"Page {canvas.getPageNumber()}")

    def beforeDocument(self) -> None:  # noqa: N802  reportlab's name
        self.anchors = 0

    def afterFlowable(self, flowable) -> None:  # noqa: N802  reportlab's name
        if not isinstance(flowable, Paragraph) or flowable.style.name not in ("chapter", "head"):
            return
        self.anchors += 1
        key, text, level = f"part-{self.anchors}", flowable.getPlainText(), int(flowable.style.name == "head")
        self.canv.bookmarkHorizontal(key, 0, self.frame._y + flowable.height)
        self.canv.addOutlineEntry(text, key, level, closed=True)
        if level == 0:
            self.notify("TOCEntry", (0, text, self.page, key))


def _full_title(source: Source) -> str:
    subtitle = source.value("subtitle")
    title = source.value("title")
    return f"{COMPANY} {title}" if subtitle == COMPANY else f"{title}: {subtitle}"


def pdf_table(rows: list[list[str]]) -> Table:
    """Every row stays on one line, in the PDF and in its text; a row that does not fit is an error."""
    styles = [CELL_HEAD] + [CELL] * (len(rows) - 1)
    widths = [
        max(
            pdfmetrics.stringWidth(row[i], style.fontName, style.fontSize)
            for row, style in zip(rows, styles, strict=True)
        )
        + 2 * PADDING
        + 1
        for i in range(len(rows[0]))
    ]
    spare = TEXT_WIDTH - sum(widths)
    if spare < 0:
        raise ValueError(f"table too wide by {-spare:.0f} points: {rows[0]}")
    widths = [width + spare / len(widths) for width in widths]
    cells = [[Paragraph(cell, style) for cell in row] for row, style in zip(rows, styles, strict=True)]
    table = Table(cells, colWidths=widths, repeatRows=1, hAlign="LEFT", spaceBefore=4, spaceAfter=10)
    table.setStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), "Sans"),
            ("BACKGROUND", (0, 0), (-1, 0), PALE),
            ("LINEABOVE", (0, 0), (-1, 0), 1.2, TEAL),
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), PADDING),
            ("RIGHTPADDING", (0, 0), (-1, -1), PADDING),
            ("TOPPADDING", (0, 0), (-1, -1), 1.8),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.4),
        ]
    )
    return table


def pdf_box(text: str, *, warning: bool) -> Table:
    word, _, rest = text.partition(":")
    colour, ground = (AMBER, SAND) if warning else (TEAL, PALE)
    inside = Paragraph(f'<font name="Sans-Bold" color="{colour.hexval().replace("0x", "#")}">{word}:</font>{rest}', BOX)
    box = Table([[inside]], colWidths=[TEXT_WIDTH], spaceBefore=3, spaceAfter=8)
    box.setStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), "Sans"),
            ("BACKGROUND", (0, 0), (-1, -1), ground),
            ("LINEBEFORE", (0, 0), (0, -1), 3, colour),
            ("LEFTPADDING", (0, 0), (-1, -1), 11),
            ("RIGHTPADDING", (0, 0), (-1, -1), 10),
            ("TOPPADDING", (0, 0), (-1, -1), 5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
        ]
    )
    return box


def build_pdf(name: str, target: Path) -> None:
    source = parse(HERE / name)
    contents = TableOfContents(levelStyles=[CONTENTS], dotsMinLevel=9, tableStyle=CONTENTS_TABLE)
    story: list[Flowable] = [NextPageTemplate("page")]
    if "figure" in source.cover:
        story += [Station(48 * mm), Spacer(1, 12)]
    story += [Paragraph(text, BODY) for text in source.cover.get("cover", [])]
    story += [Spacer(1, 8), Paragraph("Contents", ParagraphStyle("contents-head", HEAD)), contents]
    step = 0
    for index, (kind, content) in enumerate(source.blocks):
        step = step + 1 if kind == "step" else 0
        if kind == "chapter":
            story += [PageBreak(), Paragraph(content, CHAPTER)]
        elif kind == "table":
            story.append(KeepTogether(pdf_table(content)))
        elif kind in ("warning", "note"):
            story.append(pdf_box(content, warning=kind == "warning"))
        elif kind in ("bullet", "step"):
            story.append(Paragraph(content, ITEM, bulletText=f"{step}." if step else "•"))
            if source.blocks[index + 1 : index + 2] and source.blocks[index + 1][0] != kind:
                story.append(Spacer(1, 4))
        else:
            story.append(Paragraph(content, HEAD if kind == "head" else BODY))
    Pdf(target, source).multiBuild(story)


def build_docx(name: str, target: Path) -> None:
    source = parse(HERE / name)
    document = docx.Document()
    for section in document.sections:
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.3)
    _word_styles(document)
    document.add_paragraph(source.value("title"), style="Title")
    document.add_paragraph(source.value("edition"), style="Subtitle")
    styles = {"chapter": "Heading 1", "head": "Heading 2", "bullet": "List Bullet", "step": "List Number", "text": None}
    for kind, content in source.blocks:
        if kind == "table":
            _word_table(document, content)
        else:
            document.add_paragraph(content, style=styles[kind])
    properties = document.core_properties
    properties.title, properties.author, properties.comments = source.value("title"), COMPANY, ""
    properties.created = properties.modified = datetime.datetime(2026, 2, 1)
    written = io.BytesIO()
    document.save(written)
    _without_times(written, target)


def _word_styles(document) -> None:
    looks = {
        "Normal": (10.5, INK, False),
        "Title": (26, DEEP, True),
        "Subtitle": (11, GREY, False),
        "Heading 1": (16, DEEP, True),
        "Heading 2": (12.5, TEAL, True),
    }
    for name, (size, colour, bold) in looks.items():
        style = document.styles[name]
        style.font.name, style.font.size, style.font.bold, style.font.italic = "Calibri", Pt(size), bold, False
        style.font.color.rgb = RGBColor.from_string(colour.hexval()[2:].upper())
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in [key for key in fonts.attrib if key.endswith("Theme")]:
            del fonts.attrib[attribute]
    document.styles["Normal"].paragraph_format.space_after = Pt(7)


def _word_table(document, rows: list[list[str]]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for number, row in enumerate(rows):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
            cell.paragraphs[0].paragraph_format.space_after = Pt(2)
            if number == 0:
                cell.paragraphs[0].runs[0].font.bold = True
                shade = OxmlElement("w:shd")
                shade.set(qn("w:val"), "clear")
                shade.set(qn("w:fill"), PALE.hexval()[2:].upper())
                cell._tc.get_or_add_tcPr().append(shade)
    document.add_paragraph().paragraph_format.space_after = Pt(0)


def _without_times(written: io.BytesIO, target: Path) -> None:
    """The archive with one fixed time for all parts and without the template's thumbnail picture."""
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename == "docProps/thumbnail.jpeg":
                continue
            if part.filename == "_rels/.rels":
                data = re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", data)
            new.writestr(zipfile.ZipInfo(part.filename, (2026, 2, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def register_fonts() -> None:
    faces = {
        "Sans": ("font_source_sans_pro", "SourceSansPro-Regular"),
        "Sans-Bold": ("font_source_sans_pro", "SourceSansPro-Semibold"),
        "Serif-Bold": ("font_source_serif_pro", "SourceSerifPro-Semibold"),
    }
    for face, (package, file) in faces.items():
        found = importlib.util.find_spec(package)
        if found is None or found.origin is None:
            raise SystemExit(f"The package {package} is missing; the first lines of {__file__} say how to install it.")
        pdfmetrics.registerFont(TTFont(face, Path(found.origin).parent / "files" / f"{file}.ttf"))


if __name__ == "__main__":
    rl_config.invariant = 1
    register_fonts()
    build_pdf("handbook.md", SAMPLES / "employee-handbook.pdf")
    build_pdf("manual.md", SAMPLES / "skua-4-manual.pdf")
    build_docx("security.md", SAMPLES / "security-policy.docx")
