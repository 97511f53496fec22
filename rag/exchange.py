"""A collection in one file, to be opened in another library without embedding it again."""

import json
import re
from collections.abc import Container, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag import notes, originals, parts, tables
from rag.catalog import Collection, DocumentRecord, DocumentState, Version
from rag.errors import FootnoteError, ModelMismatch
from rag.library import Library
from rag.own_settings import as_kept
from rag.packing import Pack, PackError, opened, packing
from rag.settings import NAME

KIND = "Footnote collection"
_NAMES = (
    rf"(documents|notes|versions)\.json|originals/[0-9a-f]{{64}}(\.\w{{1,16}})?|tables/{tables.PATTERN}|{parts.PATTERN}"
)
_ID = re.compile(r"[0-9a-f]{64}")


def export_collection(library: Library, file: Path) -> int:
    """Writes the collection that is open to one file: documents, kept copies, passages with their vectors.

    Returns:
        the number of documents.

    Raises:
        FootnoteError: there is nothing to export, the file is there already, or it cannot be written.
    """
    collection = library.catalog.collection(library.collection)
    if collection is None or not collection.dimension:
        raise FootnoteError(f"Collection {library.collection!r} was never filled: there is nothing to export.")
    records = [entry for entry in library.catalog.documents(collection.name) if entry.state is DocumentState.READY]
    with packing(file, kind=KIND, about=asdict(collection)) as pack:
        parts.write(pack, "", library.store, {record.id for record in records})
        history = notes.history(library.catalog, collection.name, {record.id for record in records})
        kept = {*(record.id for record in records), *(entry["document_id"] for entry in history if entry["passages"])}
        for path in (originals.find(library.folder, identifier) for identifier in sorted(kept)):
            if path is not None:
                pack.add_file(f"originals/{path.name}", path)
        for path in (tables.file_of(library.folder, record.id) for record in records):
            if path is not None:
                pack.add_file(f"tables/{path.name}", path)
        found = {record.id: notes.note(library.catalog, collection.name, record) for record in records}
        pack.add_json("notes.json", {identifier: values for identifier, values in found.items() if values})
        pack.add_json("versions.json", history)
        pack.add_json("documents.json", [{**asdict(record), "state": record.state.value} for record in records])
    return len(records)


def import_collection(
    library: Library, file: Path, *, name: str = "", embedding_model: str, others: Container[str] = ()
) -> tuple[str, int]:
    """Puts an exported collection into the library as a new one; what answers afterwards is what answered before.

    The library's store need not be open. A killed import leaves no document; importing again begins anew.

    Args:
        name: of the new collection; as it was called where None is given.
        embedding_model: that questions are embedded with.
        others: further ones that a collection may have; a file cannot name what would have to be fetched.

    Returns:
        name of the collection, and the number of its documents.

    Raises:
        ModelMismatch: it was embedded with another model.
        FootnoteError: the file is damaged or none of ours, or there is a collection of this name.
    """
    with opened(file, kind=KIND, names=_NAMES) as pack:
        chosen, model, dimension = _head(pack, name)
        if model != embedding_model and model not in others:
            raise ModelMismatch(
                f"{file.name} was embedded with {model}, and this library is asked with {embedding_model}: their "
                f"vectors cannot be compared. Fetch that model (python -m rag models pull {model}) and import it "
                "again, or add the documents themselves."
            )
        if library.catalog.collection(chosen) is not None:
            raise FootnoteError(f"There is a collection {chosen!r} already. Import it under another name.")
        records, own = _documents(pack), _own_settings(pack, library)
        try:
            history = _history(pack, {record.id for record in records})
            _originals(
                pack, library.folder, {record.id for record in records} | {entry[0].document_id for entry in history}
            )
            _tables(pack, library.folder, {record.id for record in records})
            _passages(pack, library, chosen, dimension, records)
            _notes(pack, library, chosen, {record.id for record in records})
            for version, packed in history:
                library.catalog.add_version(chosen, version, packed)
        except BaseException:
            _take_back(library, chosen, dimension, pack)
            raise
        taken = {entry.title.casefold() for entry in library.catalog.collections()}
        title = chosen if name else str(pack.about.get("title", ""))
        title = chosen if title.casefold() in taken else title
        description = str(pack.about.get("description", ""))
        collection = Collection(chosen, title, description, model, dimension, settings=own)
        library.catalog.add_collection(collection, records)
    return chosen, len(records)


def _passages(pack: Pack, library: Library, name: str, dimension: int, records: Sequence[DocumentRecord]) -> None:
    """Fills a collection of which the catalog knows nothing yet."""
    left = {record.id: record.chunks for record in records}
    with library.beside(name, dimension) as (store, lexical):
        if store.count():
            raise FootnoteError(
                f"Something was left of an earlier import as {name!r}. It is removed now: import again."
            )
        for batch in parts.read(pack, "", dimension):
            for entry in batch:
                if entry.chunk.document_id not in left:
                    raise PackError(f"{pack.path.name} has passages of no document: it is damaged.")
                left[entry.chunk.document_id] -= 1
            lexical.add([entry.chunk for entry in batch])
            store.put(batch)
    if any(left.values()):
        raise PackError(f"{pack.path.name} lacks passages: it is damaged. Export it again.")


