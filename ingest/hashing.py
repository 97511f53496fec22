"""What a document is told by: the bytes of its file."""

import hashlib
from pathlib import Path

from rag.errors import UnreadableDocument

_BLOCK = 1_000_000


def document_id(path: Path) -> str:
    """sha256 of a file's bytes, in hexadecimal.

    Raises:
        UnreadableDocument: the file cannot be opened.
    """
    try:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()
    except OSError as exc:
        raise UnreadableDocument(path.name, f"cannot be opened ({exc.strerror})", "Check its permissions.") from exc
