"""What was noted of documents, as JSON values: passages set aside, text recognised in pictures, old versions."""

import base64
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, astuple
from typing import Any

from rag.catalog import Catalog, DocumentRecord, Release, Version, VersionState
from rag.types import RecognisedLine, RecognisedPage, SetAside
from rag.versions import unpack_passages

_GOING = (VersionState.THINNING, VersionState.LEAVING)


def note(catalog: Catalog, collection: str, record: DocumentRecord) -> dict[str, Any]:
    """The notes of a document; empty where there are none."""
    held = catalog.quarantined(collection, record.id)
    pages = [
        [number, [list(astuple(line)) for line in catalog.recognised_lines(collection, record.id, number)]]
        for number in catalog.recognised(collection, record.id)
    ]
    set_aside = [[*astuple(entry.passage), entry.release.value] for entry in held]
    return {name: values for name, values in (("set_aside", set_aside), ("recognised", pages)) if values}


def keep(catalog: Catalog, collection: str, notes: Mapping[str, Mapping[str, Any]]) -> None:
    """Notes of documents, by their id, as `note` gave them.

    Raises:
        ValueError, TypeError: they hold something else.
    """
    for document_id, values in notes.items():
        held = [_held(entry) for entry in values.get("set_aside", [])]
        released = {passage.id for passage, release in held if release is not Release.HELD}
        pages = [RecognisedPage(_page(number), tuple(map(_line, lines))) for number, lines in _pairs(values)]
        catalog.set_aside(collection, document_id, [passage for passage, _ in held], released=released)
        catalog.set_recognised(collection, document_id, pages)


def history(catalog: Catalog, collection: str, documents: AbstractSet[str]) -> list[dict[str, Any]]:
    """The old versions of documents (ids), with their packed text; `version` takes one back."""
    return [
        {**asdict(entry), "passages": _base64(catalog.version_passages(entry.id))}
        for entry in catalog.all_versions(collection)
        if entry.current in documents and entry.state not in _GOING
    ]


def version(values: Mapping[str, Any]) -> tuple[Version, bytes | None]:
    """An old version as `history` gave it, and its packed text.

    Raises:
        ValueError, TypeError, KeyError: they hold something else.
        FootnoteError: its text is damaged.
    """
    packed = None if values["passages"] is None else base64.b64decode(_typed(values["passages"], str), validate=True)
    if packed is not None:
        unpack_passages(packed)
    state = VersionState.THINNED if packed is None else VersionState.KEPT
    texts = {name: _typed(values[name], str) for name in ("current", "document_id", "name")}
    numbers = {name: _typed(values[name], int) for name in ("pages", "chunks", "size", "came", "went")}
    times = {name: float(_typed(values[name], float)) for name in ("added_at", "left_at")}
    facts: dict[str, Any] = {**texts, **numbers, **times}
    return Version(id=0, state=state, **facts), packed


def _base64(packed: bytes | None) -> str | None:
    return None if packed is None else base64.b64encode(packed).decode("ascii")


def _pairs(values: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    return [(number, lines) for number, lines in values.get("recognised", [])]


def _held(entry: Any) -> tuple[SetAside, Release]:
    identifier, page, reason, text, release = entry
    return SetAside(_typed(identifier, str), _page(page), _typed(reason, str), _typed(text, str)), Release(release)


def _line(entry: Any) -> RecognisedLine:
    text, confidence, left, top, right, bottom = entry
    numbers = (float(_typed(number, float)) for number in (confidence, left, top, right, bottom))
    return RecognisedLine(_typed(text, str), *numbers)


def _page(number: Any) -> int | None:
    return None if number is None else int(_typed(number, int))


def _typed(value: Any, kind: Callable[..., Any]) -> Any:
    if type(value) is not kind:
        raise ValueError(f"{str(value)[:40]!r} is of another kind")
    return value
