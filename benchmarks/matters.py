"""Whether an overview of a matter is refused where no document treats it.

The matters are headings of documents: those of a library's own are treated there, those of others mostly not. Prints
the share that passes `rag.overviews.treats`, and which headings of others do, to be judged by eye.

    PYTHONPATH=. python benchmarks/matters.py LIBRARY OTHER_LIBRARY…
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rag.build import load_embedder
from rag.embedders import Embedder
from rag.lexical import LexicalIndex
from rag.library import Library
from rag.matters import alternatives
from rag.overviews import treats
from rag.retriever import Retriever
from rag.settings import Settings, load_settings
from rag.types import JOINT

_COUNT, _WORDS = 60, 7  # headings of each library, and the most words of one


def headings(library: Library) -> list[str]:
    """Some headings that are words alone, in an order of chance."""
    found = {chunk.heading.split(JOINT)[-1].strip(" #*") for chunk in library.store.chunks() if chunk.heading}
    plain = sorted(one for one in found if one.replace(" ", "").isalpha() and len(one.split()) <= _WORDS)
    random.Random(1).shuffle(plain)
    return plain[:_COUNT]


def passing(
    retriever: Retriever, lexical: LexicalIndex, matters: Sequence[str], settings: Settings, embedder: Embedder
) -> list[str]:
    """Those of the matters that the documents treat, and the heading over the best passage."""
    found = []
    for matter in matters:
        hits = retriever.retrieve(matter.lower(), k=settings.top_k, minimum_score=settings.minimum_score).hits
        if treats(hits, map(lexical.weights, alternatives(matter)), by_meaning=embedder.reads(matter)):
            found.append(f"{matter} ({hits[0].chunk.label}: {hits[0].chunk.heading})")
    return found


def main() -> None:
    """Asks the first library for the matters of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("libraries", nargs="+", type=Path, metavar="LIBRARY")
    settings = load_settings()
    embedder = load_embedder(settings)
    matters = {}
    asked, *_ = folders = parser.parse_args().libraries
    for folder in folders:
        with Library.open(replace(settings, library=folder), holder="benchmark") as library:
            library.open_store(embedder)
            matters[folder] = headings(library)
    with Library.open(replace(settings, library=asked), holder="benchmark") as library:
        library.open_store(embedder)
        retriever = Retriever.of_library(library, embedder, settings)
        for folder, some in matters.items():
            found = passing(retriever, library.lexical, some, settings, embedder)
            print(f"{folder}: {len(found) / len(some):.2f} of {len(some)} headings are treated in {asked}")
            if folder != asked:
                print("".join(f"  {one}\n" for one in found), end="")


if __name__ == "__main__":
    main()
