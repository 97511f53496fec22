"""Builds the PDF and DOCX samples from the Markdown beside this file: `python docs/samples/build.py`.

Markdown here is a small part of the language: `#` starts a new page, `##` is a heading, `|` a table row, `-` a list.
"""

from pathlib import Path

import docx
from reportlab import rl_config
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph, Spacer, Table

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "samples"
INK, ACCENT, PALE = colors.HexColor("#1d2733"), colors.HexColor("#0b6e72"), colors.HexColor("#e8f1f1")
BASE = getSampleStyleSheet()["BodyText"]
BODY = ParagraphStyle("body", BASE, fontName="Helvetica", fontSize=10.5, leading=15, textColor=INK, spaceAfter=6)
TITLE = ParagraphStyle("title", BODY, fontName="Helvetica-Bold", fontSize=19, leading=24, textColor=ACCENT, spaceAfter=10)
HEAD = ParagraphStyle("head", BODY, fontName="Helvetica-Bold", fontSize=12.5, leading=17, spaceBefore=8)
ITEM = ParagraphStyle("item", BODY, leftIndent=12, bulletIndent=2)
CELL = ParagraphStyle("cell", BODY, fontSize=9.5, leading=12.5, spaceAfter=0)


class Pdf(BaseDocTemplate):
    def __init__(self, file: Path, title: str) -> None:
        super().__init__(str(file), pagesize=A4, title=title, author="Halden Instruments", margin=25 * mm)
        frame = Frame(25 * mm, 24 * mm, A4[0] - 50 * mm, A4[1] - 50 * mm, id="text")
        self.addPageTemplates(PageTemplate("page", [frame], onPage=self.furniture))
        self.name = title

    def furniture(self, canvas, _document) -> None:
        canvas.setFont("Helvetica", 8.5)
        canvas.setFillColor(colors.HexColor("#66727f"))
        canvas.drawString(25 * mm, 14 * mm, self.name)
        canvas.drawRightString(A4[0] - 25 * mm, 14 * mm, f"Page {canvas.getPageNumber()}")

    def afterFlowable(self, flowable) -> None:  # noqa: N802 (reportlab's name)
        if isinstance(flowable, Paragraph) and flowable.style.name in ("title", "head"):
            key = f"h{id(flowable)}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key, 0 if flowable.style.name == "title" else 1)


def blocks(source: Path) -> list[tuple[str, object]]:
    """(kind, content) of each block: title, head, item, text, or table with its rows."""
    found: list[tuple[str, object]] = []
    for paragraph in source.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in paragraph.strip().splitlines() if line]
        if not lines:
            continue
        if lines[0].startswith("|"):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("|-")]
            found.append(("table", rows))
        elif lines[0].startswith("#"):
            kind = "head" if lines[0].startswith("##") else "title"
            found.append((kind, lines[0].lstrip("# ")))
        elif lines[0].startswith("- "):
            found += [("item", line[2:]) for line in lines]
        else:
            found.append(("text", " ".join(lines)))
    return found


def column_widths(rows: list[list[str]]) -> list[float]:
    """Widths that keep each row on one line where the page allows it."""
    longest = [max(len(row[column]) for row in rows) * 4.9 + 16 for column in range(len(rows[0]))]
    scale = min(1.0, (A4[0] - 50 * mm) / sum(longest))
    return [width * scale for width in longest]


def build_pdf(source: Path, target: Path) -> None:
    parts = blocks(source)
    story: list = []
    for kind, content in parts:
        if kind == "title":
            story += [PageBreak()] if story else []
            story.append(Paragraph(content, TITLE))
        elif kind == "table":
            rows = [[Paragraph(cell, CELL) for cell in row] for row in content]
            table = Table(rows, colWidths=column_widths(content), repeatRows=1, hAlign="LEFT", spaceBefore=4, spaceAfter=8)
            table.setStyle([("BACKGROUND", (0, 0), (-1, 0), PALE), ("LINEBELOW", (0, 0), (-1, -1), 0.4, ACCENT)])
            story.append(table)
        elif kind == "item":
            story.append(Paragraph(content, ITEM, bulletText="•"))
        else:
            story.append(Paragraph(content, HEAD if kind == "head" else BODY))
    story.append(Spacer(1, 1))
    Pdf(target, str(parts[0][1])).build(story)


def build_docx(source: Path, target: Path) -> None:
    document = docx.Document()
    for kind, content in blocks(source):
        if kind == "table":
            table = document.add_table(rows=0, cols=len(content[0]), style="Light Grid Accent 1")
            for row in content:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        else:
            styles = {"title": "Heading 1", "head": "Heading 2", "item": "List Bullet", "text": None}
            document.add_paragraph(content, style=styles[kind])
    document.core_properties.title = "Information security policy"
    document.save(target)


if __name__ == "__main__":
    rl_config.invariant = 1
    build_pdf(HERE / "handbook.md", SAMPLES / "employee-handbook.pdf")
    build_pdf(HERE / "manual.md", SAMPLES / "skua-4-manual.pdf")
    build_docx(HERE / "security.md", SAMPLES / "security-policy.docx")
