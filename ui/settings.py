"""The settings page: what is loaded, what leaves the machine, where data lies, and each setting with its origin."""

from dataclasses import fields
from pathlib import Path

import streamlit as st

from rag.models import ModelState, model_states
from rag.models.space import readable
from rag.own_settings import own_settings
from rag.settings import Settings, origins
from rag.usage import usage
from rag.wording import counted
from ui.parts.backups import show_backups
from ui.parts.health import show_health
from ui.parts.status import show_status
from ui.parts.text import plain
from ui.session import Engine, open_engine

MEANINGS = {
    "home": "models and library",
    "library": "documents, catalog and vectors",
    "collection": "collection that is filled and asked",
    "embedding_model": "of new collections: name of `models list`, hub id or folder",
    "reranker_model": "cross-encoder that orders what was found: hub id or folder; empty: none",
    "entailment_model": "model of natural language inference that weighs each sentence: hub id or folder; empty: none",
    "generator_model": "name of `models list`, hub id or folder",
    "device": "auto, cpu or cuda",
    "dtype": "auto, float32 or bfloat16",
    "generator_bits": "bits of the generator's weights: 8, 16 or auto, which is 8 for the default generator on "
    "processors with AVX2",
    "chunk_tokens": "tokens in a chunk",
    "chunk_overlap": "tokens repeated from the chunk before",
    "file_megabytes": "larger files are refused",
    "ocr_pages": "pages of a document whose pictures are read as text, seconds for each; 0 switches it off",
    "isolate_readers": "whether files are read in a process of their own, with limits of time and memory",
    "private_addresses": "whether pages of this machine and its own network are fetched when you give their address",
    "kept_versions": "old versions of a document that are kept with text and file; 0 keeps none",
    "version_days": "days after which an old version is not kept any more; 0 keeps it without end",
    "top_k": "passages retrieved for a question",
    "prompt_passages": "of them, those with the nearest lines; the generator reads the likely ones",
    "word_weight": "what the words of a question count beside its meaning; 0 searches by meaning only",
    "diversity": "what likeness to passages that are taken counts against another, from 0 to 1",
    "minimum_score": "score under which a passage counts as not found",
    "minimum_evidence": "certainty of the nearest line under which it is not answered, where no generator is asked",
    "minimum_answerable": "probability that the nearest lines hold an answer under which a question is not answered",
    "generator_refuses": "the generator, too, is told how to refuse; `None` or `auto`: unless it is one of the small "
    "ones that Footnote knows by name, which then refuse too much",
    "exact_rows": "chunks up to which the search is exact",
    "prompt_tokens": "tokens for instruction, passages and question",
    "answer_tokens": "tokens at which an answer is cut, with a mark",
}
_WIDTHS = {"Setting": 130, "Value": 180, "From": 140, "Meaning": 250}  # pixels; 700 in all
_ROW = 35  # pixels of a table row


def show() -> None:
    """Read top-down: models, network, data, its health and backups, settings."""
    engine = open_engine()
    with st.sidebar:
        show_status(engine)
    st.title("Settings")
    if engine.state.can_answer or engine.state.failure:
        _models(engine)
    else:
        _models_on_their_way(engine)
    _network()
    _data(engine)
    _settings(engine)


@st.fragment(run_every=1.0)
def _models_on_their_way(engine: Engine) -> None:
    """Drawn every second; once all are there, the page is drawn anew."""
    if engine.state.can_answer or engine.state.failure:
        st.rerun()
    _models(engine)


def _models(engine: Engine) -> None:
    st.subheader("Models")
    states = {state.name: state for state in model_states(engine.settings)}
    finds, writes = st.columns(2)
    with finds.container(border=True):
        loaded = engine.queue.is_started
        _model("Finds passages", engine.embedding_model, states, loaded=loaded)
        st.caption(f"Search: {_search(engine)}" if loaded else engine.state.text)
        if engine.settings.reranker_model:
            st.caption(f"Ordered by {plain(engine.settings.reranker_model)}")
        if engine.embedding_model != engine.settings.embedding_model:
            st.caption(f"New collections take {plain(engine.settings.embedding_model)}.")
    with writes.container(border=True):
        loaded = engine.state.can_answer
        _model("Writes answers", engine.settings.generator_model, states, loaded=loaded)
        st.caption(f"Runs on {_device(engine.settings)}" if loaded else engine.state.text)
        if engine.settings.entailment_model:
            st.caption(f"Sentences weighed by {plain(engine.settings.entailment_model)}")


def _model(role: str, name: str, states: dict[str, ModelState], *, loaded: bool) -> None:
    state = states.get(name)
    details = (
        f"{readable(state.bytes)} · licence {state.licence} · from {state.source}" if state else "a folder of yours"
    )
    st.caption(role)
    st.markdown(f"**{plain(name)}**")
    st.markdown(f"{':material/check: loaded' if loaded else ':material/hourglass: not loaded'} · {plain(details)}")


def _search(engine: Engine) -> str:
    passages = counted(engine.library.store.count(), "passage")
    return f"{passages}, {'exact' if engine.library.store.search_kind() == 'exact' else 'HNSW index'}"


def _device(settings: Settings) -> str:
    from rag.devices import choose_device, choose_dtype  # torch, which is there once a model is loaded

    device = choose_device(settings.device)
    return f"{device}, {str(choose_dtype(settings.dtype, device)).removeprefix('torch.')}"


def _network() -> None:
    host, port = st.get_option("server.address") or "127.0.0.1", st.get_option("server.port")
    st.subheader("Network")
    st.markdown(
        f":material/lock: **0 outbound connections configured.** The page listens on {host}:{port}. Documents, "
        "questions and answers stay on this machine; the network is used only to fetch a model that is missing, "
        "or a page of the web whose address you give."
    )
    if host not in ("127.0.0.1", "localhost", "::1"):
        st.warning(
            "Other machines can reach this page, and it asks nobody for a password. Set server.address to 127.0.0.1 in "
            ".streamlit/config.toml to keep it to this machine.",
            icon=":material/warning:",
        )


def _data(engine: Engine) -> None:
    parts = usage(engine.settings)
    st.subheader("Data")
    st.caption(f"{readable(sum(part.bytes for part in parts))} in all")
    st.dataframe(
        [{"What": part.name, "Size": readable(part.bytes), "Where": str(part.folder)} for part in parts],
        hide_index=True,
    )
    show_health(engine)
    show_backups(engine)


def _settings(engine: Engine) -> None:
    settings = engine.settings
    st.subheader("Settings")
    st.caption(
        f"Change them in {plain(str(Path('footnote.toml').absolute()))} or as environment variables "
        "(FOOTNOTE\\_TOP\\_K=8), then start again."
    )
    collection = engine.library.catalog.collection(settings.collection)
    if collection is not None and (own := own_settings(collection)):
        named = ", ".join(f"{name} = {value}" for name, value in own.items())
        st.caption(plain(f"“{collection.title}”, which is open, has of its own: {named}"))
    origin = origins()
    rows = [
        {
            "Setting": name,
            "Value": _value(settings, name),
            "From": origin[name],
            "Meaning": MEANINGS[name].replace("`", ""),
        }
        for name in (entry.name for entry in fields(settings))
    ]
    widths = {name: st.column_config.TextColumn(width=width) for name, width in _WIDTHS.items()}
    st.dataframe(rows, hide_index=True, height=_ROW * (len(rows) + 1) + 3, column_config=widths)


def _value(settings: Settings, name: str) -> str:
    return str(settings.library_folder if name == "library" else getattr(settings, name))
