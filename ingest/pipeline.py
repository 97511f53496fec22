"""Files into the library: read, chunk, embed, write. Safe to kill at any moment and to run again.

A new document is announced in the catalog, its words are indexed, and from then on it is found by them; vectors fill in
behind, when every file was read (`ingest.embedding`). A changed file is written whole before anybody sees it: only then
the chunks of the version it replaces are deleted, and those that stay the same give their vectors to the new version. A
run that was killed is carried on by the next one: chunks that are stored already are not embedded again.
"""

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

from ingest import archives
from ingest.chunker import chunk
from ingest.embedding import embed_next, embed_waiting
from ingest.hashing import document_id
from ingest.isolation import ReadFile
from ingest.namesakes import Namesakes, free_name, is_namesake
from ingest.readers import may_have_tables, read
from ingest.readers.cleaning import clean_name
from ingest.renaming import rename_by_sources
from ingest.report import Failure, IncomingFile, IngestProgress, IngestReport, anew, told
from ingest.reuse import Earlier, earlier_at
from ingest.writing import remove_others, store_known, write, write_words
from rag import originals, tables
from rag.catalog import ANSWERING, DocumentRecord, DocumentState, Succession
from rag.deletion import finish_deletions
from rag.embedders import Embedder
from rag.errors import FootnoteError, LockedDocument, UnreadableDocument
from rag.library import Library
from rag.likeness import catch_up, compare_document, sentence
from rag.settings import Settings
from rag.types import Chunk
from rag.versions import thin

SAMPLES = "samples"  # mark of a library that was given the samples once
_CAUGHT_UP = 10  # documents of earlier versions that a run compares with the others
_READ = 0.2  # of the way of a run: reading its files, where their vectors are made after that
_READING = 0.9  # of the way of a document whose text is recognised; others are read at once


class _Stopped(Exception):
    """The user stopped the run, or what makes its vectors broke."""


@dataclass
class _Run:
    """The state of one run."""

    library: Library
    embedder: Embedder
    settings: Settings
    stop: threading.Event
    on_progress: Callable[[IngestProgress], None]
    read_file: ReadFile
    files: Sequence[IncomingFile]
    sizes: Sequence[int]
    broken: threading.Event = field(default_factory=threading.Event)  # a defect ended the making of vectors
    started: float = field(default_factory=time.perf_counter)
    chunks: int = 0
    added: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    alike: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)  # ids of documents whose vectors are to be made
    unfinished: str = ""  # id of the document in work
    share: float = 1.0  # of the way of the run that reading is
    begun: float = 0.0  # share of its way that a document has behind it when it is read
    window: tuple[float, float] = (0.0, 1.0)  # of its file, where that is an archive

    def tell(self, index: int, stage: str, part: float) -> None:
        """Reports, and leaves the run when it was stopped or is broken."""
        if self.stop.is_set() or self.broken.is_set():
            raise _Stopped
        part = self.begun + part * (1 - self.begun) if stage != "reading" else part * _READING
        self.begun = part if stage == "reading" else self.begun
        part = self.window[0] + part * (self.window[1] - self.window[0])
        done = (sum(self.sizes[:index]) + part * self.sizes[index]) / (sum(self.sizes) or 1)
        elapsed = time.perf_counter() - self.started
        left = elapsed * (1 - done) / done if done > 0 and self.chunks else None
        name, files = self.files[index].name, len(self.files)
        self.on_progress(IngestProgress(name, index + 1, files, stage, part, done * self.share, left))


