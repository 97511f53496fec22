"""Compares what the library holds in its four places: originals, catalog, passages and words. Changes nothing.

A passage without vectors counts as there: the catalog keeps it until they are.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from ingest.hashing import document_id
from ingest.readers import may_have_tables
from rag import originals, tables
from rag.catalog import ANSWERING, DocumentRecord, DocumentState, Version
from rag.errors import FootnoteError, StoreError
from rag.library import Library
from rag.rows import StoredChunk
from rag.versions import passages_of
from rag.wording import counted, fits

OnDocument = Callable[[int, int, str], None]  # done, of all, name
_log = logging.getLogger(__name__)
_REMEDY = (
    "If its files are damaged, end the program and run `python -m ingest.doctor --repair`, which sets them aside and "
    "makes them anew; or put back a backup."
)


class Fault(str, Enum):
    """What can be wrong; the words take `name` and `count`, and what goes with the count."""

    UNFINISHED = "{name} was begun and is not whole: no answer reads it."
    UNEMBEDDED = "{name} is found by words only: {count} of its passages {have} no vectors yet."
    LEAVING = "{name} is being deleted and was not deleted to the end."
    PASSAGES_MISSING = "{name} lacks {count} of its passages."
    PASSAGES_FOREIGN = "{name} has {passages} too many, left by an earlier reading."
    UNEMBEDDED_OF_NOTHING = "{name}: {passages} without vectors {belong} to no document."
    PASSAGES_OF_NOTHING = "{name}: {count} of the passages that answer {belong} to no document."
    WORDS_MISSING = "{name}: {count} of its passages cannot be found by words."
    WORDS_OF_NOTHING = "The search by words knows {passages} that {are} not there."
    WORDS_DAMAGED = "The file of the search by words is damaged."
    ORIGINAL_MISSING = "{name}: the kept copy of the file is missing."
    ORIGINAL_DAMAGED = "{name}: the kept copy of the file is damaged: it has not the bytes that were added."
    ORIGINAL_OF_NOTHING = "{name} is a kept copy that no document of the library belongs to."
    VERSION_MISSING = "{name}: the kept copy of an old version is missing; its text can be read."
    VERSION_DAMAGED = "{name}: the kept copy of an old version is damaged: it has not the bytes that were added."
    VERSION_UNREADABLE = "{name}: the text of an old version is damaged."
    VERSION_OF_NOTHING = "{name}: {versions} {belong} to a document that is not there."
    TABLES_MISSING = "{name}: the tables are missing or damaged by which questions about its cells are answered."
    TABLES_OF_NOTHING = "{name} holds the tables of no document."
    LEFTOVER = "{name} is a file that was half written."


# Of no one collection: each finds them.
OF_THE_LIBRARY = (Fault.ORIGINAL_OF_NOTHING, Fault.TABLES_OF_NOTHING, Fault.LEFTOVER, Fault.WORDS_DAMAGED)


@dataclass(frozen=True)
class Finding:
    """Something that is wrong.

    Attributes:
        name: of the document, or of the file where it belongs to none.
        chunk_ids: of the passages that are meant, where they are known.
    """

    fault: Fault
    name: str = ""
    document_id: str = ""
    count: int = 0
    path: Path | None = None
    chunk_ids: tuple[str, ...] = field(default=(), repr=False)

    @property
    def text(self) -> str:
        """It in one sentence."""
        return self.fault.value.format(
            name=self.name,
            count=f"{self.count:,}",
            passages=counted(self.count, "passage"),
            versions=counted(self.count, "old version"),
            have=fits(self.count, "has", "have"),
            belong=fits(self.count, "belongs", "belong"),
            are=fits(self.count, "is", "are"),
        )


@dataclass(frozen=True)
class Examination:
    """What was looked at in a collection (its name), and what is wrong with it.

    Attributes:
        failure: why it could not be looked at, "" where it was.
    """

    collection: str
    documents: int
    passages: int
    findings: tuple[Finding, ...]
    failure: str = ""

    def without(self, told: set[Finding]) -> "Examination":
        """It without what was told before."""
        return replace(self, findings=tuple(finding for finding in self.findings if finding not in told))

    @property
    def of_the_library(self) -> list[Finding]:
        """What the examination of every other collection finds as well."""
        return [finding for finding in self.findings if finding.fault in OF_THE_LIBRARY]


def examine_all(library: Library) -> list[Examination]:
    """Examines each collection to which something was ever added, the open one first; nothing is told twice.

    Another one that cannot be opened is named with the reason; those after it are looked at.
    """
    found = [examine(library)]
    told = set(found[0].of_the_library)
    for other in library.catalog.collections():
        if other.name == library.collection or not other.dimension:
            continue
        try:
            with library.other(other.name) as opened:
                found.append(examine(opened).without(told))
        except FootnoteError as exc:
            remedy = f" {_REMEDY}" if isinstance(exc, StoreError) else ""
            found.append(Examination(other.name, 0, 0, (), f"Collection {other.title}: {exc}{remedy}"))
        told.update(found[-1].of_the_library)
    return found


def examine(library: Library, *, on_document: OnDocument = lambda done, total, name: None) -> Examination:
    """Compares the collection that is open, whose store must be open too, and every original of the library.

    Nothing may be added meanwhile: a document in work would count as unfinished.
    """
    records = library.catalog.documents(library.collection)
    stored: dict[str, list[StoredChunk]] = defaultdict(list)
    for chunk in library.store.listing():
        stored[chunk.document_id].append(chunk)
    waiting = _waiting(library, records, stored)
    there = {identifier: [*stored[identifier], *waiting[identifier]] for identifier in {*stored, *waiting}}
    findings = [
        *_states(records),
        *_unembedded(records, waiting),
        *_passages(records, stored, waiting),
        *_words(library, there),
    ]
    findings += [
        *_versions(library, records),
        *_originals(library, records, on_document),
        *_kept_for_nothing(library, stored),
        *_tables(library, records),
        *_tables_of_nothing(library),
        *_leftovers(library),
    ]
    return Examination(library.collection, len(records), sum(map(len, stored.values())), tuple(findings))


def _states(records: list[DocumentRecord]) -> Iterator[Finding]:
    faults = {DocumentState.WRITING: Fault.UNFINISHED, DocumentState.LEAVING: Fault.LEAVING}
    for record in records:
        if record.state in faults:
            yield Finding(faults[record.state], record.name, record.id)


def _waiting(
    library: Library, records: list[DocumentRecord], stored: dict[str, list[StoredChunk]]
) -> dict[str, list[StoredChunk]]:
    """The passages that have no vectors yet; one that is stored already counts as that."""
    names = {record.id: record.name for record in records}
    found: dict[str, list[StoredChunk]] = defaultdict(list)
    for chunk_id, identifier, position in library.catalog.all_unembedded(library.collection):
        found[identifier].append(StoredChunk(chunk_id, identifier, names.get(identifier, identifier), position))
    for identifier, chunks in found.items():
        there = {chunk.id for chunk in stored.get(identifier, ())}
        found[identifier] = [chunk for chunk in chunks if chunk.id not in there]
    return found


def _unembedded(records: list[DocumentRecord], waiting: dict[str, list[StoredChunk]]) -> Iterator[Finding]:
    states = {record.id: record.state for record in records}
    for record in records:
        if record.state is DocumentState.EMBEDDING:
            yield Finding(Fault.UNEMBEDDED, record.name, record.id, len(waiting[record.id]))
    for identifier, chunks in waiting.items():
        if identifier not in states and chunks:
            yield Finding(Fault.UNEMBEDDED_OF_NOTHING, identifier, identifier, len(chunks))


def _passages(
    records: list[DocumentRecord], stored: dict[str, list[StoredChunk]], waiting: dict[str, list[StoredChunk]]
) -> Iterator[Finding]:
    """A document's passages are counted from 0: a gap is one that is missing, a repeat is one too many."""
    for record in records:
        if record.state in ANSWERING:
            there = Counter(chunk.position for chunk in (*stored[record.id], *waiting[record.id]))
            expected = range(record.chunks)
            if missing := sum(position not in there for position in expected):
                yield Finding(Fault.PASSAGES_MISSING, record.name, record.id, missing)
            foreign = sum(count - (position in expected) for position, count in there.items())
            if foreign:
                yield Finding(Fault.PASSAGES_FOREIGN, record.name, record.id, foreign)
    known = {record.id for record in records}
    for identifier, chunks in stored.items():
        if chunks and identifier not in known:
            yield Finding(Fault.PASSAGES_OF_NOTHING, chunks[0].document_name, identifier, len(chunks))


