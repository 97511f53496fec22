"""Answers to read by eye: `python benchmarks/answers.py docs/samples/questions.jsonl samples > table.md`.

Puts the documents into a library of its own, asks every question of the file ({question, answer, file, page, history})
and prints a Markdown table: question, answer, where the first citation points, what was expected, seconds.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag.build import build_assistant, load_embedder, load_generator
from rag.library import Library
from rag.settings import load_settings
from rag.types import Answer, Turn


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def row(number: int, asked: dict, answer: Answer) -> str:
    question = cell(asked["question"])
    if answer.standalone != answer.question:
        question += f" *(understood as: {cell(answer.standalone)})*"
    places = "; ".join(f"[{citation.number}] {citation.hit.chunk.label}" for citation in answer.citations)
    expected = "no answer in the documents"
    if asked["answerable"]:
        place = asked["file"] if asked["page"] is None else f"{asked['file']}, p. {asked['page']}"
        expected = f"{cell(asked['answer'])} ({place})"
    return f"| {number} | {question} | {cell(answer.text)} | {places} | {expected} | {answer.timings.total:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", type=Path)
    parser.add_argument("documents", type=Path, nargs="+")
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(library=Path(folder))
        with Library.open(settings, holder="benchmarks/answers.py") as library:
            embedder = load_embedder(settings)
            library.open_store(embedder)
            report = ingest(find_files(parsed.documents), library=library, embedder=embedder, settings=settings)
            print(f"{report.chunks} chunks in {report.seconds:.0f} s", file=sys.stderr)
            assistant = build_assistant(library, embedder, load_generator(settings), settings)
            print("| | question | answer | cited | expected | s |\n|---|---|---|---|---|---|")
            for number, line in enumerate(parsed.questions.read_text(encoding="utf-8").splitlines(), 1):
                asked = json.loads(line)
                history = [Turn(turn["question"], turn["answer"]) for turn in asked.get("history", ())]
                print(row(number, asked, assistant.answer(asked["question"], history=history)), flush=True)


if __name__ == "__main__":
    main()
