"""The page that a passage stands on: as a picture with the marked sentences, or as the text that was read of it."""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ingest.page_picture import NoPicture, PagePicture, draw_page
from ingest.readers import PICTURES
from rag import originals
from rag.catalog import ANSWERING, DocumentRecord, DocumentState, Version
from rag.cited_rows import rows_of
from rag.sheets import Sheet, are_pages, number_of, sheets
from rag.types import Chunk, RecognisedLine, Span
from rag.versions import ANOTHER_NOW, has_another, passages_of
from ui.parts.changes import show_changes
from ui.parts.dialogs import dialog
from ui.parts.text import READABLE, marked, moment, passage, plain, shortened, sure
from ui.session import Engine

_PICTURE, _TEXT, _PASSAGES = "Picture", "Text", "Passages"
_CITED, _CURRENT, _CHANGES = "Version cited", "Current version", "What changed"
_DIALOG = "page-dialog"  # how many were opened: each begins at its page, whatever the last one was turned to
_WIDTH = 880  # pixels: a page is as wide as on paper, and the answer stays in sight
_KEPT = 24  # pictures, and texts of documents, kept in memory
_STYLE = (
    """<style>
.sheet {position: relative; overflow: auto; max-height: calc(100vh - 10.5rem);
  border: 1px solid rgba(128, 128, 128, .35); border-radius: 4px}
@media (max-width: 640px) {.sheet {max-height: calc(100vh - 14rem)}}
.sheet img {display: block; width: 100%; min-width: 40rem; height: auto}
.sheet .place {position: absolute; left: 0; width: 1px; height: 1px}
.sheet .text {white-space: pre-wrap; overflow-wrap: anywhere; font-size: .95em; line-height: 1.55; padding: .8rem 1rem}
.sheet mark {background: rgba(255, 206, 84, .45); color: inherit; border-radius: 2px}
"""
    + READABLE
    + "</style>"
)
_TO_MARK = """<script>
{
  const mark = document.querySelector(".sheet .place, .sheet mark"), sheet = mark?.closest(".sheet");
  const top = (element) => element.getBoundingClientRect().top;
  if (sheet) sheet.scrollTop += top(mark) - top(sheet) - sheet.clientHeight / 3;
}
</script>"""


@dataclass(frozen=True)
class Cited:
    """A passage that is looked at, and the stretches of its text that are marked."""

    chunk: Chunk
    marks: tuple[Span, ...]


def page_button(engine: Engine, chunk: Chunk, marks: Sequence[Span], *, key: str) -> None:
    """A button that opens the page of a passage; where nothing is marked, all of the passage is."""
    label = "Show in its place" if chunk.page is None else "Show page"
    if st.button(label, icon=":material/find_in_page:", type="tertiary", key=key):
        st.session_state[_DIALOG] = st.session_state.get(_DIALOG, 0) + 1
        view = dialog(plain(shortened(chunk.document_name)), width=_WIDTH, position="right")(_page_view)
        view(engine, Cited(chunk, tuple(marks) or (Span(0, len(chunk.text)),)))


def forget_pages() -> None:
    """Drops what is kept in memory, also of documents that were deleted."""
    _picture.clear()
    _sheets.clear()


def _page_view(engine: Engine, cited: Cited) -> None:
    record = engine.library.catalog.document(engine.settings.collection, cited.chunk.document_id)
    key = f"{_DIALOG}-{st.session_state[_DIALOG]}"
    version = engine.library.catalog.version_of(engine.settings.collection, cited.chunk.document_id)
    if record is not None and record.state in ANSWERING:
        show_pages(engine, record, cited, key=key)
    elif version is not None:
        _show_version(engine, version, cited, key=key)
    else:
        st.info(f"{_missing(engine, cited)} The passage as it was cited:")
        _show_text(cited.chunk.document_name, cited.chunk.text, cited.marks)


def _show_version(engine: Engine, version: Version, cited: Cited, *, key: str) -> None:
    """A document that has changed since: the version that was cited, the current one, or what changed."""
    current = engine.library.catalog.document(engine.settings.collection, version.current)
    views = (_CITED, _CURRENT, _CHANGES) if current is not None else (_CITED,)
    st.info(f"This document has changed on {moment(version.left_at)}.", icon=":material/history:")
    view = st.segmented_control(
        "Version", views, default=_CITED, required=True, key=f"{key}-version", label_visibility="collapsed"
    )
    if view == _CURRENT and current is not None:
        show_pages(engine, current, key=f"{key}-current")
    elif view == _CHANGES and current is not None:
        show_changes(engine, current, version)
    elif version.is_kept:
        show_pages(engine, _as_record(version), cited, key=key)
    else:
        st.caption("The version cited is no longer kept. The passage as it was cited:")
        _show_text(cited.chunk.document_name, cited.chunk.text, cited.marks)


def _as_record(version: Version) -> DocumentRecord:
    """An old version as a document, to be looked at like one."""
    return DocumentRecord(
        version.document_id,
        version.name,
        version.name,
        version.pages,
        version.chunks,
        version.size,
        version.added_at,
        DocumentState.READY,
        (),
    )


def _missing(engine: Engine, cited: Cited) -> str:
    """Why the page of a passage cannot be shown."""
    catalog = engine.library.catalog
    found = [catalog.collection(name) for name in catalog.holders(cited.chunk.document_id)]
    titles = [entry.title for entry in found if entry is not None and entry.name != engine.settings.collection]
    if titles:
        return f"This document is in collection {plain(titles[0])}: open that to see its pages."
    if has_another(engine.library, cited.chunk):
        return ANOTHER_NOW
    return "This document is no longer in the library."