def ingest(
    files: Sequence[IncomingFile],
    *,
    library: Library,
    embedder: Embedder,
    settings: Settings,
    on_progress: Callable[[IngestProgress], None] = lambda progress: None,
    stop: threading.Event | None = None,
    read_file: ReadFile = read,
    embed: bool = True,
) -> IngestReport:
    """Adds files to the library's collection, one after the other; a file that fails never stops the rest.

    Same bytes as before are one document. A changed file takes the place of its old version once it is whole; that one
    stays in its history, as long as the settings keep it.
    The library's store must be open for `embedder`.

    Args:
        read_file: reads a file; `IsolatedReader.read` does so in a process of its own.
        embed: also makes the vectors of what was read, and of what an earlier run left without.
    """
    sizes = [_size(file.path) for file in files]
    run = _Run(library, embedder, settings, stop or threading.Event(), on_progress, read_file, files, sizes)
    run.share = _READ if embed else 1.0
    finish_deletions(library)
    thin(library, settings)
    catch_up(library, limit=_CAUGHT_UP)
    stopped = False
    try:
        if embed:
            _read_and_embed(run)
        else:
            _read_all(run)
    except _Stopped:
        stopped = True
    return IngestReport(
        tuple(run.added),
        tuple(run.unchanged),
        tuple(run.replaced),
        tuple(run.failed),
        tuple(run.gaps),
        tuple(run.set_aside),
        tuple(run.changes),
        tuple(run.alike),
        run.chunks,
        time.perf_counter() - run.started,
        stopped,
        run.unfinished,
        tuple(dict.fromkeys(run.waiting)),
    )


def abandon(library: Library, documents: Sequence[str]) -> None:
    """Forgets those of the documents (ids) that were begun and never became whole; whole ones are left alone."""
    library.catalog.give_up(library.collection, documents)
    finish_deletions(library)


def _read_all(run: _Run) -> None:
    for index, file in enumerate(run.files):
        _try(run, index, file)


def _read_and_embed(run: _Run) -> None:
    """The vectors of every document that has none, or not all, are made while further files are read.

    A defect in the making of them ends the reading at once and is raised.
    """
    read, left = threading.Event(), threading.Event()

    def tell(progress: IngestProgress) -> None:
        if read.is_set():
            run.on_progress(replace(progress, fraction=run.share + (1 - run.share) * progress.fraction))

    with ThreadPoolExecutor(1, "embedding") as pool:
        embedding = pool.submit(
            embed_waiting,
            run.library,
            run.embedder,
            is_stopped=lambda: run.stop.is_set() or left.is_set(),
            is_all_read=read.is_set,
            on_progress=tell,
        )
        embedding.add_done_callback(lambda ended: run.broken.set() if ended.exception() else None)
        try:
            _read_all(run)
            read.set()
            done, failed = embedding.result()
        except _Stopped:
            if run.broken.is_set():
                embedding.result()
            raise
        finally:
            left.set()
    run.chunks += done
    run.failed += failed
    if run.stop.is_set():
        raise _Stopped
    if run.files:  # all may have been embedded before the last was read, unheard
        count = len(run.files)
        run.on_progress(IngestProgress(run.files[-1].name, count, count, "embedding", 1.0, 1.0, 0.0))


def _try(run: _Run, index: int, file: IncomingFile, *, inside: str = "") -> None:
    """Adds a file, or those inside an archive, and notes why one could not be added; `inside` names its archive."""
    try:
        if Path(file.name).suffix.lower() == archives.SUFFIX:
            _add_members(run, index, file)
        else:
            _add(run, index, file)
    except UnreadableDocument as exc:
        run.failed.append(Failure(file.name, f"{inside}{exc}", isinstance(exc, LockedDocument) and not inside))
    except FootnoteError as exc:
        run.failed.append(Failure(file.name, f"{inside}{file.name}: {exc}"))


def _add_members(run: _Run, index: int, file: IncomingFile) -> None:
    """Each under its own name; its source is its place in the archive, so that a changed archive replaces it."""
    run.tell(index, "reading", 0.0)
    folder = (
        run.library.folder / f"unpacked.{run.library.collection}.part"
    )  # another collection may be filled meanwhile
    shutil.rmtree(folder, ignore_errors=True)  # it is there where a run was killed
    try:
        with archives.opened(file.path, file.name, folder=folder / "archives") as contents:
            if not contents.members and not contents.unopened:
                remedy = "Unpack it and add what you want to ask."
                raise UnreadableDocument(file.name, "no file in it can be read", remedy)
            for unopened in contents.unopened:
                run.failed.append(Failure(unopened.error.name, f"{file.name}: {unopened.error}"))
            _try_members(run, index, file, contents.members, folder)
            _drop_members(run.library, file, contents)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _try_members(run: _Run, index: int, file: IncomingFile, members: Sequence[archives.Member], folder: Path) -> None:
    total, done = sum(member.size for member in members) or 1, 0
    for member in members:
        run.window = (done / total, (done + member.size) / total)
        done += member.size
        try:
            _try_member(run, index, file, member, folder)
        finally:
            run.window = (0.0, 1.0)


