"""Writes what benchmarks/answerability.py is fitted to: `PYTHONPATH=. python benchmarks/readings.py SET/ [SET/ …] --out
READINGS.jsonl`.

A set is a folder with corpus.jsonl and qa.jsonl. Its questions are put to all passages of it, and the prompt that a
generator reads then is kept with what is known of its lines. A question with an answer is put three times: as it is,
with the passages taken away that answer it, and with nothing but the lines taken away that hold the answer; one that is
written to look answerable, once. Each half of a set (held_out) has an order of its own, by chance.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.adaptation import ANSWERABLE, LINES_AWAY, PASSAGES_AWAY, UNANSWERABLE, Reading
from rag.answerability import messages, shown
from rag.build import load_embedder
from rag.evaluation.corpus import fill, settings_of
from rag.evaluation.questions import Question, held_out, read_questions
from rag.evaluation.runs import Runs
from rag.evidence import Line, certainty, in_context
from rag.folding import fold
from rag.generators.local import TokenCounter
from rag.library import Library
from rag.models import ensure_model
from rag.retriever import Retriever
from rag.settings import Settings, load_settings
from rag.types import Hit

SEED = 11


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, help="where libraries of the sets are kept; default: under home")
    parser.add_argument("--most", type=int, help="questions of a set, half and kind")
    arguments = parser.parse_args()
    settings = load_settings()
    work = arguments.work or Runs.of_home(settings).folder
    counter = TokenCounter(ensure_model(settings.generator_model, settings, on_progress=lambda *progress: None))
    with arguments.out.open("w", encoding="utf-8") as out:
        for folder in arguments.sets:
            for reading in readings(folder, work, counter, settings, arguments.most):
                out.write(json.dumps(asdict(reading)) + "\n")


def readings(
    folder: Path, work: Path, counter: TokenCounter, settings: Settings, most: int | None
) -> Iterator[Reading]:
    corpus = folder / "corpus.jsonl"
    with Library.open(settings_of(corpus, settings, work), holder="benchmarks/readings.py") as library:
        embedder = load_embedder(settings)
        library.open_store(embedder)
        fill(library, embedder, corpus, lambda *progress: None)
        retriever = Retriever.of_library(library, embedder, settings)
        questions = read_questions(folder / "qa.jsonl")
        random.Random(SEED).shuffle(questions)
        for half in (False, True):
            for answerable in (True, False):
                some = [one for one in questions if held_out(one.id) == half and one.answerable == answerable]
                for number, question in enumerate(some[:most]):
                    print(f"\r{folder.name} {'held out ' * half}{number + 1} ", end="", file=sys.stderr, flush=True)
                    for kind, lines, hits in shown_lines(question, retriever, settings):
                        if lines:
                            yield _reading(folder.name, number, question, kind, lines, hits, counter)


def shown_lines(
    question: Question, retriever: Retriever, settings: Settings
) -> Iterator[tuple[str, list[Line], list[Hit]]]:
    """Lines of passages, nearest first, for each kind of reading; none where what answers it was not found."""
    found = retriever.stages(question.text, count=50).fused
    hits, lines = _evidence(question, found, retriever, settings)
    if not question.answerable:
        yield UNANSWERABLE, lines, hits
        return
    right = [hit for hit in found if question.place(hit.chunk) in question.relevant]
    if any(hit in right for hit in hits):
        yield ANSWERABLE, lines, hits
        yield LINES_AWAY, [line for line in lines if not _tells(question, line)], hits
    hits, lines = _evidence(question, [hit for hit in found if hit not in right], retriever, settings)
    yield PASSAGES_AWAY, lines, hits


def _evidence(
    question: Question, found: Sequence[Hit], retriever: Retriever, settings: Settings
) -> tuple[list[Hit], list[Line]]:
    hits = [hit for hit in fold(found, count=settings.top_k) if hit.score >= settings.minimum_score]
    return hits, retriever.evidence(question.text, hits)


def _reading(
    name: str,
    number: int,
    question: Question,
    kind: str,
    lines: Sequence[Line],
    hits: Sequence[Hit],
    counter: TokenCounter,
) -> Reading:
    some = shown(question.text, lines)
    prompt, ends = messages(question.text, [in_context(hits[line.number - 1].chunk, line) for line in some])
    tokens, places = counter.places(prompt, ends)
    scores, holds = (line.score for line in some), (line_holds(question, line, hits, kind) for line in some)
    return Reading(
        name,
        question.id,
        kind,
        held_out(question.id),
        number,
        certainty(lines, hits),
        tuple(scores),
        tuple(holds),
        tuple(tokens),
        tuple(places),
    )


def _tells(question: Question, line: Line) -> bool:
    return any(answer.lower() in line.text.lower() for answer in question.answers)


def line_holds(question: Question, line: Line, hits: Sequence[Hit], kind: str) -> float | None:
    """1 if the line holds the answer, 0 if not, None where an accepted answer stands in a line of another passage."""
    if not _tells(question, line):
        return 0.0
    right = kind == ANSWERABLE and question.place(hits[line.number - 1].chunk) in question.relevant
    return 1.0 if right else None


if __name__ == "__main__":
    main()
