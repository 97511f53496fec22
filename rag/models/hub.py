"""Models from the Hugging Face hub, or a mirror named by HF_ENDPOINT. The only file that imports huggingface_hub.

The library runs in a child process (`python -m rag.models.hub`): it can be given up after seconds whatever it waits
for, and a program whose models are present never imports it. Its own variables (HF_ENDPOINT, HF_TOKEN,
HF_HUB_OFFLINE, …) are honoured.

Only data is fetched: weights as safetensors, configuration and tokenizer. No pickles, no code.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import ModelUnavailable
from rag.models.child import run_module
from rag.models.space import disk_full

if TYPE_CHECKING:
    from huggingface_hub import HfApi

ANSWER_SECONDS = 3.0  # how long the hub may take to answer
CHILD_SECONDS = 8.0  # the same, with the start of a process on a busy machine; also ends a hanging name server
SAFE = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
UNUSED = (".*", "onnx/*", "openvino/*", "original/*", "*/onnx/*", "*training*", "*/.*")
FULL_DISK_WORDS = "No space left on device"


@dataclass(frozen=True)
class HubFile:
    """A file of a repository. `sha256` is "" for small files, which the hub lists without one."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Listing:
    """The files of a repository at a commit."""

    revision: str
    files: tuple[HubFile, ...]


def list_files(repository: str, revision: str | None, scratch: Path) -> Listing:
    """What the hub has at `revision` (None: the newest).

    Raises:
        ModelUnavailable: if it does not answer within seconds, or knows no such repository.
    """
    outcome = run_module(["rag.models.hub", "list", repository, revision or ""], scratch=scratch, seconds=CHILD_SECONDS)
    if outcome.code is None:
        raise ModelUnavailable("the hub did not answer within seconds")
    if outcome.code != 0:
        raise ModelUnavailable(f"the hub did not deliver {repository} ({outcome.last_line})")
    answer = json.loads(outcome.output)
    return Listing(answer["revision"], tuple(HubFile(**file) for file in answer["files"]))


def fetch_files(
    repository: str,
    revision: str,
    paths: Sequence[str],
    folder: Path,
    on_bytes: Callable[[int], None],
) -> None:
    """Fetch `paths` into `folder`. What an interrupted fetch left there is continued.

    Raises:
        ModelUnavailable: if the connection breaks or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=folder.parent) as scratch:
        outcome = run_module(
            ["rag.models.hub", "fetch", repository, revision, str(folder), *paths],
            scratch=Path(scratch),
            watched=folder,
            on_bytes=on_bytes,
        )
    if FULL_DISK_WORDS in outcome.errors:
        raise disk_full(folder, repository)
    if outcome.code != 0:
        raise ModelUnavailable(f"the hub broke off while sending {repository} ({outcome.last_line})")


def loadable(files: Sequence[HubFile]) -> list[HubFile]:
    """The files that loading needs and that cannot run code; without safetensors there are none."""
    chosen = [
        file
        for file in files
        if any(fnmatch(file.path, pattern) for pattern in SAFE)
        and not any(fnmatch(file.path, pattern) for pattern in UNUSED)
        and ".." not in Path(file.path).parts
    ]
    return chosen if any(file.path.endswith(".safetensors") for file in chosen) else []


def _child(arguments: Sequence[str]) -> int:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HTTPError, OfflineModeIsEnabled  # type: ignore[attr-defined]

    try:
        if arguments[0] == "list":
            _list(HfApi(), arguments[1], arguments[2] or None)
        else:
            _fetch(HfApi(), arguments[1], arguments[2], arguments[3], arguments[4:])
    except (HTTPError, OfflineModeIsEnabled, OSError, ValueError) as exc:
        sys.stderr.write(f"\n{' '.join(str(exc).split()) or type(exc).__name__}\n")
        return 1
    return 0


def _list(api: "HfApi", repository: str, revision: str | None) -> None:
    info = api.model_info(repository, revision=revision, files_metadata=True, timeout=ANSWER_SECONDS)
    files = [
        {"path": file.rfilename, "bytes": file.size or 0, "sha256": file.lfs.sha256 if file.lfs else ""}
        for file in info.siblings or []
    ]
    sys.stdout.write(json.dumps({"revision": info.sha, "files": files}))


def _fetch(api: "HfApi", repository: str, revision: str, folder: str, paths: Sequence[str]) -> None:
    for path in paths:
        api.hf_hub_download(repository, path, revision=revision, local_dir=folder)


if __name__ == "__main__":
    sys.exit(_child(sys.argv[1:]))
