"""`python -m rag delete`: the care of a library from the terminal."""

import argparse
import sys

from rag.deletion import delete_document
from rag.errors import FootnoteError
from rag.library import Library
from rag.settings import Settings


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands to the program."""
    delete = subparsers.add_parser("delete", help="delete documents, with a receipt")
    delete.add_argument("documents", nargs="+", metavar="DOCUMENT", help="name, or the beginning of its sha256")
    delete.add_argument("--yes", action="store_true", help="do not ask first")
    delete.set_defaults(run=_delete)


def _delete(arguments: argparse.Namespace, settings: Settings) -> int:
    with Library.open(settings, holder="python -m rag delete") as library:
        chosen = [library.document(name) for name in dict.fromkeys(arguments.documents)]
        if not arguments.yes:
            print("\n".join(f"{record.name} ({record.id[:12]})" for record in chosen))
            _confirm("Delete them from the library? Your own files stay.")
        library.open_existing()
        is_gone = True
        for record in chosen:
            receipt = delete_document(library, record.id)
            if receipt is not None:
                print("\n".join([f"{receipt.name} ({receipt.document_id})", *(f"  {line}" for line in receipt.lines)]))
                is_gone = is_gone and not receipt.left
    return 0 if is_gone else 1


def _confirm(question: str) -> None:
    """Asks; anything but yes ends the command."""
    if not sys.stdin.isatty():
        raise FootnoteError("Nobody can be asked here. Say --yes if that is what you want.")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise FootnoteError("Nothing was changed.")
