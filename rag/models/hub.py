"""Models from the Hugging Face hub, or a mirror named by HF_ENDPOINT.

The hub's library runs in a child process (`rag.models.huggingface`): it can be given up after seconds whatever it waits
for, and a program whose models are present never imports it. Its own variables (HF_ENDPOINT, HF_TOKEN,
HF_HUB_OFFLINE, …) are honoured.

Only data is fetched: weights as safetensors, configuration and tokenizer. No pickles, no code.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from rag.errors import ModelUnavailable
from rag.models.child import run_module
from rag.models.space import disk_full

START = 2.0  # seconds for the child to start
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


def list_files(repository: str, revision: str | None, scratch: Path, *, seconds: float) -> Listing:
    """What the hub has at `revision` (None: the newest), if it answers within `seconds`.

    Raises:
        ModelUnavailable: if it does not answer in time, or knows no such repository.
    """
    outcome = run_module(
        ["rag.models.huggingface", "list", repository, revision or "", str(seconds)],
        scratch=scratch,
        seconds=START + seconds,
    )
    if outcome.code is None:
        raise ModelUnavailable(f"the hub did not answer within {seconds:.0f} seconds")
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
            ["rag.models.huggingface", "fetch", repository, revision, str(folder), *paths],
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
