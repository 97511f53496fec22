"""`python -m rag evaluate|compare`."""

import argparse
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import FootnoteError
from rag.evaluation.questions import Question, held_out, read_questions, sample
from rag.library import Library
from rag.progress import terminal_bar
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.evaluation.measures import Estimate
    from rag.evaluation.run import Report

_LISTED = 20  # questions listed that got better, and that got worse
_SHOWN = 160  # characters of an answer shown


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands to the program."""
    evaluate = subparsers.add_parser("evaluate", help="measure retrieval and answers on questions with known answers")
    evaluate.add_argument("questions", type=Path, metavar="QUESTIONS.jsonl")
    evaluate.add_argument(
        "--corpus", type=Path, help="passages as JSON lines, or a folder of documents; default: the library"
    )
    evaluate.add_argument("--qrels", type=Path, help="grades in TREC's form, instead of those in the questions")
    evaluate.add_argument(
        "--answers", action="store_true", help="let the generator answer too; default: retrieval only"
    )
    evaluate.add_argument(
        "--refusals",
        action="store_true",
        help="measure which questions are refused, also with their passages taken away",
    )
    evaluate.add_argument("--sample", type=int, metavar="N", help="ask N questions chosen by --seed; default: all")
    evaluate.add_argument("--seed", type=int, default=0)
    evaluate.add_argument("--out", type=Path, help="keep the report here, for `compare`; a cut run goes on")
    evaluate.add_argument("--no-titles", action="store_true", help="leave the titles of JSON lines passages out")
    evaluate.add_argument("--work", type=Path, help="where corpora and cut runs are kept; default: under home")
    evaluate.set_defaults(run=_evaluate)
    compare = subparsers.add_parser("compare", help="two reports of evaluate side by side")
    compare.add_argument("before", type=Path)
    compare.add_argument("after", type=Path)
    compare.set_defaults(run=_compare)


def _evaluate(arguments: argparse.Namespace, settings: Settings) -> int:
    from rag.evaluation.corpus import ingest_folder, settings_of  # numpy and scipy take a second

    questions = sample(read_questions(arguments.questions, arguments.qrels), arguments.sample, arguments.seed)
    corpus: Path | None = arguments.corpus
    work = arguments.work or settings.home / "evaluation"
    if corpus is not None:
        if not corpus.exists():
            raise FootnoteError(f"{corpus} is not there. Name a JSON lines file or a folder of documents.")
        settings = settings_of(corpus, settings, work, titles=not arguments.no_titles)
        if corpus.is_dir():
            ingest_folder(corpus, settings)
    return _run(arguments, settings, questions, work)


def _run(arguments: argparse.Namespace, settings: Settings, questions: list[Question], work: Path) -> int:
    from rag.build import build_assistant, load_embedder, load_generator
    from rag.evaluation.corpus import fill
    from rag.evaluation.refusals import RefusalTest
    from rag.evaluation.run import Report, describe, evaluate, summarise
    from rag.retriever import Retriever

    with Library.open(settings, holder="python -m rag evaluate") as library, terminal_bar(unit="B") as show:
        embedder = load_embedder(settings, on_progress=show)
        generator = load_generator(settings, on_progress=show) if arguments.answers else None
        library.open_store(embedder)
        more: dict[str, object] = {"file": str(arguments.questions), "corpus": str(arguments.corpus or "library")}
        if arguments.corpus is not None and arguments.corpus.is_file():
            with terminal_bar(unit="passages") as told:
                more["passages cut by the embedding model"] = fill(
                    library, embedder, arguments.corpus, told, titles=not arguments.no_titles
                )
        more |= {
            "titles": not arguments.no_titles,
            "chunks": library.store.count(),
            "sample": arguments.sample,
            "seed": arguments.seed,
        }
        run = describe(settings, questions, **more)
        retriever = Retriever.of_library(library, embedder, settings)
        assistant = build_assistant(library, embedder, generator, settings) if generator else None
        partial = _partial(arguments, run, work)
        with terminal_bar(unit="questions") as told:
            records = evaluate(
                questions,
                retriever,
                assistant,
                refusals=RefusalTest(retriever, settings) if arguments.refusals else None,
                stages=("dense", "lexical", "fused") if settings.word_weight else ("dense", "fused"),
                partial=partial,
                on_question=lambda done, total: told(done, total, "asking"),
            )
    report = Report(run, summarise(records, arguments.seed), records)
    _print(report, summarise([record for record in records if held_out(record["id"])], arguments.seed))
    if arguments.out:
        report.write(arguments.out)
    partial.unlink()
    return 0


def _partial(arguments: argparse.Namespace, run: Mapping[str, object], work: Path) -> Path:
    """Where records are kept until the run is whole; another for every other run."""
    depends = {name: value for name, value in run.items() if name not in ("when", "machine")}
    depends |= {"answers": arguments.answers, "refusals": arguments.refusals}
    name = hashlib.sha256(json.dumps(depends, sort_keys=True, default=str).encode()).hexdigest()[:16]
    work.mkdir(parents=True, exist_ok=True)
    return work / f"{name}.partial.jsonl"


def _print(report: "Report", half: Mapping[str, "Estimate"]) -> None:
    run = report.run
    print(f"{run['file']} on {run['corpus']}: {run['questions']} questions, {run['chunks']} chunks, seed {run['seed']}")
    if cut := run.get("passages cut by the embedding model"):
        print(f"{cut} passages are longer than the embedding model reads; their ends are searched by words only.")
    held = {name: value.mean for name, value in half.items()}
    print(f"\n{'measure':28} {'mean':>8}   95 % interval      questions  held-out half")
    for name, value in report.estimates.items():
        interval = f"{value.low:.4f} to {value.high:.4f}"
        rest = f"{held[name]:.4f}" if name in held else "-"
        print(f"{name:28} {value.mean:8.4f}   {interval:18} {value.count:8}  {rest:>13}")


def _compare(arguments: argparse.Namespace, _: Settings) -> int:
    from rag.evaluation.compare import compare
    from rag.evaluation.run import read_report

    found = compare(read_report(arguments.before), read_report(arguments.after))
    if not found.differences:
        raise FootnoteError("The two reports have no question and measure in common.")
    print(f"{'measure':28} {'before':>8} {'after':>8} {'change':>8}   95 % interval of the change")
    for one in found.differences:
        change = one.change
        interval = f"{change.low:+.4f} to {change.high:+.4f}"
        print(f"{one.measure:28} {one.before:8.4f} {one.after:8.4f} {change.mean:+8.4f}   {interval}")
    for name, pairs in (("better", found.better), ("worse", found.worse)):
        print(f"\n{len(pairs)} questions got {name} by {found.deciding}")
        for before, after in pairs[:_LISTED]:
            print(f"  {before['id']}: {before['question']}")
            if "answer" in before and "answer" in after:
                print(f"    before: {_short(before['answer'])}\n    after:  {_short(after['answer'])}")
    return 0


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
