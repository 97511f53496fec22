"""Runs a download or a conversion as a child process and watches the bytes it writes.

A child can be stopped at any moment, gives its memory back when it ends, and needs no co-operation to show progress:
pip, the hub's library and the conversion are all watched by the size of their folder.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # where the child finds the package `rag`
POLL = 0.1  # seconds between two looks at the folder


@dataclass(frozen=True)
class Outcome:
    """How a child ended. `code` is None if it was stopped at its time limit."""

    code: int | None
    output: str
    errors: str

    @property
    def last_line(self) -> str:
        """The last words of the child: its error, where it failed."""
        lines = [line.strip() for line in self.errors.splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.code}"


def run_module(
    arguments: Sequence[str],
    *,
    scratch: Path,
    watched: Path | None = None,
    on_bytes: Callable[[int], None] = lambda done: None,
    seconds: float | None = None,
) -> Outcome:
    """Run `python -m ARGUMENTS` and wait, telling `on_bytes` the size of `watched`. The child never outlives the call.

    Args:
        scratch: existing folder for the child's temporary files; the caller deletes it.
        seconds: time limit, None for no limit.
    """
    command = [sys.executable, "-m", *arguments]
    pipe = subprocess.PIPE  # not files: they would stay empty where the disk is full, which is then what they tell of
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=_environment(scratch)
    ) as child:
        try:
            return _outcome(child, watched, on_bytes, seconds)
        finally:
            child.kill()


def _outcome(
    child: subprocess.Popen[bytes], watched: Path | None, on_bytes: Callable[[int], None], seconds: float | None
) -> Outcome:
    waited = 0.0
    while seconds is None or waited < seconds:
        try:
            output, errors = child.communicate(timeout=POLL)
        except subprocess.TimeoutExpired:
            waited += POLL
            if watched is not None:
                on_bytes(_bytes_in(watched))
        else:
            return Outcome(child.returncode, _text(output), _text(errors))
    child.kill()
    output, errors = child.communicate()
    return Outcome(None, _text(output), _text(errors))


def _text(output: bytes) -> str:
    return output.decode("utf-8", errors="replace")


def _environment(scratch: Path) -> Mapping[str, str]:
    """The user's own environment, so that a mirror, a proxy or a token works; temporary files elsewhere."""
    inherited = dict(os.environ)
    paths = [str(ROOT), *filter(None, [inherited.get("PYTHONPATH")])]
    temporary = {name: str(scratch) for name in ("TMPDIR", "TEMP", "TMP")}
    return {**inherited, **temporary, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"}


def _bytes_in(folder: Path) -> int:
    """Size of all files under `folder`; files come and go meanwhile."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue
    return total
