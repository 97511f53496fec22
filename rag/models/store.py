"""Finds, fetches, checks and registers models. `pull` and below know the sources; this file knows names and states."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rag.errors import ModelUnavailable
from rag.models.manifest import Manifest, check_hashes, describe, read_manifest, sizes_match, write_manifest
from rag.models.pull import pull_model, pull_repository, pulling, put_in_place
from rag.models.table import MODELS, Model, find_row
from rag.progress import OnProgress
from rag.settings import Settings

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
PLAIN_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


class State(str, Enum):
    """Whether a model can be loaded."""

    READY = "ready"
    PARTIAL = "partly pulled"
    MISSING = "not pulled"
    DAMAGED = "damaged"


@dataclass(frozen=True)
class ModelState:
    """A model as `models list` shows it.

    Attributes:
        role: "embedding", "generator", or "" where it is not known.
        bytes: size on the disk, or of the download for what is not here.
        source: where it came from, or would come from.
    """

    name: str
    role: str
    licence: str
    bytes: int
    source: str
    state: State
    folder: Path


def _no_progress(done: int, total: int, what: str) -> None:
    return None


def model_name(name_or_path: str) -> str:
    """One spelling of a model: the name of the table for its hub id, the whole path of a folder."""
    row = find_row(name_or_path)
    if row is not None:
        return row.name
    folder = Path(name_or_path).expanduser()
    return str(folder.resolve()) if _is_model_folder(folder) else name_or_path


def find_model(name_or_path: str, settings: Settings) -> Path | None:
    """The folder of a model that is ready to load, None if there is none. Never touches the network."""
    manifest = _manifest(name_or_path, settings)
    if manifest is not None:
        folder = _folder(manifest, settings)
        return folder if sizes_match(folder, manifest.files) else None
    if find_row(name_or_path) is not None:
        return None
    given = Path(name_or_path).expanduser()
    return given if _is_model_folder(given) else None


def ensure_model(
    name_or_path: str,
    settings: Settings,
    *,
    given: Path | None = None,
    again: bool = False,
    on_progress: OnProgress = _no_progress,
) -> Path:
    """The folder of a model, fetched first if it is not here. No network is touched if it is.

    Args:
        name_or_path: a name of the table or one that was added, a folder, or a hub id "organisation/name".
        given: a folder that holds the files of the table, used instead of the network.
        again: fetch it even if it is here.
        on_progress: told bytes done, bytes in all (0 if unknown) and what is being done.

    Raises:
        ModelUnavailable: saying what is missing and what to do.
    """
    folder = find_model(name_or_path, settings)
    if folder is not None and not again:
        return folder
    row, home, manifest = find_row(name_or_path), _home(name_or_path, settings), _manifest(name_or_path, settings)
    if manifest is not None and manifest.folder is not None:
        raise ModelUnavailable(
            f"The folder {manifest.folder}, added as {manifest.name}, is gone or has changed. Put it back, or add it "
            f"again: python -m rag models add {manifest.name} FOLDER"
        )
    if row is None and not HUB_ID.fullmatch(name_or_path):
        raise _unknown(name_or_path)
    with pulling(settings.models_folder, home.name, on_progress) as work:
        folder = find_model(name_or_path, settings)  # another process may have pulled it while this one waited
        if folder is not None and not again:
            return folder
        if row is not None:
            pull_model(row, settings.models_folder, work, given=given, on_progress=on_progress)
        else:
            pull_repository(name_or_path, home, work, on_progress)
    return home


def file_hashes(name_or_path: str, settings: Settings) -> dict[str, str]:
    """sha256 of each file of a model, by path; what is in a folder that was never added is read for it.

    Empty where the model is not here.
    """
    row, manifest = find_row(name_or_path), _manifest(name_or_path, settings)
    if row is not None:
        return {file.path: file.sha256 for file in row.files}
    if manifest is not None:
        return {file.path: file.sha256 for file in manifest.files}
    folder = find_model(name_or_path, settings)
    return {file.path: file.sha256 for file in describe(folder, lambda *_: None)} if folder else {}


def known_models(settings: Settings) -> frozenset[str]:
    """Names of the models of the table and of those that are here."""
    return frozenset(state.name for state in model_states(settings))


def verify_model(name: str, settings: Settings, *, on_progress: OnProgress = _no_progress) -> Path:
    """Read every byte of a model and compare with its recorded hashes; returns its folder.

    Raises:
        ModelUnavailable: if it is not here, or a file differs, naming the file and both hashes.
    """
    manifest = _manifest(name, settings)
    if manifest is None:
        raise not_here(name)
    row = find_row(name)
    files = manifest.files if row is None or row.converted_bytes else row.files
    folder = _folder(manifest, settings)
    try:
        check_hashes(folder, files, _step(on_progress, f"{manifest.name}: verifying"))
    except ModelUnavailable as exc:
        raise ModelUnavailable(f"{exc} To replace it: python -m rag models pull --again {manifest.name}") from exc
    return folder


def add_model(
    name: str, folder: Path, settings: Settings, *, role: str = "", on_progress: OnProgress = _no_progress
) -> Manifest:
    """Register a folder of the user under `name`, by reference: it is not copied. Hashes are recorded now.

    Raises:
        ModelUnavailable: if the name is taken by the table or unfit, or the folder holds no safetensors model.
    """
    if find_row(name) is not None:
        raise ModelUnavailable(f"{name} is a name of the table. Choose another name, or: pull --from {folder} {name}")
    if not PLAIN_NAME.fullmatch(name):
        raise ModelUnavailable(f"{name!r} cannot be a name: use letters, digits, '.', '_' and '-'.")
    folder = folder.expanduser().resolve()
    if not _is_model_folder(folder) or not any(folder.rglob("*.safetensors")):
        raise ModelUnavailable(
            f"{folder} is not a model that can be added: it needs config.json or modules.json, and weights as "
            "safetensors."
        )
    with pulling(settings.models_folder, name, on_progress) as work:
        files = describe(folder, _step(on_progress, f"{name}: recording"))
        manifest = Manifest(name, role, "stated by you", f"folder {folder}", files, folder=str(folder))
        ready = work / "files"
        ready.mkdir(exist_ok=True)
        write_manifest(ready, manifest)
        put_in_place(ready, settings.models_folder / name, work)
    return manifest


def model_states(settings: Settings) -> list[ModelState]:
    """All models of the table, then those that the user added or fetched by hub id."""
    states = [_row_state(row, settings) for row in MODELS]
    known = {state.folder for state in states}
    for path in sorted(settings.models_folder.glob("*/manifest.json")):
        manifest = read_manifest(path.parent)
        if manifest is not None and path.parent not in known:
            states.append(_state(manifest, settings))
    return states


def _row_state(row: Model, settings: Settings) -> ModelState:
    manifest = read_manifest(settings.models_folder / row.name)
    if manifest is not None:
        return _state(manifest, settings)
    partial = any((settings.models_folder / ".pull" / row.name).glob("*/*"))
    source = "hub or package index" if row.hub else "package index"
    state = State.PARTIAL if partial else State.MISSING
    return ModelState(
        row.name, row.role.value, row.licence, row.bytes, source, state, settings.models_folder / row.name
    )


def _state(manifest: Manifest, settings: Settings) -> ModelState:
    folder = _folder(manifest, settings)
    state = State.READY if sizes_match(folder, manifest.files) else State.DAMAGED
    return ModelState(manifest.name, manifest.role, manifest.licence, manifest.bytes, manifest.source, state, folder)


def _manifest(name: str, settings: Settings) -> Manifest | None:
    is_name = PLAIN_NAME.fullmatch(name) or HUB_ID.fullmatch(name)
    return read_manifest(_home(name, settings)) if is_name else None


def _home(name: str, settings: Settings) -> Path:
    """Where the manifest of a model lies or would lie. The "/" of a hub id becomes "--"."""
    row = find_row(name)
    return settings.models_folder / (row.name if row else name.strip("/").replace("/", "--"))


def _folder(manifest: Manifest, settings: Settings) -> Path:
    return Path(manifest.folder) if manifest.folder else _home(manifest.name, settings)


def _is_model_folder(folder: Path) -> bool:
    return (folder / "config.json").is_file() or (folder / "modules.json").is_file()


def not_here(name: str) -> ModelUnavailable:
    """The error for a model that was not pulled, or that nobody could pull, to be raised by the caller."""
    if find_row(name) is None and not HUB_ID.fullmatch(name):
        return _unknown(name)
    return ModelUnavailable(f"{name} is not here. Fetch it: python -m rag models pull {name}")


def _unknown(name: str) -> ModelUnavailable:
    if Path(name).expanduser().is_dir():
        return ModelUnavailable(f"{name} is no model folder: it has neither config.json nor modules.json.")
    return ModelUnavailable(
        f"There is no model {name!r}. Known: {', '.join(row.name for row in MODELS)}. A folder or a hub id "
        "(organisation/name) can be named too."
    )


def _step(on_progress: OnProgress, what: str) -> Callable[[int, int], None]:
    return lambda done, total: on_progress(done, total, what)
