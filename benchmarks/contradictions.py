"""Documents that contradict each other: `PYTHONPATH=. python benchmarks/contradictions.py QUESTIONS.jsonl`.

Questions come as in RAMDocs (https://github.com/HanNight/RAMDocs): {id, question, answers, wrong_answers,
docs: [{text}]}. Every document is a file of one library, each question is asked of its own documents only. Printed is
how often the right answer stands in the answer, how often only a wrong one does, and the same without the lines that
are quoted because they say otherwise.
"""

import hashlib
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag.build import build_assistant, load_embedder, load_generator
from rag.evaluation.measures import contains
from rag.library import Library
from rag.phrases import ENGLISH
from rag.settings import load_settings
from rag.types import Scope


def main(file: Path) -> None:
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    rows: list[dict[str, Any]] = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(library=Path(folder) / "library")
        files = Path(folder) / "files"
        files.mkdir()
        for row in rows:
            for number, document in enumerate(row["docs"]):
                (files / f"{row['id']}-{number}.txt").write_text(document["text"], encoding="utf-8")
        with Library.open(settings, holder="benchmarks/contradictions.py") as library:
            embedder, generator = load_embedder(settings), load_generator(settings)
            library.open_store(embedder)
            ingest(find_files([files]), library=library, embedder=embedder, settings=settings)
            assistant = build_assistant(library, embedder, generator, settings)
            texts = [assistant.answer(row["question"], scope=_scope(row)).text for row in rows]
    _print("with what says otherwise", rows, texts)
    before = ENGLISH.otherwise.partition("{")[0]
    _print("without", rows, [text.split(f"\n\n{before}")[0] for text in texts])


def _scope(row: dict[str, Any]) -> Scope:
    """The documents of a question; a document's id is the checksum of its bytes."""
    texts = (document["text"].encode() for document in row["docs"])
    return Scope(documents=tuple(dict.fromkeys(hashlib.sha256(text).hexdigest() for text in texts)))


def _print(name: str, rows: list[dict[str, Any]], texts: list[str]) -> None:
    right = [contains(text, row["answers"]) for row, text in zip(rows, texts, strict=True)]
    wrong = [contains(text, row["wrong_answers"]) for row, text in zip(rows, texts, strict=True)]
    alone = sum(other and not one for one, other in zip(right, wrong, strict=True))
    print(f"{name}: right answer shown {sum(right) / len(rows):.2f}, only a wrong one {alone / len(rows):.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
