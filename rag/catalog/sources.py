"""What a source is called: a path, a path inside an archive after "!", an upload, or an address of the web."""

import re
from pathlib import PurePath

MEMBER = re.compile(r"(.+?\.zip)!", re.IGNORECASE | re.DOTALL)  # of an archive: its source, and what follows


def source_name(source: str) -> str:
    """The name of the file that a source is."""
    if member := MEMBER.match(source):
        return PurePath(source[member.end() :]).name
    for mark in ("upload:", "kept:"):
        if source.startswith(mark):
            return source.removeprefix(mark)
    return PurePath(source).name
