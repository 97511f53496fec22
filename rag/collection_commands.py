"""`python -m rag collections|tag`: collections and tags from the terminal."""

import argparse
import threading
from dataclasses import replace

from rag import reembedding
from rag.care import add_quotes, confirm, wants_quotes_out
from rag.catalog import Reembedding
from rag.collections import (
    check_title,
    clean_tag,
    collection_quoting,
    create_collection,
    delete_collection,
    find_collection,
    move_documents,
)
from rag.errors import FootnoteError
from rag.library import Library
from rag.models import model_name
from rag.own_settings import OWN, give_settings, own_settings, parsed
from rag.progress import terminal_bar
from rag.settings import Settings
from rag.wording import counted, fits


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands to the program."""
    collections = subparsers.add_parser("collections", help="list, make, change, delete collections; move documents")
    collections.set_defaults(run=_list)
    actions = collections.add_subparsers(metavar="ACTION")
    create = actions.add_parser("create", help="a new collection")
    create.add_argument("title")
    create.add_argument("--description", default="", metavar="TEXT")
    create.add_argument("--model", default="", help="its embedding model; default: the setting embedding_model")
    create.set_defaults(run=_create)
    rename = actions.add_parser("rename", help="give a collection another title")
    rename.add_argument("collection")
    rename.add_argument("title")
    rename.set_defaults(run=_rename)
    describe = actions.add_parser("describe", help="say what a collection is for")
    describe.add_argument("collection")
    describe.add_argument("description", metavar="TEXT")
    describe.set_defaults(run=_describe)
    own = actions.add_parser("settings", help="show the settings of its own, or change some")
    own.add_argument("collection")
    change = "top_k=8 gives it one of its own, top_k= takes it away"
    own.add_argument("settings", nargs="*", metavar="NAME=VALUE", help=change)
    own.set_defaults(run=_settings)
    delete = actions.add_parser("delete", help="delete a collection with its documents")
    delete.add_argument("collection")
    delete.add_argument("--yes", action="store_true", help="do not ask first")
    add_quotes(delete)
    delete.set_defaults(run=_delete)
    embed = actions.add_parser("embed", help="give a collection another embedding model; it answers meanwhile")
    embed.add_argument("collection")
    embed.add_argument("model", nargs="?", default="", help="name of `models list`, hub id or folder")
    embed.add_argument("--cancel", action="store_true", help="give up what was begun")
    embed.set_defaults(run=_embed)
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
            print(f"{collection.title}{name}: {counted(count, 'document')}, {model}{is_open}")
            if task := library.catalog.reembedding(collection.name):
                print(f"  on its way to {task.embedding_model}: python -m rag collections embed {collection.name}")
            if own := own_settings(collection):
                print(f"  {', '.join(f'{name} = {value}' for name, value in own.items())}")
            if collection.description:
                print(f"  {collection.description}")
    return 0


def _create(arguments: argparse.Namespace, settings: Settings) -> int:
    with _open(settings) as library:
        model = model_name(arguments.model) if arguments.model else ""
        made = create_collection(library, arguments.title, arguments.description, model)
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


def _settings(arguments: argparse.Namespace, settings: Settings) -> int:
    with _open(settings) as library:
        found = find_collection(library, arguments.collection)
        if arguments.settings:
            given = {**own_settings(found), **parsed("\n".join(arguments.settings))}
            give_settings(library, found, {name: value for name, value in given.items() if value != ""})
            found = find_collection(library, found.name)
        own = own_settings(found)
    for name, value in own.items():
        print(f"{name} = {value}")
    if not own:
        print(f"{found.title} has none of its own. It can have: {', '.join(OWN)}.")
    return 0


def _embed(arguments: argparse.Namespace, settings: Settings) -> int:
    """Goes on where it was cut; what is embedded already stays so."""
    with _open(settings) as library:
        found = find_collection(library, arguments.collection)
        begun = library.catalog.reembedding(found.name)
        if arguments.cancel:
            reembedding.cancel(library, found.name)
            print(f"{found.title} stays with {found.embedding_model}.")
            return 0
        model = model_name(arguments.model) if arguments.model else begun.embedding_model if begun else ""
        if not model:
            raise FootnoteError("Name the embedding model that it is to have.")
        task = reembedding.begin(library, found, model)
        if task is not None:
            _embed_whole(library, task)
    print(f"{found.title} is asked by {model} now.")
    return 0


def _embed_whole(library: Library, task: Reembedding) -> None:
    from rag.build import load_embedder

    settings = replace(library.settings_of(), embedding_model=task.embedding_model)
    with terminal_bar(unit="B") as show:
        embedder = load_embedder(settings, on_progress=show)
    with terminal_bar(unit="passages") as show:
        task = reembedding.embed(library, task, embedder, on_progress=show, stop=threading.Event())
    reembedding.finish(library, task)
    if (found := library.catalog.collection(task.collection)) and (count := reembedding.cut(library, found, embedder)):
        told = f"{counted(count, 'passage')} {fits(count, 'is', 'are')} longer than {task.embedding_model} reads"
        print(f"{told}: {fits(count, 'its end is', 'their ends are')} found by words only.")


def _delete(arguments: argparse.Namespace, settings: Settings) -> int:
    with _open(settings) as library:
        found = find_collection(library, arguments.collection)
        if not arguments.yes:
            count = library.catalog.document_totals(found.name).documents
            confirm(f"Delete collection {found.title!r} with its {counted(count, 'document')}? Your own files stay.")
        quotes = wants_quotes_out(arguments, collection_quoting(library, found))
        deleted = delete_collection(library, found, quotes=quotes)
        print(f"{found.title} was deleted with {counted(deleted, 'document')}.")
    return 0


def _move(arguments: argparse.Namespace, settings: Settings) -> int:
    with _open(settings) as library:
        target = find_collection(library, arguments.collection)
        chosen = [library.document(name) for name in dict.fromkeys(arguments.documents)]
        library.open_existing()
        move_documents(library, chosen, target)
    print(f"{counted(len(chosen), 'document')} {fits(len(chosen), 'is', 'are')} in {target.title} now.")
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
                print(f"{tag}: {counted(count, 'document')}")
    return 0