def _notes(pack: Pack, library: Library, name: str, documents: set[str]) -> None:
    if "notes.json" not in pack.files:
        return
    try:
        found = pack.read_json("notes.json")
        if found.keys() - documents:
            raise ValueError("notes of no document")
        notes.keep(library.catalog, name, found)
    except (TypeError, ValueError, AttributeError) as exc:
        raise PackError(f"{pack.path.name}: what was noted of its documents is damaged ({exc}).") from exc


def _history(pack: Pack, documents: set[str]) -> list[tuple[Version, bytes | None]]:
    """Old versions of the documents; packs of earlier releases have none."""
    if "versions.json" not in pack.files:
        return []
    try:
        found = [notes.version(values) for values in pack.read_json("versions.json")]
        if any(version.current not in documents or not _ID.fullmatch(version.document_id) for version, _ in found):
            raise ValueError("a version of no document")
        return found
    except (TypeError, ValueError, KeyError, AttributeError) as exc:
        raise PackError(f"{pack.path.name}: its old versions of documents are damaged ({exc}).") from exc


def _take_back(library: Library, name: str, dimension: int, pack: Pack) -> None:
    """Leaves nothing of an import that failed."""
    with library.beside(name, dimension) as (store, lexical):
        store.drop()
        lexical.drop()
    library.catalog.forget_collection(name)
    for identifier in (Path(entry).stem for entry in pack.files if entry.startswith("originals/")):
        if not library.catalog.is_used(identifier):
            originals.remove(library.folder, identifier)
    for identifier in (Path(entry).name.partition(".")[0] for entry in pack.files if entry.startswith("tables/")):
        if not library.catalog.holders(identifier):
            tables.remove(library.folder, identifier)


def _head(pack: Pack, name: str) -> tuple[str, str, int]:
    try:
        chosen, model = name or str(pack.about["name"]), str(pack.about["embedding_model"])
        dimension = pack.about["dimension"]
    except KeyError as exc:
        raise PackError(f"{pack.path.name} says nothing of its {exc}: it is damaged.") from exc
    if not re.fullmatch(NAME, chosen):
        raise FootnoteError(f"{chosen[:100]!r} is no name for a collection: letters, digits and _ only.")
    if type(dimension) is not int or not 1 <= dimension <= 32_768:
        raise PackError(f"{pack.path.name} says that its vectors have {dimension!r} dimensions: it is damaged.")
    return chosen, model, dimension


def _own_settings(pack: Pack, library: Library) -> str:
    try:
        given = dict(json.loads(str(pack.about.get("settings", "")) or "{}"))
    except (TypeError, ValueError) as exc:
        raise PackError(f"{pack.path.name}: the settings of its own are damaged ({exc}).") from exc
    return as_kept(given, library.settings, pack.path.name)


def _documents(pack: Pack) -> list[DocumentRecord]:
    if "documents.json" not in pack.files:
        raise PackError(f"{pack.path.name} has no list of documents: it is damaged.")
    try:
        return [_record(values) for values in pack.read_json("documents.json")]
    except (TypeError, ValueError, KeyError, AttributeError) as exc:
        raise PackError(f"{pack.path.name}: its list of documents is damaged ({exc}).") from exc


def _record(values: dict[str, Any]) -> DocumentRecord:
    if not _ID.fullmatch(values["id"]):
        raise ValueError("a document has no sha256")
    return DocumentRecord(
        id=values["id"],
        name=str(values["name"]),
        title=str(values["title"]),
        pages=int(values["pages"]),
        chunks=int(values["chunks"]),
        size=int(values["size"]),
        added_at=float(values["added_at"]),
        state=DocumentState.READY,
        sources=tuple(map(str, values["sources"])),
        gaps=tuple(map(str, values["gaps"])),
        begun_from=str(values["begun_from"]),
        tags=tuple(map(str, values["tags"])),
    )


def _originals(pack: Pack, library_folder: Path, ids: set[str]) -> None:
    """Kept copies of documents and old versions, of which the name says what bytes they must have."""
    for name, packed in pack.files.items():
        if name.startswith("originals/"):
            identifier = Path(name).stem
            if packed.sha256 != identifier or identifier not in ids:
                raise PackError(f"{pack.path.name}: {name} is the file of no document: it is damaged.")
            with originals.writing(library_folder, identifier, Path(name).suffix) as (_, file):
                if file is not None:
                    file.writelines(pack.blocks(name))


def _tables(pack: Pack, library_folder: Path, documents: set[str]) -> None:
    """Tables of an older Footnote are left out: they are made again of the kept copies."""
    for name in (name for name in pack.files if name.startswith("tables/")):
        document_id = Path(name).name.partition(".")[0]
        if document_id not in documents:
            raise PackError(f"{pack.path.name}: {name} holds the tables of no document: it is damaged.")
        tables.take(library_folder, document_id, Path(name).name, pack.read(name))
