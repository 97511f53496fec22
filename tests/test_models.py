"""The model store: its table, what is here, and its commands."""

import hashlib
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import rag.models.pull
import rag.models.store
import rag.models.table
import rag.models.wheels
from rag.__main__ import main
from rag.errors import ModelUnavailable
from rag.models import State, add_model, ensure_model, find_model, model_states, verify_model
from rag.models.child import ROOT
from rag.models.table import MODELS, Assembly
from rag.settings import Settings
from tests.model_sources import FILES, contents, know, leftovers, offer, row, wheels_of, write_wheels

pytestmark = pytest.mark.usefixtures("no_sources")


def test_every_row_is_complete_and_distinct() -> None:
    assert len({model.name.lower() for model in MODELS}) == len(MODELS)
    for model in MODELS:
        assert len(model.revision) == (40 if model.hub else 0), model.name
        assert model.hub or model.upstream.startswith("https://"), model.name
        assert all(len(file.sha256) == 64 and file.bytes > 0 for file in model.files), model.name
        assert len({wheel.member for wheel in model.wheels}) == len(model.wheels), model.name
        assert (model.converted_bytes > 0) == model.files[0].path.endswith(".gguf"), model.name


def test_the_models_of_the_settings_are_rows_of_their_role() -> None:
    roles = {model.name: model.role.value for model in MODELS}
    assert roles[Settings().embedding_model] == "embedding"
    assert roles[Settings().generator_model] == "generator"


def test_a_row_is_found_by_name_or_hub_id_whatever_its_case() -> None:
    for name in ("ALL-minilm-L6-V2", "sentence-transformers/all-MiniLM-L6-v2"):
        found = rag.models.table.find_row(name)
        assert found is not None
        assert found.name == "all-MiniLM-L6-v2"


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_settings: Settings) -> Path:
    """A pulled model, and no source left."""
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    folder = ensure_model("tiny", model_settings)
    (tmp_path / "links" / "tiny_part0-1.0-py3-none-any.whl").unlink()
    return folder


