"""The child process that speaks with the hub. The only file that imports huggingface_hub; run by `rag.models.hub`.

`python -m rag.models.huggingface list REPOSITORY REVISION SECONDS` prints the files as JSON; `… fetch REPOSITORY
REVISION FOLDER PATH…` brings some into a folder. An error is the last line on stderr, the exit code then is 1.
"""

import json
import sys
from collections.abc import Sequence

from huggingface_hub import HfApi
from huggingface_hub.errors import HTTPError, OfflineModeIsEnabled  # type: ignore[attr-defined]  # HTTPError: httpx's


def list_files(repository: str, revision: str | None, seconds: float) -> None:
    """Print the commit and, for each file, path, bytes and sha256 ("" for small files)."""
    info = HfApi().model_info(repository, revision=revision, files_metadata=True, timeout=seconds)
    files = [
        {"path": file.rfilename, "bytes": file.size or 0, "sha256": file.lfs.sha256 if file.lfs else ""}
        for file in info.siblings or []
    ]
    sys.stdout.write(json.dumps({"revision": info.sha, "files": files}))


def fetch_files(repository: str, revision: str, folder: str, paths: Sequence[str]) -> None:
    """Bring `paths` into `folder`, going on with what is there."""
    for path in paths:
        HfApi().hf_hub_download(repository, path, revision=revision, local_dir=folder)


def main(arguments: Sequence[str]) -> int:
    """Run one of the two; returns the exit code."""
    try:
        if arguments[0] == "list":
            list_files(arguments[1], arguments[2] or None, float(arguments[3]))
        else:
            fetch_files(arguments[1], arguments[2], arguments[3], arguments[4:])
    except (HTTPError, OfflineModeIsEnabled, OSError, ValueError) as exc:
        sys.stderr.write(f"\n{' '.join(str(exc).split()) or type(exc).__name__}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
