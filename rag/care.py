"""`python -m rag delete|backup|restore|export|import|doctor`: the care of a library from the terminal."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rag.catalog import Conversation
from rag.deletion import delete_document, quoting
from rag.errors import FootnoteError
from rag.library import Library
from rag.models import known_models
from rag.progress import terminal_bar
from rag.settings import Settings
from rag.wording import counted, fits


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands to the program."""
    delete = subparsers.add_parser("delete", help="delete documents, with a receipt")
    delete.add_argument("documents", nargs="+", metavar="DOCUMENT", help="name, or the beginning of its sha256")
    delete.add_argument("--yes", action="store_true", help="do not ask first")
    add_quotes(delete)
    delete.set_defaults(run=_delete)
    for name, run, does in (
        ("purge", _purge, "write the vectors anew, so that nothing of deleted documents is left on the disk"),
        ("backup", _backup, "write the whole library to one file"),
        ("restore", _restore, "put a backup in the place of the library; the one before is kept beside it"),
        ("export", _export, "write a collection with its vectors to one file"),
        ("import", _import, "open an exported collection in this library"),
    ):
        command = subparsers.add_parser(name, help=does)
        command.set_defaults(run=run)
        if name != "purge":
            command.add_argument("file", type=Path, metavar="FILE")
        if name == "purge":
            command.add_argument("--versions", action="store_true", help="delete old versions of documents as well")
        if name == "import":
            command.add_argument("--name", default="", help="of the collection; as it was called where left out")
    doctor = subparsers.add_parser("doctor", help="compare the kept files, the catalog, the passages and the words")
    doctor.add_argument("--repair", action="store_true", help="repair what is wrong; nothing is thrown away")
    doctor.set_defaults(run=_doctor)


def _delete(arguments: argparse.Namespace, settings: Settings) -> int:
    with Library.open(settings, holder="python -m rag delete") as library:
        chosen = [library.document(name) for name in dict.fromkeys(arguments.documents)]
        if not arguments.yes:
            print("\n".join(f"{record.name} ({record.id[:12]})" for record in chosen))
            confirm(f"Delete {fits(len(chosen), 'it', 'them')} from the library? Your own files stay.")
        quotes = wants_quotes_out(arguments, quoting(library, chosen))
        library.open_existing()
        is_gone = True
        for record in chosen:
            receipt = delete_document(library, record.id, quotes=quotes)
            if receipt is not None:
                print("\n".join([f"{receipt.name} ({receipt.document_id})", *(f"  {line}" for line in receipt.lines)]))
                is_gone = is_gone and not receipt.left
    return 0 if is_gone else 1


def _purge(arguments: argparse.Namespace, settings: Settings) -> int:
    from rag.purge import purge

    with Library.open(settings, holder="python -m rag purge") as library, terminal_bar(unit=" files") as show:
        freed = purge(library, settings, on_progress=show, versions=arguments.versions)
    print(f"The vectors were written anew, {counted(max(freed, 0), 'byte')} went.")
    return 0


def _backup(arguments: argparse.Namespace, settings: Settings) -> int:
    from rag.backup import back_up

    with Library.open(settings, holder="python -m rag backup") as library, terminal_bar(unit=" files") as show:
        contents = back_up(library, arguments.file, on_progress=show)
    passages = counted(contents.passages, "passage")
    print(f"{arguments.file}: {counted(contents.documents, 'document')}, {passages}.")
    return 0


def _restore(arguments: argparse.Namespace, settings: Settings) -> int:
    from rag.backup import restore

    with terminal_bar(unit=" files") as show:
        before = restore(arguments.file, settings, on_progress=show)
    print(f"The library {settings.library_folder} is that of {arguments.file} now.")
    if before is not None:
        print(f"The one before lies in {before}. Delete that folder when you no longer need it.")
    return 0


def _export(arguments: argparse.Namespace, settings: Settings) -> int:
    from rag.exchange import export_collection

    with Library.open(settings, holder="python -m rag export") as library:
        library.open_existing()
        count = export_collection(library, arguments.file)
    print(f"{arguments.file}: {counted(count, 'document')} of collection {settings.collection!r}.")
    return 0


def _import(arguments: argparse.Namespace, settings: Settings) -> int:
    from rag.exchange import import_collection

    with Library.open(settings, holder="python -m rag import") as library:
        name, count = import_collection(
            library,
            arguments.file,
            name=arguments.name,
            embedding_model=settings.embedding_model,
            others=known_models(settings),
        )
    them = fits(count, "it", "them")
    print(f"{counted(count, 'document')} in collection {name!r}. Ask {them} with FOOTNOTE_COLLECTION={name}.")
    return 0


def _doctor(arguments: argparse.Namespace, settings: Settings) -> int:
    """In a process of its own: repairing reads files, of which nothing here knows."""
    command = [sys.executable, "-m", "ingest.doctor", *(["--repair"] if arguments.repair else [])]
    code = subprocess.run(command, check=False).returncode
    return code if code >= 0 else 128 - code  # as shells tell of a signal


def add_quotes(command: argparse.ArgumentParser) -> None:
    """Adds the choice what becomes of quotes to a command that deletes documents."""
    asked = command.add_mutually_exclusive_group()
    asked.add_argument("--quotes", action="store_true", help="take their quotes out of earlier answers, too")
    asked.add_argument("--keep-quotes", action="store_true", help="leave them; you are asked where neither is said")


def wants_quotes_out(arguments: argparse.Namespace, quoting: Sequence[Conversation]) -> bool:
    """Whether the quotes in these conversations are to go as well; asks where that was not said."""
    if arguments.quotes or arguments.keep_quotes or arguments.yes or not quoting:
        return bool(arguments.quotes)
    named = "\n".join(f"  {conversation.title}" for conversation in quoting)
    print(f"Answers in these conversations quote what is deleted:\n{named}")
    return input("Take the quotes out as well? [y/N] ").strip().lower() in ("y", "yes")


def confirm(question: str) -> None:
    """Asks; anything but yes ends the command."""
    if not sys.stdin.isatty():
        raise FootnoteError("Nobody can be asked here. Say --yes if that is what you want.")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise FootnoteError("Nothing was changed.")
