"""Settings of one collection, which go before those of the whole program.

Those that say how its documents are cut and kept, and how it is asked. Where things lie is of the program.
"""

import json
from collections.abc import Mapping

from rag.catalog import Collection
from rag.errors import SettingsError
from rag.library import Library
from rag.settings import Settings, changed

OWN = (
    "chunk_tokens",
    "chunk_overlap",
    "ocr_pages",
    "kept_versions",
    "version_days",
    "top_k",
    "prompt_passages",
    "word_weight",
    "diversity",
    "minimum_score",
    "minimum_evidence",
    "minimum_answerable",
    "prompt_tokens",
    "answer_tokens",
)


def own_settings(collection: Collection) -> dict[str, int | float]:
    """What a collection has of its own, by name."""
    return dict(json.loads(collection.settings)) if collection.settings else {}


def give_settings(library: Library, collection: Collection, given: Mapping[str, object]) -> None:
    """Gives a collection settings of its own, all of them at once; where none is given it has those of the program.

    Raises:
        SettingsError: one is no setting that a collection can have, or its value is none; nothing is changed.
    """
    kept = as_kept(given, library.settings, collection.title)
    library.catalog.change_collection(collection.name, settings=kept)


def as_kept(given: Mapping[str, object], settings: Settings, title: str) -> str:
    """Settings that a collection is to have, as the catalog keeps them.

    Args:
        settings: of the program, with which they have to go together.
        title: of the collection, for the message.

    Raises:
        SettingsError: one is no setting that a collection can have, or its value is none.
    """
    for name in given:
        if name not in OWN:
            raise SettingsError(f"{title}: a collection has no {name!r} of its own. It can have: {', '.join(OWN)}.")
    found = changed(settings, given, title)
    return json.dumps({name: getattr(found, name) for name in sorted(given)}) if given else ""


def parsed(lines: str) -> dict[str, str]:
    """ "top_k = 8", one a line, by name.

    Raises:
        SettingsError: a line is no setting.
    """
    found = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not name:
            raise SettingsError(f"{line!r} is no setting. Write it as: top_k = 8")
        found[name] = value
    return found
