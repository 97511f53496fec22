"""Deleting documents, after a question."""

import streamlit as st

from rag.catalog import Conversation, DocumentRecord
from rag.deletion import Receipt, delete_document, quoting
from rag.errors import FootnoteError
from rag.wording import counted, fits
from ui.parts.confirm import confirm
from ui.parts.dialogs import dialog
from ui.parts.page_view import forget_pages
from ui.parts.text import plain
from ui.session import Engine

_NAMED = 12  # documents listed before they are deleted, and receipts after
_QUOTING = 5  # conversations named before a deletion
_RECEIPTS = "receipts"
_IN_MEMORY = "Pictures and texts of its pages in memory were dropped."


def delete_dialog(engine: Engine, documents: list[DocumentRecord]) -> None:
    """Asks first; what is deleted is gone."""
    dialog(f"Delete {counted(len(documents), 'document')}?")(_ask)(engine, documents)


def _ask(engine: Engine, documents: list[DocumentRecord]) -> None:
    one = "It leaves the answers at once, with its passages, earlier versions and kept copy. Your file stays."
    some = "They leave the answers at once, with their passages, earlier versions and kept copies. Your files stay."
    st.write(fits(len(documents), one, some))
    more = len(documents) - _NAMED
    names = [plain(document.name) for document in documents[:_NAMED]]
    st.markdown("\n".join(f"- {name}" for name in names) + (f"\n- and {more:,} more" if more > 0 else ""))
    it = fits(len(documents), "it", "them")
    quotes = ask_for_quotes(quoting(engine.library, documents), it)
    if not engine.queue.is_started:
        st.warning("The embedding model is still loading: documents can be deleted in a moment.")
    if confirm("Delete", disabled=not engine.queue.is_started):
        _delete(engine, documents, quotes=quotes)


def ask_for_quotes(conversations: list[Conversation], it: str = "them") -> bool:
    """Whether what the answers in these conversations say of documents ("them"), or of "it", is to go as well."""
    titles = [conversation.title for conversation in conversations]
    if not titles:
        return False
    more = f" and {len(titles) - _QUOTING:,} more" if len(titles) > _QUOTING else ""
    named = ", ".join(f"“{plain(title)}”" for title in titles[:_QUOTING])
    where = counted(len(titles), "conversation")
    st.markdown(f"Answers quote {it}, or keep {it} among the passages they read, in {where}: {named}{more}.")
    return st.checkbox("Take the quotes out of these answers as well", key="delete-quotes")


def _delete(engine: Engine, documents: list[DocumentRecord], *, quotes: bool) -> None:
    try:
        with st.spinner(f"Deleting {counted(len(documents), 'document')}…"):
            receipts = [delete_document(engine.library, document.id, quotes=quotes) for document in documents]
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    forget_pages()  # the engine lets go of what the models keep
    if given := [receipt for receipt in receipts if receipt is not None]:  # none in a window that was late
        st.session_state[_RECEIPTS] = given
    st.query_params.clear()
    st.rerun()


def forget_texts(engine: Engine) -> None:
    """Drops what memory holds of texts that were deleted: pages that were shown, and what the models keep."""
    forget_pages()
    if engine.assistant is not None:
        engine.assistant.forget()


def show_receipts() -> None:
    """What the last deletion took away, until it is closed."""
    receipts: list[Receipt] = st.session_state.get(_RECEIPTS, [])
    if not receipts:
        return
    with st.container(border=True, key="receipts"):
        gone = all(not receipt.left for receipt in receipts)
        icon = ":material/receipt_long:" if gone else ":material/error:"
        st.markdown(f"{icon} **Deleted: {counted(len(receipts), 'document')}**")
        for receipt in receipts[:_NAMED]:
            with st.expander(plain(receipt.name), expanded=len(receipts) == 1):
                st.markdown("\n".join(f"- {plain(line)}" for line in (*receipt.lines, _IN_MEMORY)))
                st.caption(f"sha256 {receipt.document_id}")
        with st.container(horizontal=True):
            st.download_button(
                "Save the receipt", _as_text(receipts), "receipt.txt", icon=":material/download:", on_click="ignore"
            )
            st.button("Close", on_click=st.session_state.pop, args=(_RECEIPTS,), key="close-receipts")


def _as_text(receipts: list[Receipt]) -> str:
    parts = [[receipt.name, f"sha256 {receipt.document_id}", *receipt.lines, _IN_MEMORY] for receipt in receipts]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"