def _drop_members(library: Library, file: IncomingFile, contents: archives.Contents) -> None:
    """Lets go what an earlier version of an archive held and this one no longer does."""
    there = {_place(file, member.place) for member in contents.members}
    unknown = tuple(f"{_place(file, unopened.place)}/" for unopened in contents.unopened)
    before = library.catalog.sources(library.collection, f"{file.source}!").keys()
    gone = {source for source in before - there if not source.startswith(unknown)}
    library.catalog.drop_sources(library.collection, gone)
    finish_deletions(library)


def _try_member(run: _Run, index: int, file: IncomingFile, member: archives.Member, folder: Path) -> None:
    inside, name = f"{file.name}: {archives.parents(member.within)}", clean_name(PurePosixPath(member.name).name)
    path = folder / f"member{PurePosixPath(name).suffix.lower()}"
    folder.mkdir(exist_ok=True)
    try:
        member.unpack(path)
        own = IncomingFile(path, name, _place(file, member.place), file.password)
        _try(run, index, _told_apart(run.library, own, file.namesakes), inside=inside)
    except FootnoteError as exc:
        run.failed.append(Failure(name, f"{inside}{exc}"))
    finally:
        path.unlink(missing_ok=True)


def _place(file: IncomingFile, place: str) -> str:
    """The source of what lies in an archive: its place in it."""
    return f"{file.source}!{clean_name(place)}"


def _told_apart(library: Library, file: IncomingFile, namesakes: Namesakes) -> IncomingFile:
    """A file of an archive under the name or the source that a person chose for those called like other documents."""
    if namesakes is Namesakes.AS_THEY_ARE or not is_namesake(library, file.path, file.name):
        return file
    other = library.catalog.document_named(library.collection, file.name)
    if namesakes is Namesakes.REPLACE:
        return replace(file, source=other.sources[0]) if other is not None and other.sources else file
    taken = {record.name for record in library.catalog.documents(library.collection)}
    return replace(file, name=free_name(file.name, taken.__contains__))


def _add(run: _Run, index: int, file: IncomingFile) -> None:
    is_read = file.path.is_file() and _size(file.path) <= run.settings.max_bytes
    identifier = document_id(file.path) if is_read else ""  # what is too large is refused before it is read
    run.unfinished = identifier
    run.tell(index, "reading", 0.0)
    catalog, collection = run.library.catalog, run.library.collection
    known = catalog.document(collection, identifier) if identifier else None
    held = catalog.document_at(collection, file.source)
    read: Sequence[Chunk] = ()
    if known is None or known.state not in ANSWERING:
        read = _read(run, index, file, known)
    elif not (file.again or catalog.is_release_asked(collection, known.id)) and _is_whole(run.library, known):
        before = earlier_at(run.library, file.source, known.id)
        if before is not None:
            _complete(run, index, known)
        chunks = run.library.passages(known.id) if before is not None else []
        left = catalog.add_source(
            collection, known.id, source=file.source, before=_succession(before, chunks, run.settings)
        )
        (run.replaced if left else run.unchanged).append(file.name)
        if file.name != known.name and file.source not in known.sources and not left:
            run.changes.append(f"{file.name}: the same content as {known.name}")
        _keep(run, file, known.id)  # where it was lost
    else:
        read = _read(run, index, replace(file, name=known.name), known)
    run.unfinished = ""
    if held is not None and held.id != identifier and (still := catalog.document(collection, held.id)) is not None:
        rename_by_sources(run.library, still)  # it was called like this file, and another one holds it still
    if catalog.embedded(collection, [identifier]):
        run.waiting.append(identifier)
    finish_deletions(run.library)
    thin(run.library, run.settings)
    if read:
        run.alike += map(sentence, compare_document(run.library, identifier, read))


