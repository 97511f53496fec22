"""The model store, on small models that a package index and a hub on the loopback deliver."""

import errno
import hashlib
import io
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import rag.models.pull
import rag.models.store
import rag.models.table
import rag.models.wheels
from rag.__main__ import main
from rag.errors import ModelUnavailable
from rag.models import State, add_model, ensure_model, find_model, model_states, verify_model
from rag.models.child import ROOT, Outcome
from rag.models.hub import HubFile, loadable
from rag.models.table import MODELS, Assembly, Model
from rag.models.wheels import _refusal
from rag.settings import Settings
from tests.model_sources import FILES, Server, loopback, row, wheels_of, write_wheels

CLOSED = "http://127.0.0.1:9"  # nothing listens on the port "discard"


@pytest.fixture(autouse=True)
def no_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """No index, no hub, no settings of the machine, unless a test names them."""
    for variable in [name for name in os.environ if name.startswith(("PIP_", "HF_", "FOOTNOTE_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", CLOSED)
    monkeypatch.setenv("PIP_RETRIES", "1")  # pip says why only when it tries again
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def server() -> Iterator[Server]:
    with loopback() as server:
        yield server


def know(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    """Let the table be this one row."""
    monkeypatch.setattr(rag.models.table, "MODELS", (model,))
    monkeypatch.setattr(rag.models.store, "MODELS", (model,))


def offer(monkeypatch: pytest.MonkeyPatch, folder: Path, wheels: dict[str, bytes]) -> None:
    """Let pip find `wheels` in a folder, and nothing else."""
    write_wheels(folder, wheels)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


def contents(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def leftovers(settings: Settings) -> list[Path]:
    return [path for path in (settings.models_folder / ".pull").iterdir() if path.suffix != ".lock"]


# The table


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


# Package index


@pytest.mark.parametrize("assembly", list(Assembly), ids=lambda assembly: assembly.name)
def test_wheels_become_the_files_of_the_table(
    assembly: Assembly, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    model = row(assembly)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    seen: list[tuple[int, int, str]] = []
    folder = ensure_model("tiny", settings, on_progress=lambda done, total, what: seen.append((done, total, what)))
    assert folder == settings.models_folder / "tiny"
    assert contents(folder) == {file.path: FILES[file.path] for file in model.files}
    assert leftovers(settings) == []
    assert all(done <= total for done, total, _ in seen if total)
    assert any("downloading" in what for _, _, what in seen)


def test_a_wrong_hash_is_refused_with_both_hashes_and_nothing_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    changed = {**FILES, "model.safetensors": b"x" * len(FILES["model.safetensors"])}
    offer(monkeypatch, tmp_path / "links", wheels_of(model, changed))
    with pytest.raises(ModelUnavailable) as caught:
        ensure_model("tiny", settings)
    assert hashlib.sha256(changed["model.safetensors"]).hexdigest() in str(caught.value)
    assert hashlib.sha256(FILES["model.safetensors"]).hexdigest() in str(caught.value)
    assert leftovers(settings) == []
    assert find_model("tiny", settings) is None

    write_wheels(tmp_path / "links", wheels_of(model))
    assert contents(ensure_model("tiny", settings)) == FILES


def test_a_pull_that_broke_off_keeps_its_wheels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    model = row(Assembly.ZIP)
    know(monkeypatch, model)
    (first, first_data), (second, second_data) = wheels_of(model).items()
    offer(monkeypatch, tmp_path / "links", {first: first_data})
    with pytest.raises(ModelUnavailable, match=r"tiny-part1==1.0"):
        ensure_model("tiny", settings)
    assert [state.state for state in model_states(settings)] == [State.PARTIAL]

    (tmp_path / "links" / first).unlink()
    write_wheels(tmp_path / "links", {second: second_data})
    assert contents(ensure_model("tiny", settings)) == FILES


def test_a_damaged_wheel_is_deleted_so_that_the_next_pull_fetches_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    model = row(Assembly.ZIP)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    kept = settings.models_folder / ".pull" / "tiny" / "wheels" / "tiny-part0-1.0.whl"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"half a wheel")
    with pytest.raises(ModelUnavailable, match="damaged"):
        ensure_model("tiny", settings)
    assert contents(ensure_model("tiny", settings)) == FILES


def test_a_wheel_whose_packed_bytes_rotted_is_deleted_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in FILES.items():
            archive.writestr(f"{model.wheels[0].member}/{path}", data)
        start = archive.getinfo(f"{model.wheels[0].member}/model.safetensors").header_offset + 100
    rotten = bytearray(buffer.getvalue())
    rotten[start : start + 40] = b"\xff" * 40
    kept = settings.models_folder / ".pull" / "tiny" / "wheels" / "tiny-part0-1.0.whl"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(rotten)
    with pytest.raises(ModelUnavailable, match="damaged"):
        ensure_model("tiny", settings)
    assert contents(ensure_model("tiny", settings)) == FILES


@pytest.mark.parametrize("step", ["_check", "put_in_place"])
def test_a_pull_cut_after_its_download_needs_no_network(
    step: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    with monkeypatch.context() as cut:
        cut.setattr(rag.models.pull, step, lambda *folders: sys.exit("cut"))
        with pytest.raises(SystemExit):
            ensure_model("tiny", settings)
    (tmp_path / "links" / "tiny_part0-1.0-py3-none-any.whl").unlink()
    assert contents(ensure_model("tiny", settings)) == FILES


def test_a_download_that_changed_since_a_cut_pull_is_fetched_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    files = settings.models_folder / ".pull" / "tiny" / "files"
    for path, data in FILES.items():
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        (files / path).write_bytes(b"x" * len(data))
    (files.parent / "origin").write_text("a cut pull")
    assert contents(ensure_model("tiny", settings)) == FILES
    assert model_states(settings)[0].source == "package index"


PULL = """
import sys
from pathlib import Path
import rag.models.store, rag.models.table
from tests.model_sources import row
from rag.models.table import Assembly
from rag.settings import Settings
rag.models.table.MODELS = rag.models.store.MODELS = (row(Assembly.FILE),)
print(rag.models.store.ensure_model("tiny", Settings(home=Path(sys.argv[1]))))
"""


def start_pull(settings: Settings) -> "subprocess.Popen[str]":
    command = [sys.executable, "-W", "error", "-c", PULL, str(settings.home)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_killed_pull_goes_on_with_what_it_has(
    monkeypatch: pytest.MonkeyPatch, server: Server, settings: Settings
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    server.serve_index(wheels_of(row(Assembly.FILE)))
    slow = "/wheels/tiny_part1-1.0-py3-none-any.whl"
    server.stalled.add(slow)
    wheels = settings.models_folder / ".pull" / "tiny" / "wheels"
    with start_pull(settings) as pull:
        wait_for(lambda: slow in server.requests)
        pull.send_signal(signal.SIGKILL)
    assert (wheels / "tiny-part0-1.0.whl").is_file()
    assert list(wheels.glob("fetch-*")), "the killed pull leaves its temporary folder"
    server.stalled.clear()
    server.go_on.set()

    with start_pull(settings) as pull:
        output, errors = pull.communicate(timeout=60)
    assert pull.returncode == 0, errors
    assert contents(Path(output.strip())) == {"model.safetensors": FILES["model.safetensors"]}
    assert server.asked_for("tiny_part0-1.0-py3-none-any.whl") == 1
    assert leftovers(settings) == []


def test_two_pulls_at_once_fetch_once_and_both_succeed(
    monkeypatch: pytest.MonkeyPatch, server: Server, settings: Settings
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    server.serve_index(wheels_of(row(Assembly.FILE)))
    slow = "/wheels/tiny_part0-1.0-py3-none-any.whl"
    server.stalled.add(slow)
    with start_pull(settings) as one, start_pull(settings) as other:
        wait_for(lambda: slow in server.requests)
        time.sleep(1)  # long enough for the second to find the lock held
        assert one.poll() is None
        assert other.poll() is None
        server.go_on.set()
        results = [pull.communicate(timeout=60) for pull in (one, other)]
    assert [one.returncode, other.returncode] == [0, 0], results
    assert results[0][0] == results[1][0]
    assert server.asked_for(slow) == 1
    assert leftovers(settings) == []
    assert find_model(results[0][0].strip(), settings) is None  # a lone weights file is no folder to load
    assert contents(Path(results[0][0].strip())) == {"model.safetensors": FILES["model.safetensors"]}


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


# Trouble


def test_without_network_the_message_says_what_was_tried_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    know(monkeypatch, row(Assembly.FOLDER))
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", CLOSED)
    with pytest.raises(ModelUnavailable) as caught:
        ensure_model("tiny", settings)
    for words in ("the hub", "no connection to the package index", "PIP_INDEX_URL", "pull --from FOLDER", "are kept"):
        assert words in str(caught.value)
    assert model_states(settings)[0].state is State.MISSING


def test_without_pip_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    know(monkeypatch, row(Assembly.FOLDER))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match="ensurepip"):
        ensure_model("tiny", settings)


def test_a_disk_without_room_is_refused_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    know(monkeypatch, row(Assembly.FOLDER))
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 5_000})())
    with pytest.raises(ModelUnavailable, match=r"too full for tiny.*100 MB more, 5 kB are free.*FOOTNOTE_HOME"):
        ensure_model("tiny", settings)


def test_the_room_asked_for_is_what_the_fullest_moment_takes(tmp_path: Path) -> None:
    needed = {model.name: rag.models.pull._space_needed(model, tmp_path) / 1e9 for model in MODELS}
    assert needed["all-mpnet-base-v2"] == pytest.approx(0.1 + 0.404 + 0.404 + 0.439, abs=0.01)  # wheels, zip, files
    assert needed["qwen2.5-coder-1.5b-instruct"] == pytest.approx(0.1 + 1.117 + 3.093, abs=0.01)  # GGUF, converted
    (tmp_path / "wheel").write_bytes(b"x" * 1_000_000)
    assert rag.models.pull._space_needed(MODELS[0], tmp_path) / 1e9 == pytest.approx(needed[MODELS[0].name] - 0.001)


def test_a_disk_that_fills_up_while_unpacking_is_named_as_the_cause(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))

    def fill(model: Model, wheels: object, folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(rag.models.pull, "assemble", fill)
    with pytest.raises(ModelUnavailable, match="too full for tiny"):
        ensure_model("tiny", settings)
    monkeypatch.undo()


def test_a_disk_that_fills_up_while_downloading_is_named_as_the_cause(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    know(monkeypatch, row(Assembly.FOLDER))
    full = Outcome(2, "", "OSError: [Errno 28] No space left on device")
    monkeypatch.setattr(rag.models.wheels, "run_module", lambda *_, **__: full)
    with pytest.raises(ModelUnavailable) as caught:
        ensure_model("tiny", settings)
    assert str(caught.value).startswith("The disk with ")


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        pytest.param("OSError: [Errno 28] No space left on device", "too full", id="full disk"),
        pytest.param("WARNING: Retrying: Name or service not known\nERROR: No match", "no connection", id="no network"),
        pytest.param(
            "ERROR: No matching distribution found for a==1", "No matching distribution", id="not on a mirror"
        ),
    ],
)
def test_what_pip_says_becomes_a_cause(errors: str, words: str, tmp_path: Path) -> None:
    assert words in str(_refusal("a==1", tmp_path, Outcome(1, "", errors)))


def test_a_folder_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    know(monkeypatch, row(Assembly.FOLDER))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelUnavailable, match="FOOTNOTE_HOME"):
        ensure_model("tiny", Settings(home=tmp_path / "file"))


# Hub


def online(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", server.url)


def test_the_hub_is_asked_first_at_the_pinned_revision(
    monkeypatch: pytest.MonkeyPatch, server: Server, settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    online(monkeypatch, server)
    server.serve_repository(model.hub, model.revision, FILES)
    folder = ensure_model("tiny", settings)
    assert contents(folder) == FILES
    assert model_states(settings)[0].source == f"hub someone/tiny at {model.revision}"


def test_other_weights_on_the_hub_are_refused_and_the_index_is_used(
    monkeypatch: pytest.MonkeyPatch, server: Server, tmp_path: Path, settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    online(monkeypatch, server)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    changed = {**FILES, "model.safetensors": b"x" * len(FILES["model.safetensors"])}
    server.serve_repository(model.hub, model.revision, changed)
    assert contents(ensure_model("tiny", settings)) == FILES
    assert model_states(settings)[0].source == "package index"
    assert server.asked_for("model.safetensors") == 0


def test_a_small_file_that_differs_on_the_hub_is_refused_and_the_index_is_used(
    monkeypatch: pytest.MonkeyPatch, server: Server, tmp_path: Path, settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    online(monkeypatch, server)
    changed = {**FILES, "config.json": b"x" * len(FILES["config.json"])}  # the hub lists no sha256 of small files
    server.serve_repository(model.hub, model.revision, changed)
    with pytest.raises(ModelUnavailable, match="sha256") as caught:
        ensure_model("tiny", settings)
    assert hashlib.sha256(changed["config.json"]).hexdigest() in str(caught.value)
    assert leftovers(settings) == []

    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    assert contents(ensure_model("tiny", settings)) == FILES
    assert model_states(settings)[0].source == "package index"


def test_a_hub_that_never_answers_is_given_up_within_seconds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.delenv("HF_HUB_OFFLINE")
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        assert contents(ensure_model("tiny", settings)) == FILES
    assert time.monotonic() - began < 15


def test_any_repository_is_fetched_without_pickles_and_code(
    monkeypatch: pytest.MonkeyPatch, server: Server, settings: Settings
) -> None:
    online(monkeypatch, server)
    unsafe = {"pytorch_model.bin": b"pickle", "modeling_tiny.py": b"print()", "onnx/model.onnx": b"graph"}
    server.serve_repository("someone/other", "f" * 40, {**FILES, **unsafe})
    folder = ensure_model("someone/other", settings)
    assert contents(folder) == FILES
    assert folder == find_model("someone/other", settings) == settings.models_folder / "someone--other"
    assert verify_model("someone/other", settings) == folder


def test_a_repository_of_pickles_is_refused(
    monkeypatch: pytest.MonkeyPatch, server: Server, settings: Settings
) -> None:
    online(monkeypatch, server)
    server.serve_repository("someone/old", "f" * 40, {"config.json": b"{}", "pytorch_model.bin": b"pickle"})
    with pytest.raises(ModelUnavailable, match="no safetensors"):
        ensure_model("someone/old", settings)


def test_an_unknown_repository_is_named(monkeypatch: pytest.MonkeyPatch, server: Server, settings: Settings) -> None:
    online(monkeypatch, server)
    with pytest.raises(ModelUnavailable, match="someone/nothing"):
        ensure_model("someone/nothing", settings)


def test_a_path_that_leaves_its_folder_is_not_fetched() -> None:
    assert loadable([HubFile("a.safetensors", 1, ""), HubFile("../b.json", 1, "")]) == [HubFile("a.safetensors", 1, "")]


# What is here


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings) -> Path:
    """A pulled model, and no source left."""
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    folder = ensure_model("tiny", settings)
    (tmp_path / "links" / "tiny_part0-1.0-py3-none-any.whl").unlink()
    return folder


def test_a_present_model_needs_no_network_and_no_process(
    present: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a present model must not reach out")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    began = time.perf_counter()
    assert ensure_model("tiny", settings) == present
    assert time.perf_counter() - began < 0.05


def test_importing_the_store_loads_nothing_heavy() -> None:
    code = (
        "import sys, rag.models, rag.models.commands; "
        "print({'torch', 'transformers', 'huggingface_hub', 'gguf', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_cut_file_is_found_on_opening_and_fetched_again(present: Path, tmp_path: Path, settings: Settings) -> None:
    (present / "model.safetensors").write_bytes(b"cut")
    assert find_model("tiny", settings) is None
    assert model_states(settings)[0].state is State.DAMAGED
    write_wheels(tmp_path / "links", wheels_of(row(Assembly.FOLDER)))
    assert contents(ensure_model("tiny", settings)) == FILES
    assert leftovers(settings) == []


def test_a_changed_byte_is_found_by_verify(present: Path, settings: Settings) -> None:
    assert verify_model("tiny", settings) == present
    data = bytearray(FILES["model.safetensors"])
    data[7] ^= 1
    (present / "model.safetensors").write_bytes(data)
    with pytest.raises(ModelUnavailable, match="pull --again tiny") as caught:
        verify_model("tiny", settings)
    assert hashlib.sha256(data).hexdigest() in str(caught.value)


def test_a_changed_manifest_does_not_vouch_for_changed_weights(present: Path, settings: Settings) -> None:
    other = b"y" * len(FILES["model.safetensors"])
    (present / "model.safetensors").write_bytes(other)
    old, new = (hashlib.sha256(data).hexdigest() for data in (FILES["model.safetensors"], other))
    manifest = present / "manifest.json"
    manifest.write_text(manifest.read_text().replace(old, new))
    with pytest.raises(ModelUnavailable, match="sha256"):
        verify_model("tiny", settings)


def test_a_folder_is_used_as_it_is(present: Path, settings: Settings) -> None:
    assert ensure_model(str(present), settings) == present
    assert find_model(str(present.parent), settings) is None


@pytest.mark.parametrize("name", ["no-such-model", "/no/such/folder", "..", ""])
def test_an_unknown_name_lists_the_known_ones(name: str, settings: Settings) -> None:
    with pytest.raises(ModelUnavailable, match=r"all-mpnet-base-v2|no model folder"):
        ensure_model(name, settings)


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


def test_an_added_folder_is_referenced_and_watched(present: Path, tmp_path: Path, settings: Settings) -> None:
    mine = tmp_path / "mine"
    present.rename(mine)
    add_model("my-model", mine, settings, role="embedding")
    assert ensure_model("my-model", settings) == mine
    assert [state.name for state in model_states(settings)] == ["tiny", "my-model"]
    assert verify_model("my-model", settings) == mine
    (mine / "model.safetensors").unlink()
    with pytest.raises(ModelUnavailable, match="is gone or has changed"):
        ensure_model("my-model", settings)
    assert (mine / "config.json").is_file()


@pytest.mark.parametrize(
    ("name", "words"), [("tiny", "name of the table"), ("a/b", "cannot be a name"), ("mine", "not a model")]
)
def test_what_cannot_be_added_is_refused(name: str, words: str, present: Path, settings: Settings) -> None:
    folder = present.parent if name == "mine" else present
    with pytest.raises(ModelUnavailable, match=words):
        add_model(name, folder, settings)


# Commands


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
