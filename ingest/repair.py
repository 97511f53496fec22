"""Repairs what an examination found, without losing anything: what belongs nowhere is set aside, never thrown away.

Passages that are missing are made again from the kept original, words from the passages, a kept copy from the file it
was made of.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.embedding import embed_next
from ingest.examination import Fault, Finding
from ingest.hashing import document_id
from ingest.pipeline import ingest
from ingest.report import IncomingFile, IngestProgress
from ingest.tables import make_tables
from rag import originals
from rag.deletion import finish_deletions
from rag.embedders import Embedder
from rag.errors import FootnoteError
from rag.library import Library, batches
from rag.settings import Settings
from rag.sheets import sheets
from rag.versions import finish_versions, forget_history
from rag.wording import counted, fits

_DELETED = 500  # postings removed in one transaction


@dataclass(frozen=True)
class Repair:
    """What became of a finding; `text` is for the user."""

    finding: Finding
    done: bool
    text: str


def repair(
    findings: Sequence[Finding],
    *,
    library: Library,
    embedder: Embedder,
    settings: Settings,
    on_progress: Callable[[IngestProgress], None] = lambda progress: None,
) -> list[Repair]:
    """Repairs one finding after the other; one that cannot be repaired is told with the remedy, the others go on.

    The library's store must be open for `embedder`.
    """
    mending = _Mending(library, embedder, settings, on_progress)
    # Originals first, passages are made of them; words that lead nowhere before passages come back with theirs.
    order = list(_STEPS)
    return [mending.mend(finding) for finding in sorted(findings, key=lambda finding: order.index(finding.fault))]


class _Mending:
    """Library and tools of one repair."""

    def __init__(
        self,
        library: Library,
        embedder: Embedder,
        settings: Settings,
        on_progress: Callable[[IngestProgress], None],
    ) -> None:
        self.library = library
        self._embedder = embedder
        self._settings = settings
        self._on_progress = on_progress

    def mend(self, finding: Finding) -> Repair:
        """Does what its fault asks for."""
        try:
            return Repair(finding, True, _STEPS[finding.fault](self, finding))
        except FootnoteError as exc:
            return Repair(finding, False, str(exc))
        except OSError as exc:
            return Repair(finding, False, f"{finding.name}: {exc.strerror}: {exc.filename}. Make room, and try again.")

    def read_again(self, finding: Finding) -> str:
        """From the original, or from the file it came from."""
        record = self.library.catalog.document(self.library.collection, finding.document_id)
        kept = originals.find(self.library.folder, finding.document_id)
        if kept is None or document_id(kept) != finding.document_id:
            raise FootnoteError(f"{finding.name}: there is no copy to read. Add the file again: that repairs it.")
        sources = record.sources if record is not None else ()
        begun = record.begun_from if record is not None else f"kept:{finding.name}"
        source = sources[0] if sources else begun
        file = IncomingFile(kept, finding.name, source, again=True)
        report = ingest(
            [file],
            library=self.library,
            embedder=self._embedder,
            settings=self._settings,
            on_progress=self._on_progress,
        )
        if report.failed:
            raise FootnoteError(report.failed[0].message)
        return f"{finding.name} was read again from its kept copy; {_embedded(report.chunks)}."

    def embed(self, finding: Finding) -> str:
        """What is found by its words gets its vectors, too."""
        count = 0
        while (done := self._embed_some(finding)) is not None:
            count += done
        return f"{finding.name}: {_embedded(count)}; it is found by its meaning, too."

    def _embed_some(self, finding: Finding) -> int | None:
        catalog, collection = self.library.catalog, self.library.collection
        how_far = catalog.embedded(collection, [finding.document_id]).get(finding.document_id)
        if how_far is None:
            return None
        self._on_progress(IngestProgress(finding.name, 1, 1, "embedding", how_far.share, how_far.share, None))
        return embed_next(self.library, self._embedder, document_id=finding.document_id)

    def forget_unembedded(self, finding: Finding) -> str:
        """Without a document nobody knows what they are of."""
        self.library.catalog.drop_unembedded(self.library.collection, finding.document_id)
        self.library.lexical.delete_document(finding.document_id)
        removed = f"{counted(finding.count, 'passage')} without vectors and without a document"
        return f"{removed} {fits(finding.count, 'was', 'were')} removed."

    def give_up_or_read(self, finding: Finding) -> str:
        """Passages of no document: with an original they become one again, else their text is set aside."""
        if originals.find(self.library.folder, finding.document_id) is not None:
            return self.read_again(finding)
        place = self.library.set_aside(f"{Path(finding.name).stem[:100].replace('/', ' ')}.txt")
        parts = sheets(self.library.store.chunks([finding.document_id]))
        place.write_text("\n\n".join(sheet.text for sheet in parts.values()), encoding="utf-8")
        self.library.store.delete_document(finding.document_id)
        self.library.lexical.delete_document(finding.document_id)
        return f"{finding.name}: its passages no longer answer; their text lies in {place}."

    def finish_deletions(self, finding: Finding) -> str:
        """As announced."""
        finish_deletions(self.library)
        return f"{finding.name} was deleted to the end."

    def index_words(self, finding: Finding) -> str:
        """From the passages."""
        for batch in batches(iter(self.library.passages(finding.document_id)), _DELETED):
            self.library.lexical.add(batch)
        return f"{finding.name}: its words were indexed again."

    def forget_words(self, finding: Finding) -> str:
        """Postings without a passage: whatever they told was made of passages."""
        for start in range(0, len(finding.chunk_ids), _DELETED):
            self.library.lexical.delete(finding.chunk_ids[start : start + _DELETED])
        entries = f"{finding.count:,} {fits(finding.count, 'entry', 'entries')} that led nowhere"
        return f"{entries} {fits(finding.count, 'was', 'were')} removed from the search by words."

    def rebuild_words(self, finding: Finding) -> str:
        """A damaged index is made anew of the passages."""
        self.library.rebuild_words()
        return "The search by words was built anew."

    def keep_again(self, finding: Finding) -> str:
        """From the file that it was made of, where that still has the same bytes; a damaged copy is set aside."""
        record = self.library.catalog.document(self.library.collection, finding.document_id)
        for source in map(Path, record.sources if record is not None else ()):
            if source.is_file() and document_id(source) == finding.document_id:
                if finding.path is not None:
                    finding.path.rename(self.library.set_aside(finding.path.name))
                originals.keep(self.library.folder, finding.document_id, source)
                return f"{finding.name}: it was copied again from {source}."
        raise FootnoteError(
            f"{finding.name}: its passages still answer, but its file is nowhere to be found. Add it again, and a copy "
            "is kept."
        )

    def make_tables(self, finding: Finding) -> str:
        """From the original; nothing of it is embedded again."""
        record = self.library.catalog.document(self.library.collection, finding.document_id)
        if record is None:
            raise FootnoteError(f"{finding.name} is not in the library any more.")
        count = make_tables(self.library, record, self._settings)
        return f"{finding.name} was read again for its tables: {count}."

    def forget_tables(self, finding: Finding) -> str:
        """Unless the document has come back meanwhile."""
        if self.library.catalog.holders(finding.document_id):
            return f"{finding.name} stays: its document is there again."
        return self.sweep(finding)

    def keep_version(self, finding: Finding) -> str:
        """An old version is nowhere else: what is left of it stays."""
        raise FootnoteError(
            f"{finding.name}: the file of an old version cannot be had again; its text stays in the history. "
            "`python -m rag versions` deletes old versions."
        )

    def thin_version(self, finding: Finding) -> str:
        """A text that cannot be read: the facts stay in the history, the file is set aside."""
        path = originals.find(self.library.folder, finding.document_id)
        place = self._set_aside_copy(path) if path is not None else None
        self.library.catalog.thin_version(self.library.collection, finding.document_id)
        finish_versions(self.library, self.library.collection)
        return f"{finding.name}: the old version is a line of the history now" + (
            f"; its file lies in {place}." if place else "."
        )

    def give_up_history(self, finding: Finding) -> str:
        """Old versions of no document: their files are set aside."""
        for version in self.library.catalog.versions(self.library.collection, finding.document_id):
            path = originals.find(self.library.folder, version.document_id)
            if path is not None and version.is_kept:
                self._set_aside_copy(path)
        count = forget_history(self.library, self.library.collection, finding.document_id)
        place = self.library.folder / "set-aside"
        files = fits(count, "its file lies", "their files lie")
        return f"{finding.name}: {counted(count, 'old version')} left the catalog; {files} in {place}."

    def _set_aside_copy(self, path: Path) -> Path:
        place = self.library.set_aside(path.name)
        shutil.copyfile(path, place)  # the file itself may belong to a document as well
        return place

    def set_aside(self, finding: Finding) -> str:
        """A file that belongs to nothing."""
        assert finding.path is not None
        place = self.library.set_aside(finding.path.name)
        finding.path.rename(place)
        return f"{finding.name} lies in {place} now. Add it again if you miss it."

    def sweep(self, finding: Finding) -> str:
        """Half of a copy is worth nothing: the whole is where it was copied from."""
        assert finding.path is not None
        if finding.path.is_dir():
            shutil.rmtree(finding.path)
        else:
            finding.path.unlink(missing_ok=True)
        return f"{finding.name} was removed."


def _embedded(passages: int) -> str:
    return f"{counted(passages, 'passage')} {fits(passages, 'was', 'were')} embedded"


_STEPS: dict[Fault, Callable[[_Mending, Finding], str]] = {
    Fault.LEAVING: _Mending.finish_deletions,
    Fault.LEFTOVER: _Mending.sweep,
    Fault.VERSION_OF_NOTHING: _Mending.give_up_history,
    Fault.VERSION_UNREADABLE: _Mending.thin_version,
    Fault.VERSION_MISSING: _Mending.keep_version,
    Fault.VERSION_DAMAGED: _Mending.keep_version,
    Fault.ORIGINAL_MISSING: _Mending.keep_again,
    Fault.ORIGINAL_DAMAGED: _Mending.keep_again,
    Fault.ORIGINAL_OF_NOTHING: _Mending.set_aside,
    Fault.WORDS_DAMAGED: _Mending.rebuild_words,
    Fault.WORDS_OF_NOTHING: _Mending.forget_words,
    Fault.UNEMBEDDED_OF_NOTHING: _Mending.forget_unembedded,
    Fault.UNFINISHED: _Mending.read_again,
    Fault.PASSAGES_MISSING: _Mending.read_again,
    Fault.PASSAGES_FOREIGN: _Mending.read_again,
    Fault.PASSAGES_OF_NOTHING: _Mending.give_up_or_read,
    Fault.WORDS_MISSING: _Mending.index_words,
    Fault.UNEMBEDDED: _Mending.embed,
    Fault.TABLES_MISSING: _Mending.make_tables,
    Fault.TABLES_OF_NOTHING: _Mending.forget_tables,
}
