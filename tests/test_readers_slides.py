"""PowerPoint presentations."""

import zipfile
from pathlib import Path

import pytest
from pptx.presentation import Presentation
from pptx.util import Cm

from rag.types import Chunk
from tests.documents import cut, fill_talk, repacked, write_slides, write_zip
from tests.reading import headings, read_here, refusal


def test_a_slide_is_a_page_with_its_title_list_group_table_chart_and_notes(tmp_path: Path) -> None:
    document = read_here(write_slides(tmp_path / "a.pptx", fill_talk))
    assert [page.number for page in document.pages] == [1, 2]
    assert headings(document) == [(1, "Pump maintenance"), (2, "Notes"), (1, "Prices")]
    assert document.pages[0].text == (
        "Pump maintenance\n\n- Check the oil every week.\n- Change the filter in May.\n\nInside the group.\n\n"
        "Notes\n\nSay that the filter costs 40 euros."
    )
    assert document.pages[1].text == "Prices\n\nPart | Price\nFilter | 40 euros\n\n| Failures\n2025 | 7\n2026 | 2.5"


def test_a_kind_of_chart_that_python_pptx_does_not_know_is_read(tmp_path: Path) -> None:
    path = write_slides(tmp_path / "a.pptx", fill_talk)
    with zipfile.ZipFile(path) as archive:
        (chart,) = (name for name in archive.namelist() if name.startswith("ppt/charts/chart"))
    repacked(path, chart, lambda xml: xml.replace(b"c:barChart", b"c:bar3DChart"))
    assert "2026 | 2.5" in read_here(path).pages[1].text


def test_a_place_in_a_presentation_is_called_a_slide() -> None:
    chunk = Chunk("d", "Talk.PPTX", "Talk", 3, "", 0, 5, 0, "Words")
    assert chunk.label == "Talk.PPTX, slide 3"


@pytest.mark.parametrize("name", ["a.pptx", "a.pptm", "a.ppsx"])
def test_slide_shows_and_files_with_macros_are_presentations_too(tmp_path: Path, name: str) -> None:
    path = write_slides(tmp_path / name, fill_talk)
    main = {"a.pptm": b"application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"}.get(
        name, b"application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml"
    )
    usual = b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
    repacked(path, "[Content_Types].xml", lambda xml: xml.replace(usual, main))
    assert len(read_here(path).pages) == 2


def test_a_broken_slide_costs_only_itself_and_is_named(tmp_path: Path) -> None:
    path = write_slides(tmp_path / "a.pptx", fill_talk)
    repacked(path, "ppt/slides/slide1.xml", lambda xml: xml.replace(b"p:spTree", b"p:other"))
    document = read_here(path)
    assert [page.text[:6] for page in document.pages] == ["", "Prices"]
    assert document.gaps == ("left out, because damaged: slide 1",)


def test_shapes_are_read_from_top_to_bottom_and_footers_are_left_out(tmp_path: Path) -> None:
    def fill(presentation: Presentation) -> None:
        slide = presentation.slides.add_slide(presentation.slide_layouts[6])
        for words, top in (("below", 9), ("above", 2)):
            slide.shapes.add_textbox(Cm(1), Cm(top), Cm(9), Cm(1)).text_frame.text = words
        layout = next(one for one in slide.slide_layout.placeholders if one.placeholder_format.type == 15)
        footer = slide.shapes.clone_placeholder(layout) or slide.placeholders[layout.placeholder_format.idx]
        footer.text_frame.text = "CONFIDENTIAL FOOTER"

    (page,) = read_here(write_slides(tmp_path / "a.pptx", fill)).pages
    assert page.text == "above\n\nbelow"


def test_what_is_no_presentation_is_refused(tmp_path: Path) -> None:
    assert "damaged" in refusal(cut(write_slides(tmp_path / "a.pptx", fill_talk))).reason
    empty = write_zip(tmp_path / "b.pptx", {"[Content_Types].xml": b"<x/>", "ppt/presentation.xml": b"<x/>"})
    assert "damaged" in refusal(empty).reason
