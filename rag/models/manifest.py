"""What is in a model's folder: one manifest.json beside the files, with the size and sha256 of each.

Opening a model compares sizes, which takes no time; `verify` reads every byte.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.errors import ModelUnavailable
from rag.models.table import ModelFile

NAME = "manifest.json"
BLOCK = 1 << 20  # bytes read at a time


@dataclass(frozen=True)
class Manifest:
    """The record of a model that was put in its place.

    Attributes:
        role: "embedding", "generator", or "" where the user did not say.
        source: where the bytes came from, for the user.
        folder: where the files lie, if not beside the manifest: a folder that the user registered.
    """

    name: str
    role: str
    licence: str
    source: str
    files: tuple[ModelFile, ...]
    folder: str | None = None

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.bytes for file in self.files)


def read_manifest(home: Path) -> Manifest | None:
    """The manifest in the folder `home`; None if there is none, or one that is cut or of another version."""
    try:
        values = json.loads((home / NAME).read_text(encoding="utf-8"))
        files = tuple(ModelFile(**file) for file in values.pop("files"))
        return Manifest(**values, files=files)
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_manifest(home: Path, manifest: Manifest) -> None:
    """Write the manifest of a folder, last of all its files."""
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n"
    (home / NAME).write_text(text, encoding="utf-8")


def describe(folder: Path, on_bytes: Callable[[int, int], None]) -> tuple[ModelFile, ...]:
    """Path, size and sha256 of each file in `folder`, hidden ones and an earlier manifest left out."""
    relatives = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    paths = [path for path in relatives if not any(part.startswith(".") for part in path.parts) and str(path) != NAME]
    total = sum((folder / path).stat().st_size for path in paths)
    done = 0
    files = []
    for path in paths:
        size = (folder / path).stat().st_size
        files.append(ModelFile(path.as_posix(), size, _sha256(folder / path, done, total, on_bytes)))
        done += size
    return tuple(files)


def sizes_match(folder: Path, files: tuple[ModelFile, ...]) -> bool:
    """Whether every file is there in its full length."""
    try:
        return all((folder / file.path).stat().st_size == file.bytes for file in files)
    except OSError:
        return False


def check_hashes(folder: Path, files: tuple[ModelFile, ...], on_bytes: Callable[[int, int], None]) -> None:
    """Read every file and compare.

    Raises:
        ModelUnavailable: for the first file that is missing or differs, with both hashes.
    """
    total = sum(file.bytes for file in files)
    done = 0
    for file in files:
        path = folder / file.path
        if not path.is_file():
            raise ModelUnavailable(f"{path} is missing. Pull the model again.")
        actual = _sha256(path, done, total, on_bytes)
        if actual != file.sha256:
            raise ModelUnavailable(f"{path} is refused: its sha256 is {actual}, but {file.sha256} is expected.")
        done += file.bytes


def _sha256(path: Path, done: int, total: int, on_bytes: Callable[[int, int], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            done += len(block)
            on_bytes(min(done, total), total)
    return digest.hexdigest()
