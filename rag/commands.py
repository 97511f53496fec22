"""`python -m rag ask|search|why`: questions from the terminal."""

import argparse
import sys
from typing import TYPE_CHECKING

from rag.catalog import ANSWERING, DocumentQuery
from rag.errors import FootnoteError
from rag.library import Library
from rag.progress import terminal_bar
from rag.settings import Settings
from rag.types import Answer, Chunk, Finish, Hit
from rag.wording import counted, fits

if TYPE_CHECKING:
    from rag.retriever import Retriever
    from rag.why import Explanation

_QUOTE = 300  # characters of a passage shown
_BEGINNING = 80  # of one whose ranks are told
_FINISHES = {
    Finish.LENGTH: "(cut at the token limit; FOOTNOTE_ANSWER_TOKENS raises it)",
    Finish.STOPPED: "(stopped)",
    Finish.BROKEN: "(the nearest lines, as no answer was written to its end)",
}


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands to the program."""
    ask = subparsers.add_parser("ask", help="answer questions with their sources")
    ask.add_argument("questions", nargs="+", metavar="QUESTION", type=_question)
    ask.add_argument("--cited", action="store_true", help="fail (exit code 1) when an answer has no citation")
    ask.add_argument("--document", action="append", default=[], metavar="NAME", help="look only here; repeatable")
    ask.add_argument("--tag", action="append", default=[], help="look in documents with this tag; repeatable")
    ask.set_defaults(run=_ask)
    search = subparsers.add_parser("search", help="show the nearest passages, without an answer")
    search.add_argument("question", type=_question)
    search.add_argument("-k", type=_count, help="passages shown; default: the setting top_k")
    search.add_argument("--document", action="append", default=[], metavar="NAME", help="look only here; repeatable")
    search.add_argument("--tag", action="append", default=[], help="look in documents with this tag; repeatable")
    search.set_defaults(run=_search)
    why = subparsers.add_parser("why", help="say why a passage was not found for a question")
    why.add_argument("question")
    why.add_argument("passage", nargs="?", default="", help="words of the passage that you expected")
    why.add_argument("--page", metavar="NAME#PAGE", help="every passage of a page, or of a document, instead of words")
    why.add_argument("--document", action="append", default=[], metavar="NAME", help="as it was asked; repeatable")
    why.add_argument("--tag", action="append", default=[], help="as it was asked; repeatable")
    why.set_defaults(run=_why)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _question(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("the question is empty")
    return text


def _ask(arguments: argparse.Namespace, settings: Settings) -> int:
    uncited = 0
    with Library.open(settings, holder="python -m rag ask") as library:
        if not library.catalog.document_totals(library.collection, DocumentQuery(states=ANSWERING)).documents:
            raise FootnoteError("The library is empty. Add documents with `python -m ingest PATH`.")
        scope = library.scope(arguments.document, arguments.tag)
        from rag.build import build_assistant, load_cross_encoders, load_embedder, load_generator

        with terminal_bar(unit="B") as show:
            settings = library.settings_of()
            embedder = load_embedder(settings, on_progress=show)
            generator = load_generator(settings, on_progress=show)
            cross_encoders = load_cross_encoders(settings, on_progress=show)
        library.open_store(embedder)
        assistant = build_assistant(library, embedder, generator, settings, cross_encoders)
        for question in arguments.questions:
            reply = assistant.ask(question, scope=scope)
            for _ in reply:
                pass
            _print(reply.answer)
            uncited += not reply.answer.citations
    if arguments.cited and uncited:
        of = counted(len(arguments.questions), "answer")
        print(f"{uncited} of {of} {fits(uncited, 'has', 'have')} no citation.", file=sys.stderr)
        return 1
    return 0


def _search(arguments: argparse.Namespace, settings: Settings) -> int:
    with Library.open(settings, holder="python -m rag search") as library:
        scope = library.scope(arguments.document, arguments.tag)
        from rag.build import load_cross_encoders, load_embedder
        from rag.retriever import Retriever

        with terminal_bar(unit="B") as show:
            settings = library.settings_of()
            embedder = load_embedder(settings, on_progress=show)
            cross_encoders = load_cross_encoders(settings, on_progress=show)
        library.open_store(embedder)
        retriever = Retriever.of_library(library, embedder, settings, cross_encoders)
        question = _understood(arguments.question, retriever)
        found = retriever.retrieve(
            question,
            k=arguments.k or settings.top_k,
            minimum_score=settings.minimum_score,
            scope=scope,
        )
        for number, hit in enumerate((*found.hits, *found.below), 1):
            print(_passage(number, hit, ""))
        if not found.hits and not found.below:
            print("The library is empty. Add documents with `python -m ingest PATH`.")
    return 0


def _why(arguments: argparse.Namespace, settings: Settings) -> int:
    with Library.open(settings, holder="python -m rag why") as library:
        scope = library.scope(arguments.document, arguments.tag)
        from rag.answerability import judge_for
        from rag.build import load_cross_encoders, load_embedder, load_generator
        from rag.retriever import Retriever
        from rag.why import explain, find_passage, with_room

        with terminal_bar(unit="B") as show:
            settings = library.settings_of()
            embedder = load_embedder(settings, on_progress=show)
            generator = load_generator(settings, on_progress=show)
            cross_encoders = load_cross_encoders(settings, on_progress=show)
        library.open_store(embedder)
        retriever = Retriever.of_library(library, embedder, settings, cross_encoders)
        question = _understood(arguments.question, retriever)
        chunks = (
            _passages_of(arguments.page, library, retriever)
            if arguments.page
            else [find_passage(arguments.passage, retriever)]
        )
        for chunk in chunks:
            _print_fate(
                explain(
                    question,
                    chunk,
                    retriever=retriever,
                    settings=with_room(settings, generator.context_tokens),
                    scope=scope,
                    count_tokens=generator.count_tokens,
                    judge=judge_for(generator, settings),
                )
            )
    return 0


def _understood(question: str, retriever: "Retriever") -> str:
    """The question as it is searched; told where that is not as it was typed."""
    corrected = retriever.corrected(question)
    if corrected != question:
        print(f"Understood as: {corrected}")
    return corrected


def _passages_of(place: str, library: Library, retriever: "Retriever") -> list[Chunk]:
    """Those of "handbook.pdf#4" or "handbook.pdf"."""
    is_name = library.catalog.document_named(library.collection, place) is not None
    name, page = ("", "") if is_name or "#" not in place else place.rsplit("#", 1)
    record = library.document(name or place)
    found = [chunk for chunk in retriever.passages(record.id) if not name or str(chunk.page) == page]
    if not found:
        raise FootnoteError(f"{record.name} has no passage on page {page}. Look at its pages on the Library page.")
    return found


def _print_fate(found: "Explanation") -> None:
    quote = " ".join(found.chunk.text.split())[:_BEGINNING]
    print(f"{found.chunk.label}: {found.reason}\n  “{quote}…”")
    for name, rank in found.ranks:
        print(f"  by {name:13} {'not among the nearest' if rank is None else f'{rank} of {found.of}'}")
    if found.score is not None:
        print(f"  score            {found.score:.2f}")


def _print(answer: Answer) -> None:
    from rag.citations import DOUBT, DOUBT_MEANS  # with numpy; loaded by now

    understood = f"\nUnderstood as: {answer.standalone}" if answer.standalone != answer.question else ""
    print(f"\n{answer.question}{understood}\n\n{answer.text} {_FINISHES.get(answer.finish, '')}".rstrip() + "\n")
    for citation in answer.citations:
        text = citation.hit.chunk.text
        marked = " … ".join(text[mark.start : mark.end] for mark in citation.marks)
        print(_passage(citation.number, citation.hit, marked))
    if answer.sql:
        print(f"  calculated by: {answer.sql}")
    if answer.failure:
        print(f"  {answer.failure}")
    if DOUBT in answer.text:
        print(f"  {DOUBT_MEANS}")
    timings = answer.timings
    pace = f"found in {timings.retrieve:.2f} s, first word after {timings.first_token:.1f} s"
    print(f"  {pace}, {timings.total:.1f} s in all")


def _passage(number: int, hit: Hit, marked: str) -> str:
    quote = " ".join((marked or hit.chunk.text).split())
    quote = quote if len(quote) <= _QUOTE else f"{quote[:_QUOTE]}…"
    heading = f" · {hit.chunk.heading}" if hit.chunk.heading else ""
    also = ", ".join(dict.fromkeys(copy.label for copy in hit.copies))
    copies = f" · also in {also}" if also else ""
    return f"  [{number}] {hit.chunk.label}{heading} · {hit.score:.2f}{copies}\n      “{quote}”"
