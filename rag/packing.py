"""Files in one ZIP, with the sha256 of each in a manifest. Data only: nothing in it is run when it is opened.

A pack is written beside its place and renamed when it is whole. What is read from one has the size and the checksum
that its manifest says; names are looked at as patterns and never used as paths as they stand.
"""

import contextlib
import hashlib
import io
import json
import os
import re
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag.embedders import Vectors
from rag.errors import FootnoteError

_MANIFEST = "manifest.json"
_MANIFEST_BYTES = 200_000_000
_PART_BYTES = 500_000_000  # of a file that is read into memory at once
_BLOCK = 1_000_000
_VERSION = 1


class PackError(FootnoteError):
    """A file is no pack, or a damaged one."""


@dataclass(frozen=True)
class Packed:
    """A file in a pack."""

    sha256: str
    size: int  # bytes


class PackWriter:
    """Adds files to a pack; `packing` makes one."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.files: dict[str, Packed] = {}

    def add(self, name: str, content: bytes) -> None:
        """Bytes, compressed."""
        self._archive.writestr(name, content, zipfile.ZIP_DEFLATED)
        self.files[name] = Packed(hashlib.sha256(content).hexdigest(), len(content))

    def add_json(self, name: str, values: Any) -> None:
        """JSON values."""
        self.add(name, json.dumps(values).encode())

    def add_array(self, name: str, rows: Vectors) -> None:
        """Numbers as they are, in numpy's own format."""
        buffer = io.BytesIO()
        np.save(buffer, rows, allow_pickle=False)
        self._archive.writestr(name, buffer.getvalue(), zipfile.ZIP_STORED)
        self.files[name] = Packed(hashlib.sha256(buffer.getvalue()).hexdigest(), buffer.tell())

    def add_file(self, name: str, path: Path) -> None:
        """A file as it is: documents are mostly compressed already."""
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as read, self._archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as written:
            while block := read.read(_BLOCK):
                digest.update(block)
                size += len(block)
                written.write(block)
        self.files[name] = Packed(digest.hexdigest(), size)


@contextlib.contextmanager
def packing(path: Path, *, kind: str, about: dict[str, Any]) -> Iterator[PackWriter]:
    """A pack at `path`, there as a whole or not at all.

    Args:
        kind: what it is a pack of; `opened` asks for the same.
        about: JSON values for whoever opens it.

    Raises:
        FootnoteError: something is there already, or it cannot be written.
    """
    if path.exists():
        raise FootnoteError(f"{path} is there already. Name another file, or move it away.")
    temporary = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with zipfile.ZipFile(temporary, "w") as archive:
            writer = PackWriter(archive)
            yield writer
            files = {name: [packed.sha256, packed.size] for name, packed in writer.files.items()}
            manifest = {"kind": kind, "version": _VERSION, **about, "files": files}
            archive.writestr(_MANIFEST, json.dumps(manifest), zipfile.ZIP_DEFLATED)
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.rename(path)
    except OSError as exc:
        raise FootnoteError(f"{path} could not be written: {exc.strerror}. Make room, or name another place.") from exc
    finally:
        temporary.unlink(missing_ok=True)


class Pack:
    """An opened pack. `about` is what was said of it, `files` what is in it."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, about: dict[str, Any], files: dict[str, Packed]) -> None:
        self.path = path
        self.about = about
        self.files = files
        self._archive = archive

    def read(self, name: str) -> bytes:
        """A file of the pack that fits the memory.

        Raises:
            PackError: it is damaged.
        """
        if self.files[name].size > _PART_BYTES:
            raise PackError(f"{self.path.name}: {name} is larger than any part of a pack. It is not one of ours.")
        return b"".join(self.blocks(name))

    def read_json(self, name: str) -> Any:
        """JSON values that `add_json` was given; ValueError where it holds others."""
        return json.loads(self.read(name))

    def read_array(self, name: str) -> Vectors:
        """Numbers that `add_array` was given."""
        try:
            rows = np.load(io.BytesIO(self.read(name)), allow_pickle=False)
        except (ValueError, EOFError, OSError, MemoryError) as exc:
            raise PackError(f"{self.path.name}: {name} holds no numbers. The file is damaged.") from exc
        if not isinstance(rows, np.ndarray) or rows.dtype != np.float32 or not np.isfinite(rows).all():
            raise PackError(f"{self.path.name}: {name} holds other numbers than vectors. It is not one of ours.")
        return rows

    def extract(self, name: str, path: Path) -> None:
        """A file of the pack to `path`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(self.blocks(name))

    def blocks(self, name: str) -> Iterator[bytes]:
        """A file of the pack, a megabyte at a time; that it is damaged may be told only after the last one.

        Raises:
            PackError: it is damaged.
        """
        expected, digest, size = self.files[name], hashlib.sha256(), 0
        try:
            with self._archive.open(name) as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
                    size += len(block)
                    if size > expected.size:
                        break
                    yield block
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, KeyError) as exc:
            raise PackError(_damaged(self.path, name)) from exc
        if (digest.hexdigest(), size) != (expected.sha256, expected.size):
            raise PackError(_damaged(self.path, name))


@contextlib.contextmanager
def opened(path: Path, *, kind: str, names: str) -> Iterator[Pack]:
    """A pack to read from.

    Args:
        names: a regular expression; a pack with a file of another name is refused.

    Raises:
        PackError: it is no pack of this kind, or it is damaged.
    """
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as exc:
        raise PackError(f"There is no file {path}.") from exc
    except (zipfile.BadZipFile, OSError) as exc:
        raise PackError(f"{path} is no {kind}, or it is damaged: {exc}") from exc
    with archive:
        manifest = _manifest(path, archive, kind)
        pattern = re.compile(names)
        files = {name: Packed(str(sha256), int(size)) for name, (sha256, size) in manifest.pop("files").items()}
        members = {entry.filename for entry in archive.infolist()} - {_MANIFEST}
        for name in sorted(members | files.keys()):
            if not pattern.fullmatch(name):
                raise PackError(f"{path.name} holds {name[:80]!r}, which no {kind} has. It is not one of ours.")
        if missing := sorted(files.keys() ^ members):
            raise PackError(_damaged(path, missing[0]))
        yield Pack(path, archive, manifest, files)


def _manifest(path: Path, archive: zipfile.ZipFile, kind: str) -> dict[str, Any]:
    wrong = f"{path} is no {kind}"
    try:
        if archive.getinfo(_MANIFEST).file_size > _MANIFEST_BYTES:
            raise PackError(f"{wrong}: its manifest is larger than any.")
        manifest: dict[str, Any] = json.loads(archive.read(_MANIFEST))
        is_ours = manifest["kind"] == kind
        version, files = int(manifest["version"]), manifest["files"]
        is_ours = is_ours and all(len(entry) == 2 for entry in files.values())
    except (KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as exc:
        raise PackError(f"{wrong}, or it is damaged.") from exc
    if not is_ours:
        raise PackError(f"{wrong}: it says that it is a {str(manifest['kind'])[:40]}.")
    if version > _VERSION:
        raise PackError(f"{path} was written by a newer Footnote. Install that version to open it.")
    return manifest


def _damaged(path: Path, name: str) -> str:
    return f"{path.name}: {name} is damaged or missing. Take another copy of the file; nothing was changed here."
