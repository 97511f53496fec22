"""`python -m rag models list|pull|verify|path|add`: the model store in the terminal."""

import argparse
import sys
from pathlib import Path

from rag.errors import ModelUnavailable
from rag.models.space import readable
from rag.models.store import (
    ModelState,
    State,
    add_model,
    ensure_model,
    find_model,
    model_states,
    not_here,
    verify_model,
)
from rag.models.table import Role, find_row
from rag.progress import terminal_bar
from rag.settings import Settings
from rag.wording import counted

Subparsers = argparse._SubParsersAction  # argparse has no public name for it


def add_parser(subparsers: "Subparsers[argparse.ArgumentParser]") -> None:
    """Add `models` and its actions. Each sets `run`, a function of arguments and settings that returns an exit code."""
    models = subparsers.add_parser("models", help="list, fetch and check the models")
    actions = models.add_subparsers(dest="action", required=True)

    action = actions.add_parser("list", help="name, role, size, licence, source and state of each model")
    action.set_defaults(run=_list)

    action = actions.add_parser("pull", help="fetch models; without a name, those of the settings")
    action.add_argument("names", nargs="*", metavar="NAME", help="name of the list, or hub id organisation/name")
    action.add_argument("--role", choices=[role.value for role in Role], help="only the one of this role")
    action.add_argument("--from", dest="given", type=Path, metavar="FOLDER", help="take the files from here")
    action.add_argument("--again", action="store_true", help="fetch even what is here")
    action.set_defaults(run=_pull)

    action = actions.add_parser("verify", help="read every byte and compare; without a name, all that are here")
    action.add_argument("names", nargs="*", metavar="NAME")
    action.set_defaults(run=_verify)

    action = actions.add_parser("path", help="print the folder of a model that is here")
    action.add_argument("name", metavar="NAME")
    action.set_defaults(run=_path)

    action = actions.add_parser("add", help="give a name to a model folder of yours; it is used where it lies")
    action.add_argument("name", metavar="NAME")
    action.add_argument("folder", type=Path, metavar="FOLDER")
    action.add_argument("--role", choices=[role.value for role in Role], default="")
    action.set_defaults(run=_add)


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    chosen = {name.lower() for name in settings.models}
    rows: list[tuple[str, ...]] = [("", "NAME", "ROLE", "SIZE", "LICENCE", "STATE", "SOURCE")]
    rows += [_cells(state, state.name.lower() in chosen) for state in model_states(settings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"* used by the settings. Folder: {settings.models_folder}")
    return 0


def _cells(state: ModelState, chosen: bool) -> tuple[str, ...]:
    size = readable(state.bytes)
    return ("*" if chosen else "", state.name, state.role or "-", size, state.licence, state.state.value, state.source)


def _pull(arguments: argparse.Namespace, settings: Settings) -> int:
    by_role = {Role.EMBEDDING.value: settings.embedding_model, Role.GENERATOR.value: settings.generator_model}
    names = arguments.names or ([by_role[arguments.role]] if arguments.role else settings.models)
    for name in names:
        if find_model(name, settings) is not None and not arguments.again:
            print(f"{name} is ready.")
            continue
        row = find_row(name)
        licence = row.licence_line if row else f"{name}: see https://huggingface.co/{name} for its licence"
        if row:
            print(licence)
        with terminal_bar(unit="B") as on_progress:
            folder = ensure_model(name, settings, given=arguments.given, again=arguments.again, on_progress=on_progress)
        print(f"{name} is ready in {folder}\n{licence}")
    return 0


def _verify(arguments: argparse.Namespace, settings: Settings) -> int:
    present = [state.name for state in model_states(settings) if state.state in (State.READY, State.DAMAGED)]
    if not (arguments.names or present):
        raise ModelUnavailable(
            "No model is here to be verified. Fetch those of the settings: python -m rag models pull"
        )
    failed = 0
    for name in arguments.names or present:
        try:
            with terminal_bar(unit="B") as on_progress:
                folder = verify_model(name, settings, on_progress=on_progress)
            print(f"{name}: all files of {folder} are as recorded.")
        except ModelUnavailable as exc:
            print(f"{name}: {exc}", file=sys.stderr)
            failed += 1
    return 1 if failed else 0


def _path(arguments: argparse.Namespace, settings: Settings) -> int:
    folder = find_model(arguments.name, settings)
    if folder is None:
        raise not_here(arguments.name)
    print(folder)
    return 0


def _add(arguments: argparse.Namespace, settings: Settings) -> int:
    with terminal_bar(unit="B") as on_progress:
        manifest = add_model(arguments.name, arguments.folder, settings, role=arguments.role, on_progress=on_progress)
    files = counted(len(manifest.files), "file")
    print(f"{manifest.name} is {manifest.folder}, {readable(manifest.bytes)} in {files}.")
    return 0
