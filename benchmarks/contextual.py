"""What title and headings are worth in what is embedded: `python benchmarks/contextual.py QUESTIONS.jsonl DOCUMENTS/`.

DOCUMENTS is a folder, QUESTIONS names files and pages in it (see docs/evaluation.md). The documents are read and cut
once, then embedded in three ways, each asked through the same retriever as the page:

    with            title and heading path before the text, for meaning and for words: as Footnote does it
    without, words  the text alone is embedded; words are searched with title and headings
    without         neither knows title and headings

Prints the means of every stage with their 95 % intervals, and the paired change against "with". The three reports are
written to --out, for `python -m rag compare`. For passages as JSON lines: `python -m rag evaluate --no-titles`.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag import lines
from rag.build import load_embedder
from rag.embedders import Embedder
from rag.evaluation.compare import compare
from rag.evaluation.questions import Question, held_out, read_questions, sample
from rag.evaluation.run import Report, Subject, describe, measure
from rag.library import Library, batches
from rag.progress import terminal_bar
from rag.retriever import Retriever
from rag.settings import Settings, load_settings
from rag.types import Chunk

WITH, WORDS, WITHOUT = "with", "without, words", "without"
_BATCH = 256
_SHOWN = ("hit@1", "hit@5", "MRR@10", "nDCG@10", "recall@50")


def bare(chunk: Chunk) -> Chunk:
    """A chunk that knows neither title nor headings; its place stays."""
    return replace(chunk, title="", heading="", sections=())


def fill(library: Library, chunks: Sequence[Chunk], embedder: Embedder, variant: str) -> None:
    """Writes chunks whose text alone is embedded."""
    with terminal_bar(unit="passages") as show:
        for number, batch in enumerate(batches(iter(chunks), _BATCH)):
            show(number * _BATCH, len(chunks), f"embedding {variant}")
            own = [bare(chunk) for chunk in batch] if variant == WITHOUT else batch
            texts = [(chunk.text, chunk.text) for chunk in batch]
            library.lexical.add(own)
            library.store.upsert(own, *lines.encode_texts(texts, embedder))


def ask(
    library: Library, embedder: Embedder, settings: Settings, questions: Sequence[Question], name: str, place: Path
) -> Report:
    """A report of one variant, whose records lie in `place` until it is whole."""
    subject = Subject(Retriever.of_library(library, embedder, settings), settings)
    run = describe(settings, questions, file=name, corpus=name, chunks=library.store.count(), seed=0)
    return measure(questions, subject, run=run, partial=lambda _: place / "partial.jsonl", on_question=lambda *_: None)


def variants(
    documents: Path, questions: Sequence[Question], embedder: Embedder, settings: Settings
) -> Iterator[tuple[str, Report]]:
    """A report of each variant, "with" first."""
    with tempfile.TemporaryDirectory() as folder:
        chunks: list[Chunk] = []
        for number, variant in enumerate((WITH, WORDS, WITHOUT)):
            place = Path(folder) / str(number)
            own = replace(settings, library=place)
            with Library.open(own, holder="benchmarks/contextual.py") as library:
                library.open_store(embedder)
                if variant == WITH:
                    for failure in ingest(
                        find_files([documents]), library=library, embedder=embedder, settings=own
                    ).failed:
                        print(failure.message)
                    chunks = list(library.store.chunks())
                else:
                    fill(library, chunks, embedder, variant)
                yield variant, ask(library, embedder, own, questions, variant, place)


def show(name: str, report: Report, before: Report | None) -> None:
    """The means of a variant, and how they differ from `before`."""
    changes = {one.measure: one.change for one in compare(before, report).differences} if before else {}
    half = report.held_out()
    print(f"\n{name}: {report.run['chunks']} chunks, {len(report.records)} questions")
    for stage in ("dense", "lexical", "fused"):
        for measured in _SHOWN:
            key = f"{stage} {measured}"
            if key not in report.estimates:
                continue
            value, change = report.estimates[key], changes.get(key)
            told = f"{change.mean:+.4f} ({change.low:+.4f} to {change.high:+.4f})" if change else ""
            rest = f"{half[key].mean:.4f}" if key in half else "-"
            print(f"  {key:18} {value.mean:.4f} ({value.low:.4f} to {value.high:.4f})  held out {rest}  {told}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", type=Path)
    parser.add_argument("documents", type=Path)
    parser.add_argument("--sample", type=int, metavar="N", help="default: all questions")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for the reports")
    parsed = parser.parse_args()
    settings = load_settings()
    asked = [question for question in read_questions(parsed.questions) if question.relevant and not question.history]
    questions = sample(asked, parsed.sample, parsed.seed)
    print(f"{len(questions)} questions, {sum(held_out(question.id) for question in questions)} of them held out")
    first: Report | None = None
    for name, report in variants(parsed.documents, questions, load_embedder(settings), settings):
        show(name, report, first)
        first = first or report
        if parsed.out:
            parsed.out.mkdir(parents=True, exist_ok=True)
            report.write(parsed.out / f"{name.replace(', ', '-')}.json")


if __name__ == "__main__":
    main()
