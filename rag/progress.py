"""A progress bar for the terminal. The only file that imports tqdm."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tqdm import tqdm

LOG_INTERVAL = 15.0  # seconds between two lines where stderr is a log file
_UNCOUNTED = "{desc}… {elapsed}"  # of work that does not tell how much there is


class OnProgress(Protocol):
    """What long work calls to say how far it is. `total` is 0 where it is not known."""

    def __call__(self, done: int, total: int, what: str) -> None: ...


@contextmanager
def terminal_bar(*, unit: str) -> Iterator[OnProgress]:
    """A bar on stderr, one line for each `what`.

    Args:
        unit: "B" counts bytes with prefixes, any other word is shown as it is.
    """
    bar, shown = _bar("", unit, hidden=True), ""

    def show(done: int, total: int, what: str) -> None:
        nonlocal bar, shown
        if what != shown:
            bar.close()
            bar, shown = _bar(what, unit, hidden=False, is_counted=bool(done or total)), what
        bar.total = total or None
        bar.bar_format = None if done or total else _UNCOUNTED
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        bar.close()


def _bar(what: str, unit: str, *, hidden: bool, is_counted: bool = True) -> "tqdm[int]":
    interval = 0.1 if sys.stderr.isatty() else LOG_INTERVAL
    return tqdm(
        range(0),
        desc=what,
        unit=unit,
        unit_scale=unit == "B",
        mininterval=interval,
        file=sys.stderr,
        dynamic_ncols=True,
        disable=hidden,
        bar_format=None if is_counted else _UNCOUNTED,
    )