def show_pages(engine: Engine, record: DocumentRecord, cited: Cited | None = None, *, key: str) -> None:
    """A document page by page, or part by part; read top-down: which page, picture or text."""
    file = originals.find(engine.library.folder, record.id)
    read = _sheets(str(engine.library.folder), record.id, engine) if engine.queue.is_started else {}
    paged = _is_pdf(file) or are_pages(read)
    rows = rows_of(cited.chunk, read) if cited else {}
    own = (cited.chunk.page if paged else next(iter(rows), number_of(cited.chunk, read))) if cited else 1
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        number = _choose_number(own or 1, record.pages if paged else len(read), "Page" if paged else "Part", key)
        views = (_PICTURE, _TEXT, _PASSAGES) if _is_drawn(file) else (_TEXT, _PASSAGES)
        view = st.segmented_control(
            "View", views, default=views[0], required=True, key=_view(key), label_visibility="collapsed"
        )
        _download(record, file)
    here = cited if number == own else None
    page = number if paged else None
    _show_recognition(engine, record, page)
    if view == _PICTURE and file is not None and _show_picture(engine, record, file, number, page, here):
        return
    if not engine.queue.is_started:
        _show_before_loading(here)
    elif view == _PASSAGES:
        _show_passages(read.get(number), here)
    else:
        _show_sheet(record.name, read.get(number), here, rows.get(number, ()))


def _choose_number(own: int, last: int, word: str, key: str) -> int:
    """Steps from page to page, beginning with the cited one."""
    number = min(max(1, int(st.session_state.setdefault(_shown(key), own))), max(1, last))
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        st.button("Previous", key=f"{key}-back", on_click=_turn_to, args=(key, number - 1), disabled=number <= 1)
        st.markdown(f"{word} {number:,} of {max(1, last):,}", width="content")
        st.button("Next", key=f"{key}-on", on_click=_turn_to, args=(key, number + 1), disabled=number >= last)
    return number


def _turn_to(key: str, number: int) -> None:
    st.session_state[_shown(key)] = number


def _shown(key: str) -> str:
    """Where the number of the page in a view is remembered."""
    return f"{key}-shown"


def _view(key: str) -> str:
    return f"{key}-view"


def _download(record: DocumentRecord, file: Path | None) -> None:
    if file is not None:
        st.download_button(
            "Original", file.read_bytes, file_name=record.name, icon=":material/download:", on_click="ignore"
        )


def _is_pdf(file: Path | None) -> bool:
    return file is not None and file.suffix == ".pdf"


def _is_drawn(file: Path | None) -> bool:
    return _is_pdf(file) or (file is not None and file.suffix in PICTURES)


def _show_recognition(engine: Engine, record: DocumentRecord, page: int | None) -> None:
    confidence = engine.library.catalog.recognised(engine.settings.collection, record.id).get(page)
    if page is not None and confidence is not None:
        st.caption(f":material/document_scanner: A picture whose text was recognised, {sure(confidence)}.")


def _show_picture(
    engine: Engine, record: DocumentRecord, file: Path, number: int, page: int | None, here: Cited | None
) -> bool:
    """Whether there is one; else says why."""
    lines = engine.library.catalog.recognised_lines(engine.settings.collection, record.id, page) if here else ()
    try:
        with st.spinner("Drawing the page…"):
            picture = _picture(file, number, record.name, here, lines)
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


def _show_before_loading(here: Cited | None) -> None:
    st.caption("The whole text can be read once the embedding model is loaded.")
    if here is not None:
        _show_text(here.chunk.document_name, here.chunk.text, here.marks)


def _show_sheet(name: str, sheet: Sheet | None, here: Cited | None, rows: Sequence[Span]) -> None:
    """`rows` are those of a table that were calculated with."""
    if sheet is None:
        st.info("No text was read of this page.", icon=":material/article:")
    else:
        _show_text(name, sheet.text, rows or (sheet.spans(here.chunk, here.marks) if here else ()))


def _show_passages(sheet: Sheet | None, here: Cited | None) -> None:
    """How the page was cut for the search."""
    chunks = sheet.chunks if sheet else ()
    word = "passage" if len(chunks) == 1 else "passages"
    st.caption(f"{len(chunks)} {word}: what is found and cited as one. Neighbours may share some lines.")
    for chunk in chunks:
        _html(
            f'<div class="sheet"><div class="text"><b>{html.escape(chunk.heading or chunk.title)}</b>\n'
            f"{marked(chunk.text, here.marks if here and here.chunk == chunk else ())}</div></div>"
        )


def _show_text(name: str, text: str, marks: Sequence[Span]) -> None:
    _html(f'<div class="sheet"><div class="text">{passage(name, text, marks)}</div></div>')


def _html(body: str) -> None:
    """The script is ours and constant; `body` holds nothing of a document that is not escaped."""
    st.html(f"{_STYLE}{body}{_TO_MARK}", unsafe_allow_javascript=True)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _picture(file: Path, number: int, name: str, here: Cited | None, lines: tuple[RecognisedLine, ...]) -> PagePicture:
    if here is None:
        return draw_page(file, number, name=name)
    return draw_page(file, number, name=name, chunk=here.chunk, marks=here.marks, lines=lines)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _sheets(library: str, document_id: str, _engine: Engine) -> dict[int, Sheet]:
    """Of a document, or of an old version of one."""
    library = _engine.library
    if library.catalog.document(library.collection, document_id) is not None:
        return sheets(library.passages(document_id))
    version = library.catalog.version_of(library.collection, document_id)
    return sheets(passages_of(library, version) if version is not None else ())
