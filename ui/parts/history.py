"""The history of a document: its versions, what changed between them, their files."""

import streamlit as st

from rag import originals
from rag.catalog import DocumentRecord, DocumentState, Version
from rag.models.space import readable
from rag.versions import forget_history
from rag.wording import counted, fits
from ui.parts.changes import show_changes
from ui.parts.confirm import confirm
from ui.parts.deletion import forget_texts
from ui.parts.dialogs import dialog
from ui.parts.text import moment, plain
from ui.session import Engine

_WIDTH = 880  # pixels, like that of a page
_SHOWN = 10  # versions shown at once, the last ones first


def show_history(engine: Engine, record: DocumentRecord) -> None:
    """Nothing for a document that never changed."""
    versions = engine.library.catalog.versions(engine.settings.collection, record.id)
    if not versions or record.state is not DocumentState.READY:
        return
    with st.expander(f"History: {counted(len(versions), 'earlier version')}", icon=":material/history:"):
        st.markdown(_line(f"Now, since {moment(record.added_at)}", record))
        nexts: list[Version | None] = [*versions[1:], None]
        pairs = list(zip(versions, nexts, strict=True))[::-1]
        for before, after in pairs[:_SHOWN]:
            _version(engine, record, before, after)
        if (more := len(pairs) - _SHOWN) > 0:
            st.caption(f"And {counted(more, 'version')} before. `python -m rag versions` lists all of them.")
        st.caption(_kept(engine))
        if st.button("Delete earlier versions", icon=":material/delete:", type="tertiary", key="forget-history"):
            _forget(engine, record, len(versions))


def _version(engine: Engine, record: DocumentRecord, version: Version, after: Version | None) -> None:
    changed = f"then {counted(version.came, 'passage')} came and {version.went:,} went"
    name = f" · {plain(version.name)}" if version.name != record.name else ""
    st.markdown(f"{_line(f'{moment(version.added_at)} to {moment(version.left_at)}', version)}{name} · {changed}")
    if not version.is_kept:
        return
    with st.container(horizontal=True, gap="small"):
        shown = st.button("What changed", icon=":material/difference:", type="tertiary", key=f"changes-{version.id}")
        since = after is not None and st.button(
            "All changes since", icon=":material/update:", type="tertiary", key=f"since-{version.id}"
        )
        _download(engine, version)
    if shown or since:
        show = dialog(f"What changed in {plain(record.name)}", width=_WIDTH)(show_changes)
        show(engine, record, version, after if shown else None)


def _line(when: str, facts: DocumentRecord | Version) -> str:
    sizes = f"{readable(facts.size)} · {counted(facts.pages, 'page')} · {counted(facts.chunks, 'passage')}"
    return f"**{when}** · {sizes}"


def _download(engine: Engine, version: Version) -> None:
    file = originals.find(engine.library.folder, version.document_id)
    if file is not None:
        st.download_button(
            "Original",
            file.read_bytes,
            file_name=version.name,
            icon=":material/download:",
            type="tertiary",
            key=f"original-{version.id}",
            on_click="ignore",
        )


def _kept(engine: Engine) -> str:
    days = engine.settings.version_days
    until = f", for {counted(days, 'day')}" if days else ""
    kept = engine.settings.kept_versions
    last = fits(kept, "last earlier version", f"last {kept:,} earlier versions")
    return f"Text and file of the {last} are kept{until}. Only the current version answers."


def _forget(engine: Engine, record: DocumentRecord, count: int) -> None:
    dialog(f"Delete {counted(count, 'earlier version')}?")(_ask)(engine, record)


def _ask(engine: Engine, record: DocumentRecord) -> None:
    st.write(f"Of {plain(record.name)}, with text and file. The current one stays.")
    if confirm("Delete"):
        forget_history(engine.library, engine.settings.collection, record.id)
        forget_texts(engine)
        st.rerun()
