"""The page that a passage stands on: as a picture with the marked sentences, or as the text that was read of it."""

import base64
import html
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ingest import originals
from ingest.page_picture import NoPicture, PagePicture, draw_page
from rag.catalog import DocumentRecord, DocumentState
from rag.sheets import Sheet, number_of, sheets
from rag.types import Chunk, Span
from ui.parts.text import marked, plain
from ui.session import Engine

_SHOWN = "sheet-shown"  # number of the page or stretch in the open view
_PICTURE, _TEXT = "Picture", "Text"
_WIDTH = 880  # pixels: a page is as wide as on paper, and the answer stays in sight
_KEPT = 24  # pictures, and texts of documents, kept in memory
_STYLE = """<style>
.sheet {position: relative; overflow: auto; max-height: calc(100vh - 10.5rem); min-height: 12rem;
  border: 1px solid rgba(128, 128, 128, .35); border-radius: 4px}
@media (max-width: 640px) {.sheet {max-height: calc(100vh - 14rem)}}
.sheet img {display: block; width: 100%; min-width: 40rem; height: auto}
.sheet .place {position: absolute; left: 0; width: 1px; height: 1px}
.sheet .text {white-space: pre-wrap; overflow-wrap: anywhere; font-size: .95em; line-height: 1.55; padding: .8rem 1rem}
.sheet mark {background: rgba(255, 206, 84, .45); color: inherit; border-radius: 2px}
</style>"""
_TO_MARK = """<script>
{
  const mark = document.querySelector(".sheet .place, .sheet mark"), sheet = mark?.closest(".sheet");
  const top = (element) => element.getBoundingClientRect().top;
  if (sheet) sheet.scrollTop += top(mark) - top(sheet) - sheet.clientHeight / 3;
}
</script>"""


def page_button(engine: Engine, chunk: Chunk, marks: Sequence[Span], *, key: str) -> None:
    """A button that opens the page of a passage; where nothing is marked, all of the passage is."""
    label = "Show in its place" if chunk.page is None else "Show page"
    if st.button(label, icon=":material/find_in_page:", type="tertiary", key=key):
        st.session_state.pop(_SHOWN, None)
        view = st.dialog(plain(chunk.document_name), width=_WIDTH, position="right")(_page_view)
        view(engine, chunk, tuple(marks) or (Span(0, len(chunk.text)),))


def forget_pages() -> None:
    """Drops what is kept in memory, also of documents that were deleted."""
    _picture.clear()
    _sheets.clear()


def _page_view(engine: Engine, chunk: Chunk, marks: tuple[Span, ...]) -> None:
    """Read top-down: is it still there, which page, picture or text."""
    record = engine.library.catalog.document(engine.settings.collection, chunk.document_id)
    if record is None or record.state is not DocumentState.READY:
        st.info("This document is no longer in the library, or in a newer version. The passage as it was cited:")
        _show_text(chunk.text, marks)
        return
    file = originals.find(engine.library.folder, chunk.document_id)
    read = _sheets(str(engine.library.folder), chunk.document_id, engine) if engine.queue.is_started else {}
    own = chunk.page or number_of(chunk, read)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        number = _choose_number(own, record.pages if chunk.page else len(read), "Page" if chunk.page else "Part")
        view = _choose_view() if _is_pdf(file) else _TEXT
        _download(record, file)
    here = (chunk, marks) if number == own else None
    if view == _PICTURE and file is not None and _show_picture(record, file, number, here):
        return
    if engine.queue.is_started:
        _show_sheet(read.get(number), here)
    else:
        st.caption("The passage as it was cited; the whole text can be read once the embedding model is loaded.")
        _show_text(chunk.text, marks)


def _choose_number(own: int, last: int, word: str) -> int:
    """Steps from page to page, beginning with the cited one."""
    number = min(max(1, st.session_state.setdefault(_SHOWN, own)), max(1, last))
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        st.button("Previous", key="page-back", on_click=_turn_to, args=(number - 1,), disabled=number <= 1)
        st.markdown(f"{word} {number:,} of {last:,}", width="content")
        st.button("Next", key="page-on", on_click=_turn_to, args=(number + 1,), disabled=number >= last)
    return number


def _turn_to(number: int) -> None:
    st.session_state[_SHOWN] = number


def _choose_view() -> str:
    return st.segmented_control(
        "View", (_PICTURE, _TEXT), default=_PICTURE, required=True, label_visibility="collapsed"
    )


def _download(record: DocumentRecord, file: Path | None) -> None:
    if file is not None:
        st.download_button(
            "Original", file.read_bytes, file_name=record.name, icon=":material/download:", on_click="ignore"
        )


def _is_pdf(file: Path | None) -> bool:
    return file is not None and file.suffix == ".pdf"


def _show_picture(record: DocumentRecord, file: Path, number: int, here: tuple[Chunk, tuple[Span, ...]] | None) -> bool:
    """Whether there is one; else says why."""
    chunk, marks = here or (None, ())
    try:
        with st.spinner("Drawing the page…", show_time=False):
            picture = _picture(file, number, record.name, chunk, marks)
    except NoPicture as exc:
        st.warning(f"{plain(str(exc))} This is its text as it was read.", icon=":material/broken_image:")
        return False
    alternative = html.escape(f"Page {number} of {record.name}", quote=True)
    place = f'<div class="place" style="top: {picture.top:.2%}"></div>' if picture.top is not None else ""
    data = base64.b64encode(picture.png).decode()
    image = f'<img src="data:image/png;base64,{data}" width="{picture.width}" height="{picture.height}"'
    _html(f'<div class="sheet">{image} alt="{alternative}">{place}</div>')
    if picture.missing:
        st.caption("Not found on the picture, see the text: " + plain(" … ".join(picture.missing)))
    return True


def _show_sheet(sheet: Sheet | None, here: tuple[Chunk, tuple[Span, ...]] | None) -> None:
    if sheet is None:
        st.info("No text was read of this page.", icon=":material/article:")
    else:
        _show_text(sheet.text, sheet.spans(*here) if here else ())


def _show_text(text: str, marks: Sequence[Span]) -> None:
    _html(f'<div class="sheet"><div class="text">{marked(text, marks)}</div></div>')


def _html(body: str) -> None:
    """The script is ours and constant; `body` holds nothing of a document that is not escaped."""
    st.html(f"{_STYLE}{body}{_TO_MARK}", unsafe_allow_javascript=True)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _picture(file: Path, number: int, name: str, chunk: Chunk | None, marks: tuple[Span, ...]) -> PagePicture:
    return draw_page(file, number, name=name, chunk=chunk, marks=marks)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _sheets(library: str, document_id: str, _engine: Engine) -> dict[int, Sheet]:
    return sheets(_engine.library.store.chunks([document_id]))
