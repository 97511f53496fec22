"""`python -m rag collections|tag`: collections and tags from the terminal."""

import argparse

from rag.care import add_quotes, confirm, wants_quotes_out
from rag.collections import (
    check_title,
    clean_tag,
    collection_quoting,
    create_collection,
    delete_collection,
    find_collection,
    move_documents,
)
from rag.library import Library
from rag.settings import Settings


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands to the program."""
    collections = subparsers.add_parser("collections", help="list, make, change, delete collections; move documents")
    collections.set_defaults(run=_list)
    actions = collections.add_subparsers(metavar="ACTION")
    create = actions.add_parser("create", help="a new collection")
    create.add_argument("title")
    create.add_argument("--description", default="", metavar="TEXT")
    create.set_defaults(run=_create)
    rename = actions.add_parser("rename", help="give a collection another title")
    rename.add_argument("collection")
    rename.add_argument("title")
    rename.set_defaults(run=_rename)
    describe = actions.add_parser("describe", help="say what a collection is for")
    describe.add_argument("collection")
    describe.add_argument("description", metavar="TEXT")
    describe.set_defaults(run=_describe)
    delete = actions.add_parser("delete", help="delete a collection with its documents")
    delete.add_argument("collection")
    delete.add_argument("--yes", action="store_true", help="do not ask first")
    add_quotes(delete)
    delete.set_defaults(run=_delete)
    move = actions.add_parser("move", help="move documents from the open collection to another one")
    move.add_argument("collection", help="where they go")
    move.add_argument("documents", nargs="+", metavar="DOCUMENT", help="name, or the beginning of its sha256")
    move.set_defaults(run=_move)
    tag = subparsers.add_parser("tag", help="show, add or remove the tags of documents")
    tag.add_argument("documents", nargs="*", metavar="DOCUMENT", help="name, or the beginning of its sha256")
    tag.add_argument("--add", action="append", default=[], metavar="TAG", help="repeatable")
    tag.add_argument("--remove", action="append", default=[], metavar="TAG", help="repeatable")
    tag.set_defaults(run=_tag)


def _open(settings: Settings) -> Library:
    return Library.open(settings, holder="python -m rag collections")


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    with _open(settings) as library:
        for collection in library.catalog.collections():
            count = library.catalog.document_totals(collection.name).documents
            name = "" if collection.name == collection.title else f" ({collection.name})"
            is_open = ", open" if collection.name == library.collection else ""
            model = collection.embedding_model or "no embedding model yet"
            print(f"{collection.title}{name}: {count:,} documents, {model}{is_open}")
            if collection.description:
                print(f"  {collection.description}")
    return 0


def _create(arguments: argparse.Namespace, settings: Settings) -> int:
    with _open(settings) as library:
        made = create_collection(library, arguments.title, arguments.description)
    print(f"{made.title}: fill and ask it with FOOTNOTE_COLLECTION={made.name}.")
    return 0


def _rename(arguments: argparse.Namespace, settings: Settings) -> int:
    with _open(settings) as library:
        found = find_collection(library, arguments.collection)
        title = check_title(library, arguments.title, of=found.name)
        library.catalog.change_collection(found.name, title=title)
    print(f"{found.title} is called {title} now.")
    return 0


def _describe(arguments: argparse.Namespace, settings: Settings) -> int:
    with _open(settings) as library:
        found = find_collection(library, arguments.collection)
        library.catalog.change_collection(found.name, description=arguments.description.strip())
    return 0


def _delete(arguments: argparse.Namespace, settings: Settings) -> int:
    with _open(settings) as library:
        found = find_collection(library, arguments.collection)
        if not arguments.yes:
            count = library.catalog.document_totals(found.name).documents
            confirm(f"Delete collection {found.title!r} with its {count:,} documents? Your own files stay.")
        quotes = wants_quotes_out(arguments, collection_quoting(library, found))
        print(f"{found.title} was deleted with {delete_collection(library, found, quotes=quotes):,} documents.")
    return 0


def _move(arguments: argparse.Namespace, settings: Settings) -> int:
    with _open(settings) as library:
        target = find_collection(library, arguments.collection)
        chosen = [library.document(name) for name in dict.fromkeys(arguments.documents)]
        library.open_existing()
        move_documents(library, chosen, target)
    print(f"{len(chosen):,} documents are in {target.title} now.")
    return 0


def _tag(arguments: argparse.Namespace, settings: Settings) -> int:
    with _open(settings) as library:
        catalog, collection = library.catalog, library.collection
        chosen = [library.document(name) for name in dict.fromkeys(arguments.documents)]
        ids = [record.id for record in chosen]
        catalog.tag(collection, ids, [clean_tag(tag) for tag in arguments.add])
        catalog.untag(collection, ids, [clean_tag(tag) for tag in arguments.remove])
        for record in chosen:
            print(f"{record.name}: {', '.join(library.document(record.id).tags) or 'no tags'}")
        if not chosen:
            for tag, count in catalog.tags(collection).items():
                print(f"{tag}: {count:,} documents")
    return 0