def _words(library: Library, stored: dict[str, list[StoredChunk]]) -> Iterator[Finding]:
    if not library.lexical.is_sound():
        yield Finding(Fault.WORDS_DAMAGED)
        return
    indexed = {chunk_id for chunk_id, _ in library.lexical.listing()}
    for identifier, chunks in stored.items():
        if missing := [chunk.id for chunk in chunks if chunk.id not in indexed]:
            yield Finding(Fault.WORDS_MISSING, chunks[0].document_name, identifier, len(missing))
    foreign = indexed - {chunk.id for chunks in stored.values() for chunk in chunks}
    if foreign:
        yield Finding(Fault.WORDS_OF_NOTHING, count=len(foreign), chunk_ids=tuple(sorted(foreign)))


def _originals(library: Library, records: list[DocumentRecord], on_document: OnDocument) -> Iterator[Finding]:
    for number, record in enumerate(records):
        on_document(number, len(records), record.name)
        if record.state not in ANSWERING:
            continue
        path = originals.find(library.folder, record.id)
        if path is None:
            yield Finding(Fault.ORIGINAL_MISSING, record.name, record.id)
        elif document_id(path) != record.id:
            yield Finding(Fault.ORIGINAL_DAMAGED, record.name, record.id, path=path)
    on_document(len(records), len(records), "")


