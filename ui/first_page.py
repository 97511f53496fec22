"""The first page of a process goes before its models, as loading them holds up every other thread."""

import threading
import time

_DRAWN_WITHIN, _SHOWN_WITHIN = 3.0, 1.0  # seconds until it is drawn here, and then in the browser, which fetches parts
_is_drawn = threading.Event()


def note_drawn() -> None:
    """Ends the wait: a page was drawn, or could not be."""
    _is_drawn.set()


def wait() -> None:
    """Returns when the first page should be in the browser: at once where that was earlier."""
    if not _is_drawn.is_set():
        _is_drawn.wait(_DRAWN_WITHIN)
        time.sleep(_SHOWN_WITHIN)
        _is_drawn.set()
