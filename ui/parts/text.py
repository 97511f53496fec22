"""Text as the page shows it; that of users, documents and models is made safe for Streamlit's Markdown."""

import re


def plain(text: str) -> str:
    """Text that Markdown shows as it stands."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>$:~])", r"\\\1", text)


def duration(seconds: float) -> str:
    """ "40 s", "3 min", "2 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"