def _succession(before: Earlier | None, chunks: Sequence[Chunk], settings: Settings) -> Succession | None:
    return None if before is None else before.succession(chunks, is_kept=settings.kept_versions > 0)


def _is_whole(library: Library, record: DocumentRecord) -> bool:
    """What has its kept copy is repaired from that; only without one are its passages counted, which is slow."""
    if originals.find(library.folder, record.id) is not None:
        return True
    return len(library.passages(record.id)) == record.chunks


def _complete(run: _Run, index: int, record: DocumentRecord) -> None:
    """The vectors of a document that is to take the place of a whole one."""
    while run.library.catalog.embedded(run.library.collection, [record.id]):
        run.tell(index, "embedding", 0.0)
        run.chunks += embed_next(run.library, run.embedder, document_id=record.id, is_urgent=run.stop.is_set) or 0


def _read(run: _Run, index: int, file: IncomingFile, known: DocumentRecord | None) -> Sequence[Chunk]:
    """Reads a file and brings what is stored of it to what it holds; a document that is ready stays so meanwhile."""
    catalog, collection = run.library.catalog, run.library.collection
    released = catalog.released(collection, known.id) if known is not None else frozenset()
    document = run.read_file(
        file.path,
        name=file.name,
        max_bytes=run.settings.max_bytes,
        password=file.password,
        released=released,
        ocr_pages=run.settings.ocr_pages,
        tell=lambda part: run.tell(index, "reading", part),
    )
    if document.id != run.unfinished:
        raise changed(file.name)
    run.gaps += [f"{file.name}: {gap}" for gap in document.gaps]
    run.set_aside += told(document, released)
    chunks = chunk(
        document,
        count_tokens=run.embedder.count_tokens,
        chunk_tokens=run.settings.chunk_tokens,
        overlap_tokens=run.settings.chunk_overlap,
        max_tokens=run.embedder.max_tokens,
    )
    _keep(run, file, document.id)
    if may_have_tables(file.name):
        tables.keep(run.library.folder, document.id, document.tables)
    if known is None or known.state not in ANSWERING:
        catalog.begin(collection, document, size=_size(file.path), source=file.source)
        _keep(run, file, document.id)  # where another collection let go of it meanwhile
    may_be_there = file.again or known is not None
    before, embedded = earlier_at(run.library, file.source, document.id), run.chunks
    earlier = before.passages if before is not None else ()
    waiting = store_known(run.library, chunks, earlier, may_be_there=may_be_there)
    if before is not None or (known is not None and known.state is DocumentState.READY):
        run.chunks += write(run.library, run.embedder, waiting, tell=partial(run.tell, index))
        waiting = []
    else:
        write_words(run.library, waiting, tell=partial(run.tell, index))
    if may_be_there:
        remove_others(run.library, document.id, chunks)
    catalog.set_recognised(collection, document.id, document.recognised)
    catalog.set_aside(collection, document.id, document.set_aside, released=released)
    left = catalog.finish(
        collection,
        document.id,
        source=file.source,
        chunks=len(chunks),
        before=_succession(before, chunks, run.settings),
        unembedded=waiting,
    )
    if before is not None:
        run.changes.append(anew(file.name, run.chunks - embedded, len(chunks)))
    (run.replaced if left else run.added).append(file.name)
    return chunks


def _keep(run: _Run, file: IncomingFile, identifier: str) -> None:
    if not originals.keep(run.library.folder, identifier, file.path):
        raise changed(file.name)


def changed(name: str) -> UnreadableDocument:
    """Why a file is refused that is not the same at two looks."""
    return UnreadableDocument(name, "it changed while it was read", "Add it again once nothing writes to it.")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
