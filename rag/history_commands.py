"""`python -m rag versions|diff|alike`: versions and near-duplicates of documents in the terminal."""

import argparse
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from rag.care import confirm
from rag.catalog import DocumentRecord, Version
from rag.diff import Change, Kind
from rag.errors import FootnoteError
from rag.library import Library
from rag.likeness import catch_up, sentence
from rag.settings import Settings
from rag.types import page_label
from rag.versions import compare, compare_documents, forget_history, numbered, original_of
from rag.wording import counted, fits

_MARKS = {Kind.SAME: "{}", Kind.GONE: "[-{}-]", Kind.NEW: "{{+{}+}}"}  # as wdiff writes them


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands to the program."""
    versions = subparsers.add_parser("versions", help="list the old versions of a document, save one, delete them")
    versions.add_argument("document", help="name, or the beginning of its sha256")
    chosen = versions.add_mutually_exclusive_group()
    chosen.add_argument("--save", nargs=2, metavar=("NUMBER", "FILE"), help="write the file of an old version")
    chosen.add_argument("--delete", action="store_true", help="delete the old versions; the current one stays")
    versions.add_argument("--yes", action="store_true", help="do not ask first")
    versions.set_defaults(run=_versions)
    diff = subparsers.add_parser("diff", help="what changed in a document, or what another one has otherwise")
    diff.add_argument("document", help="name, or the beginning of its sha256")
    diff.add_argument("other", nargs="?", default="", help="a document to compare it with, instead of its versions")
    diff.add_argument("--from", type=int, dest="before", metavar="NUMBER", help="default: the last old version")
    diff.add_argument("--to", type=int, dest="after", metavar="NUMBER", help="default: the current version")
    diff.set_defaults(run=_diff)
    alike = subparsers.add_parser("alike", help="documents whose text is nearly another's")
    alike.add_argument("--keep", nargs=2, metavar="DOCUMENT", help="point these two out no longer")
    alike.set_defaults(run=_alike)


def _versions(arguments: argparse.Namespace, settings: Settings) -> int:
    with Library.open(settings, holder="python -m rag versions") as library:
        record = library.document(arguments.document)
        history = library.catalog.versions(library.collection, record.id)
        if arguments.save:
            _save(library, numbered(history, _number(arguments.save[0]), record.name), Path(arguments.save[1]))
        elif arguments.delete:
            if history and not arguments.yes:
                confirm(f"Delete {counted(len(history), 'old version')} of {record.name}? The current one stays.")
            count = forget_history(library, library.collection, record.id)
            print(f"{counted(count, 'old version')} {fits(count, 'was', 'were')} deleted.")
        else:
            _list(record, history)
    return 0


def _diff(arguments: argparse.Namespace, settings: Settings) -> int:
    with Library.open(settings, holder="python -m rag diff") as library:
        record = library.document(arguments.document)
        if arguments.other:
            other = library.document(arguments.other)
            library.open_existing()
            print(f"From {record.name} to {other.name}")
            _print(other.name, compare_documents(library, record, other))
            return 0
        history = library.catalog.versions(library.collection, record.id)
        before = numbered(history, len(history) if arguments.before is None else arguments.before, record.name)
        after = None if arguments.after is None else numbered(history, arguments.after, record.name)
        library.open_existing()
        found = compare(library, record, before, after)
    until = "the current version" if after is None else f"that of {_moment(after.added_at)}"
    print(f"{record.name}: from the version of {_moment(before.added_at)} to {until}")
    _print(record.name, found.changes)
    return 0


def _alike(arguments: argparse.Namespace, settings: Settings) -> int:
    with Library.open(settings, holder="python -m rag alike") as library:
        if arguments.keep:
            one, two = (library.document(name).id for name in arguments.keep)
            library.catalog.accept_alike(library.collection, one, two)
            library.catalog.accept_alike(library.collection, two, one)
        elif library.open_existing():
            catch_up(library)
        pairs = library.catalog.alike(library.collection)
    for pair in pairs:
        print(f"{sentence(pair)} ({pair.document_id[:12]}, {pair.other_id[:12]})")
    if not pairs:
        print("No document is nearly the same as another.")
    return 0


def _print(name: str, changes: Sequence[Change]) -> None:
    for change in changes:
        print(f"\n{_place(name, change)}\n{_text(change)}")
    if not changes:
        print("The words are the same.")


def _list(record: DocumentRecord, history: list[Version]) -> None:
    for number, version in enumerate(history, 1):
        kept = "" if version.is_kept else ", text and file no longer kept"
        changed = f"then {counted(version.came, 'passage')} came and {version.went:,} went"
        print(f"{number:3}  {_moment(version.added_at)}  {_facts(version)}; {changed}{kept}")
    print(f"now  {_moment(record.added_at)}  {_facts(record)}")


def _facts(version: Version | DocumentRecord) -> str:
    return f"{counted(version.size, 'byte')}, {counted(version.pages, 'page')}, {counted(version.chunks, 'passage')}"


def _save(library: Library, version: Version, file: Path) -> None:
    original = original_of(library, version)
    if file.exists():
        raise FootnoteError(f"{file} is there already. Name another file, or move that one away.")
    try:
        shutil.copyfile(original, file)
    except OSError as exc:
        raise FootnoteError(f"{file} could not be written: {exc.strerror}.") from exc
    print(f"{file}: {version.name} of {_moment(version.added_at)}.")


def _number(text: str) -> int:
    if not text.isdecimal():
        raise FootnoteError(f"{text!r} is no number of an old version. `python -m rag versions DOCUMENT` lists them.")
    return int(text)


def _place(name: str, change: Change) -> str:
    if change.before == change.after:
        return page_label(name, change.after)
    return f"{page_label(name, change.after)} (before: {page_label(name, change.before)})"


def _text(change: Change) -> str:
    pieces = "".join(_MARKS[piece.kind].format(piece.text) for piece in change.pieces)
    return "\n".join(f"  {line}" for line in pieces.splitlines())


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