def test_a_present_model_needs_no_network_and_no_process(
    present: Path, monkeypatch: pytest.MonkeyPatch, model_settings: Settings
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a present model must not reach out")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    began = time.perf_counter()
    assert ensure_model("tiny", model_settings) == present
    assert time.perf_counter() - began < 0.05


def test_importing_the_store_loads_nothing_heavy() -> None:
    code = (
        "import sys, rag.models, rag.models.commands; "
        "print({'torch', 'transformers', 'huggingface_hub', 'gguf', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_cut_file_is_found_on_opening_and_fetched_again(
    present: Path, tmp_path: Path, model_settings: Settings
) -> None:
    (present / "model.safetensors").write_bytes(b"cut")
    assert find_model("tiny", model_settings) is None
    assert model_states(model_settings)[0].state is State.DAMAGED
    write_wheels(tmp_path / "links", wheels_of(row(Assembly.FOLDER)))
    assert contents(ensure_model("tiny", model_settings)) == FILES
    assert leftovers(model_settings) == []


def test_a_changed_byte_is_found_by_verify(present: Path, model_settings: Settings) -> None:
    assert verify_model("tiny", model_settings) == present
    data = bytearray(FILES["model.safetensors"])
    data[7] ^= 1
    (present / "model.safetensors").write_bytes(data)
    with pytest.raises(ModelUnavailable, match="pull --again tiny") as caught:
        verify_model("tiny", model_settings)
    assert hashlib.sha256(data).hexdigest() in str(caught.value)


def test_a_changed_manifest_does_not_vouch_for_changed_weights(present: Path, model_settings: Settings) -> None:
    other = b"y" * len(FILES["model.safetensors"])
    (present / "model.safetensors").write_bytes(other)
    old, new = (hashlib.sha256(data).hexdigest() for data in (FILES["model.safetensors"], other))
    manifest = present / "manifest.json"
    manifest.write_text(manifest.read_text().replace(old, new))
    with pytest.raises(ModelUnavailable, match="sha256"):
        verify_model("tiny", model_settings)


def test_a_folder_is_used_as_it_is(present: Path, model_settings: Settings) -> None:
    assert ensure_model(str(present), model_settings) == present
    assert find_model(str(present.parent), model_settings) is None


@pytest.mark.parametrize("name", ["no-such-model", "/no/such/folder", "..", ""])
def test_an_unknown_name_lists_the_known_ones(name: str, model_settings: Settings) -> None:
    with pytest.raises(ModelUnavailable, match=r"all-mpnet-base-v2|no model folder"):
        ensure_model(name, model_settings)


def test_files_of_a_folder_replace_the_network(present: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "other")
    assert contents(ensure_model("tiny", other, given=present)) == FILES
    (present / "config.json").write_bytes(b"x" * len(FILES["config.json"]))
    with pytest.raises(ModelUnavailable) as caught:
        ensure_model("tiny", other, given=present, again=True)
    assert f"{present / 'config.json'} is refused" in str(caught.value)
    assert "leave out --from" in str(caught.value)
    (present / "config.json").unlink()
    with pytest.raises(ModelUnavailable, match="does not hold config.json"):
        ensure_model("tiny", other, given=present, again=True)
    assert find_model("tiny", other) is not None, "a failed pull leaves the old model in its place"


def test_an_added_folder_is_referenced_and_watched(present: Path, tmp_path: Path, model_settings: Settings) -> None:
    mine = tmp_path / "mine"
    present.rename(mine)
    add_model("my-model", mine, model_settings, role="embedding")
    assert ensure_model("my-model", model_settings) == mine
    assert [state.name for state in model_states(model_settings)] == ["tiny", "my-model"]
    assert verify_model("my-model", model_settings) == mine
    (mine / "model.safetensors").unlink()
    with pytest.raises(ModelUnavailable, match="is gone or has changed"):
        ensure_model("my-model", model_settings)
    assert (mine / "config.json").is_file()


@pytest.mark.parametrize(
    ("name", "words"), [("tiny", "name of the table"), ("a/b", "cannot be a name"), ("mine", "not a model")]
)
def test_what_cannot_be_added_is_refused(name: str, words: str, present: Path, model_settings: Settings) -> None:
    folder = present.parent if name == "mine" else present
    with pytest.raises(ModelUnavailable, match=words):
        add_model(name, folder, model_settings)


def test_a_model_that_nobody_can_pull_is_not_to_be_pulled(
    model_settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTE_HOME", str(model_settings.home))
    for action in ("path", "verify"):
        assert main(["models", action, "../tiny"]) == 1
        assert "There is no model '../tiny'" in capsys.readouterr().err
    assert main(["models", "path", "all-MiniLM-L6-v2"]) == 1
    assert "Fetch it: python -m rag models pull all-MiniLM-L6-v2" in capsys.readouterr().err


def test_verifying_nothing_is_no_success(
    model_settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTE_HOME", str(model_settings.home))
    assert main(["models", "verify"]) == 1
    assert "No model is here" in capsys.readouterr().err


def test_the_commands_tell_licence_state_and_path(
    present: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "new"))
    monkeypatch.setenv("FOOTNOTE_EMBEDDING_MODEL", "tiny")
    assert main(["models", "path", "tiny"]) == 1
    assert "models pull tiny" in capsys.readouterr().err
    assert main(["models", "pull", "--role", "embedding", "--from", str(present)]) == 0
    assert capsys.readouterr().out.count("licence Apache-2.0, as stated by https://huggingface.co/someone/tiny") == 2
    assert main(["models", "pull", "tiny"]) == 0
    assert capsys.readouterr().out == "tiny is ready.\n"
    assert main(["models", "list"]) == 0
    listed = capsys.readouterr().out
    assert all(word in listed for word in ("tiny", "embedding", "128 kB", "Apache-2.0", "ready", f"folder {present}"))
    assert main(["models", "path", "tiny"]) == 0
    folder = Path(capsys.readouterr().out.strip())
    assert main(["models", "verify"]) == 0
    (folder / "config.json").write_text("changed")
    assert main(["models", "verify"]) == 1
