"""`python -m ingest.doctor`: is everything in the library that belongs there, and nothing else?"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from ingest.examination import Examination, Finding, examine
from ingest.rebuild import rebuild
from ingest.repair import repair
from rag.catalog import REMEDY, CatalogDamaged, Collection
from rag.errors import FootnoteError, ModelMismatch, StoreError
from rag.library import Library
from rag.progress import terminal_bar
from rag.settings import Settings, load_settings
from rag.wording import counted, fits

_HOLDER = "python -m ingest.doctor"
_TRIES = 2  # times files are set aside: those of a collection, and where that was not enough those of all


def main(arguments: Sequence[str] | None = None) -> int:
    """Tells what is wrong; returns 0 when all is well or was repaired, 1 when something is or stays wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m ingest.doctor",
        description="Compare the kept files, the catalog, the passages and the words of the library.",
    )
    parser.add_argument("--repair", action="store_true", help="repair what is wrong; nothing is thrown away")
    parsed = parser.parse_args(arguments)
    try:
        return _look(load_settings(), mend=parsed.repair)
    except FootnoteError as exc:
        print(exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _look(settings: Settings, *, mend: bool) -> int:
    """All collections, that of the settings first; a catalog that is damaged is made anew before."""
    try:
        with Library.open(settings, holder=_HOLDER) as library:
            if not library.catalog.is_sound():
                raise CatalogDamaged(f"The catalog of {library.folder} is damaged. {REMEDY}")
            others = [entry for entry in library.catalog.collections() if entry.name != library.collection]
        return _run_all(settings, others, mend=mend)
    except CatalogDamaged as exc:
        if not mend:
            raise
        print(f"wrong: {exc}")
    return _begin_anew(settings)


def _run_all(settings: Settings, others: Sequence[Collection], *, mend: bool) -> int:
    """One that cannot be opened is named, and the others are looked at."""
    told: set[Finding] = set()
    codes: list[int] = []
    for name, title in [(settings.collection, ""), *((other.name, other.title) for other in others)]:
        if title:
            print(f"Collection {title}:", flush=True)
        try:
            codes.append(_run(replace(settings, collection=name), mend=mend, told=told))
        except StoreError as exc:
            print(exc, file=sys.stderr)
            codes.append(1)
    return max(codes)


def _begin_anew(settings: Settings) -> int:
    made = rebuild(settings, holder=_HOLDER)
    print(
        f"A new catalog was made: {counted(made.rows, 'row')} of the one before could be read; "
        f"{counted(made.to_read, 'document')} {fits(made.to_read, 'is', 'are')} to be read again from "
        f"{fits(made.to_read, 'its kept file', 'their kept files')}, {made.as_they_are:,} "
        f"{fits(made.as_they_are, 'stays as its passages are', 'stay as their passages are')}. The one before lies in "
        f"{settings.library_folder / 'set-aside'}."
    )
    names = made.collections or (settings.collection,)
    return max(_run(replace(settings, collection=name), mend=True, told=set()) for name in names)


def _run(settings: Settings, *, mend: bool, told: set[Finding]) -> int:
    """Looks at one collection; `told` holds what is of no one collection and was named before."""
    with Library.open(settings, holder=_HOLDER) as library:
        if not _open(library, mend=mend):
            print(f"Nothing was ever added to collection {library.collection!r}.")
            return 0
        found = _examine(library).without(told)
        told.update(found.of_the_library)
        for finding in found.findings:
            print(f"wrong: {finding.text}")
        if not found.findings:
            print(f"All is well: {_size(found)}.")
            return 0
        if not mend:
            them = fits(len(found.findings), "it", "them")
            print(f"{counted(len(found.findings), 'fault')}. Repair {them} with `python -m ingest.doctor --repair`.")
            return 1
        _repair(library, found)
        left = _examine(library)
        if not left.findings:
            print(f"All is well now: {_size(left)}.")
        return 1 if left.findings else 0


def _size(found: Examination) -> str:
    return f"{counted(found.documents, 'document')}, {counted(found.passages, 'passage')}"


def _open(library: Library, *, mend: bool, tries: int = _TRIES) -> bool:
    """Opens the collection; with `mend`, files that cannot be opened are set aside and made anew."""
    try:
        return library.open_existing()
    except ModelMismatch:
        raise
    except StoreError as exc:
        what = "words" if library.is_store_open else "vectors"
        if not mend:
            raise StoreError(
                f"{exc}\nIf the file is damaged, `python -m ingest.doctor --repair` sets it aside."
            ) from exc
        if not tries:
            raise
        print(f"wrong: {exc}")
        place = library.set_aside_words() if what == "words" else library.set_aside_vectors()
        print(f"The {what} that could not be opened lie in {place} now.")
        return _open(library, mend=mend, tries=tries - 1)


def _examine(library: Library) -> Examination:
    with terminal_bar(unit=" documents") as show:
        return examine(library, on_document=lambda done, total, name: show(done, total, "examine"))


def _repair(library: Library, found: Examination) -> None:
    from rag.build import load_embedder  # torch takes seconds: what is well does not need it

    with terminal_bar(unit="B") as show:
        settings = library.settings_of()
        embedder = load_embedder(settings, on_progress=show)
    library.open_store(embedder)
    for result in repair(found.findings, library=library, embedder=embedder, settings=settings):
        print(f"{'repaired' if result.done else 'not repaired'}: {result.text}")


if __name__ == "__main__":
    sys.exit(main())
