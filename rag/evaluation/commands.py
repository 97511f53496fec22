"""`python -m rag evaluate|compare`."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import FootnoteError
from rag.evaluation.questions import Question, read_questions, sample
from rag.library import Library
from rag.progress import terminal_bar
from rag.settings import Settings
from rag.wording import counted, fits

if TYPE_CHECKING:
    from rag.evaluation.measures import Estimate
    from rag.evaluation.run import Report
    from rag.evaluation.runs import Runs

_LISTED = 20  # questions listed that got better, and that got worse
_SHOWN = 160  # characters of an answer shown
_TOLD = ("fused hit@5", "fused nDCG@10", "contains answer", "false refusal", "right refusal")  # of a kept report


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
    evaluate.add_argument("--out", type=Path, help="write the report here too; it is kept under home in any case")
    evaluate.add_argument("--no-titles", action="store_true", help="leave the titles of JSON lines passages out")
    evaluate.add_argument("--work", type=Path, help="where corpora, cut runs and reports lie; default: under home")
    evaluate.set_defaults(run=_evaluate)
    compare = subparsers.add_parser("compare", help="two reports of evaluate side by side")
    compare.add_argument("before", help="file, or name among `runs`")
    compare.add_argument("after")
    compare.set_defaults(run=_compare)
    runs = subparsers.add_parser("runs", help="list the reports that are kept")
    runs.set_defaults(run=_runs)
    judged = subparsers.add_parser("questions", help="print the answers judged in the page as questions")
    judged.set_defaults(run=_judged)


def _evaluate(arguments: argparse.Namespace, settings: Settings) -> int:
    from rag.evaluation.corpus import ingest_folder, settings_of  # numpy and scipy take a second
    from rag.evaluation.runs import Runs

    questions = sample(read_questions(arguments.questions, arguments.qrels), arguments.sample, arguments.seed)
    corpus: Path | None = arguments.corpus
    runs = Runs(arguments.work) if arguments.work else Runs.of_home(settings)
    if corpus is not None:
        if not corpus.exists():
            raise FootnoteError(f"{corpus} is not there. Name a JSON lines file or a folder of documents.")
        settings = settings_of(corpus, settings, runs.folder, titles=not arguments.no_titles)
        if corpus.is_dir():
            ingest_folder(corpus, settings)
    report = _measure(arguments, settings, questions, runs)
    _print(report, report.held_out())
    print(f"\nKept as {runs.keep(report).stem}: `python -m rag compare` sets two of them side by side.")
    if arguments.out:
        report.write(arguments.out)
    return 0


def _measure(arguments: argparse.Namespace, settings: Settings, questions: list[Question], runs: "Runs") -> "Report":
    from rag.answerability import judge_for
    from rag.assistant import Assistant
    from rag.build import load_cross_encoders, load_embedder, load_generator
    from rag.evaluation.corpus import fill
    from rag.evaluation.refusals import RefusalTest
    from rag.evaluation.run import Subject, describe, measure
    from rag.retriever import Retriever

    with Library.open(settings, holder="python -m rag evaluate") as library, terminal_bar(unit="B") as show:
        settings = library.settings_of()
        embedder = load_embedder(settings, on_progress=show)
        generator = load_generator(settings, on_progress=show) if arguments.answers or arguments.refusals else None
        cross_encoders = load_cross_encoders(settings, on_progress=show)
        library.open_store(embedder)
        more: dict[str, object] = {"file": str(arguments.questions), "corpus": str(arguments.corpus or "library")}
        if arguments.corpus is not None and arguments.corpus.is_file():
            with terminal_bar(unit="passages") as told:
                more["passages cut by the embedding model"] = fill(
                    library, embedder, arguments.corpus, told, titles=not arguments.no_titles
                )
        if not library.store.count():
            raise FootnoteError(f"There is nothing to ask: {arguments.corpus or 'the library'} holds no passages.")
        more |= {"titles": not arguments.no_titles, "chunks": library.store.count(), "sample": arguments.sample}
        more |= {name: getattr(arguments, name) for name in ("seed", "answers", "refusals")}
        retriever = Retriever.of_library(library, embedder, settings, cross_encoders)
        subject = Subject(
            retriever,
            settings,
            Assistant(retriever, generator, settings) if generator and arguments.answers else None,
            RefusalTest(retriever, settings, judge_for(generator, settings))
            if generator and arguments.refusals
            else None,
        )
        with terminal_bar(unit="questions") as told:
            return measure(
                questions,
                subject,
                run=describe(settings, questions, **more),
                partial=runs.partial,
                on_question=lambda done, total: told(done, total, "asking"),
            )


def _print(report: "Report", half: Mapping[str, "Estimate"]) -> None:
    run = report.run
    size = f"{counted(run['questions'], 'question')}, {counted(run['chunks'], 'chunk')}"
    print(f"{run['file']} on {run['corpus']}: {size}, seed {run['seed']}")
    if cut := run.get("passages cut by the embedding model"):
        told = f"{counted(cut, 'passage')} {fits(cut, 'is', 'are')} longer than the embedding model reads"
        print(f"{told}; {fits(cut, 'its end is', 'their ends are')} searched by words only.")
    held = {name: value.mean for name, value in half.items()}
    print(f"\n{'measure':28} {'mean':>8}   95 % interval      questions  held-out half")
    for name, value in report.estimates.items():
        interval = f"{value.low:.4f} to {value.high:.4f}" if value.low < value.high else "none"
        rest = f"{held[name]:.4f}" if name in held else "-"
        print(f"{name:28} {value.mean:8.4f}   {interval:18} {value.count:8}  {rest:>13}")


def _runs(_: argparse.Namespace, settings: Settings) -> int:
    from rag.evaluation.run import read_report
    from rag.evaluation.runs import Runs

    for file in Runs.of_home(settings).reports():
        report = read_report(file)
        told = ", ".join(f"{name} {report.estimates[name].mean:.3f}" for name in _TOLD if name in report.estimates)
        run = report.run
        print(f"{file.stem}: {counted(run['questions'], 'question')} of {run['file']} on {run['corpus']}: {told}")
    return 0


def _judged(_: argparse.Namespace, settings: Settings) -> int:
    from rag.evaluation.judged import to_lines

    with Library.open(settings, holder="python -m rag questions") as library:
        print(to_lines(library.catalog.judged_answers()), end="")
    return 0


def _compare(arguments: argparse.Namespace, settings: Settings) -> int:
    from rag.evaluation.compare import compare
    from rag.evaluation.runs import Runs

    runs = Runs.of_home(settings)
    found = compare(runs.find_report(arguments.before), runs.find_report(arguments.after))
    if not found.differences:
        raise FootnoteError("The two reports have no question and measure in common.")
    print(f"{'measure':28} {'before':>8} {'after':>8} {'change':>8}   95 % interval of the change")
    for one in found.differences:
        change = one.change
        interval = f"{change.low:+.4f} to {change.high:+.4f}"
        print(f"{one.measure:28} {one.before:8.4f} {one.after:8.4f} {change.mean:+8.4f}   {interval}")
    for name, pairs in (("better", found.better), ("worse", found.worse)):
        print(f"\n{counted(len(pairs), 'question')} got {name} by {found.deciding}")
        for before, after in pairs[:_LISTED]:
            print(f"  {before['id']}: {before['question']}")
            if "answer" in before and "answer" in after:
                print(f"    before: {_short(before['answer'])}\n    after:  {_short(after['answer'])}")
    return 0


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