def _versions(library: Library, records: list[DocumentRecord]) -> Iterator[Finding]:
    """Old versions: their document, their text and their kept copy."""
    known = {record.id for record in records}
    of_nothing: Counter[str] = Counter()
    names: dict[str, str] = {}
    for version in library.catalog.all_versions(library.collection):
        if version.current not in known:
            of_nothing[version.current] += 1
            names[version.current] = version.name
        elif version.is_kept:
            yield from _version(library, version)
    for current, count in of_nothing.items():
        yield Finding(Fault.VERSION_OF_NOTHING, names[current], current, count)


def _version(library: Library, version: Version) -> Iterator[Finding]:
    try:
        passages_of(library, version)
    except FootnoteError:
        yield Finding(Fault.VERSION_UNREADABLE, version.name, version.document_id)
    path = originals.find(library.folder, version.document_id)
    if path is None:
        yield Finding(Fault.VERSION_MISSING, version.name, version.document_id)
    elif document_id(path) != version.document_id:
        yield Finding(Fault.VERSION_DAMAGED, version.name, version.document_id, path=path)


def _kept_for_nothing(library: Library, stored: dict[str, list[StoredChunk]]) -> Iterator[Finding]:
    """Originals without a document in any collection; what has passages, in whichever, is told with those.

    None is said to be one while another collection cannot be opened: its passages may be made of it.
    """
    every = originals.every(library.folder)
    unused = [path for path in every if not library.catalog.is_used(path.stem) and path.stem not in stored]
    try:
        answering = _documents_of_others(library) if unused else set()
    except StoreError as exc:
        _log.warning("not told which kept files belong to nothing: %s", exc)
        return
    for path in unused:
        if path.stem not in answering:
            yield Finding(Fault.ORIGINAL_OF_NOTHING, path.name, path.stem, path=path)


def _documents_of_others(library: Library) -> set[str]:
    """Ids of the documents that have passages in the collections that are not open."""
    found: set[str] = set()
    for other in library.catalog.collections():
        if other.name != library.collection and other.dimension:
            with library.vectors(other.stored_as, other.dimension) as store:
                found.update(chunk.document_id for chunk in store.listing())
    return found


def _tables(library: Library, records: list[DocumentRecord]) -> Iterator[Finding]:
    for record in records:
        is_expected = record.state in ANSWERING and may_have_tables(record.name)
        if is_expected and not tables.are_sound(library.folder, record.id):
            yield Finding(Fault.TABLES_MISSING, record.name, record.id)


def _tables_of_nothing(library: Library) -> Iterator[Finding]:
    for path in tables.every(library.folder):
        identifier = path.name.partition(".")[0]
        if not library.catalog.holders(identifier):
            yield Finding(Fault.TABLES_OF_NOTHING, path.name, identifier, path=path)


def _leftovers(library: Library) -> Iterator[Finding]:
    half = (*originals.unfinished(library.folder), *tables.unfinished(library.folder))
    for path in (*half, *library.folder.glob("unpacked*")):
        yield Finding(Fault.LEFTOVER, path.name, path=path)
