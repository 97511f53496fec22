"""A conversation as Markdown."""

import re
from dataclasses import replace

from rag.citations import DOUBT_MEANS
from rag.export import to_markdown
from rag.types import Answer, Citation, Finish, Hit, Span
from tests.fakes import hit


def answer(question: str, text: str, *cited: tuple[int, Hit, tuple[Span, ...]]) -> Answer:
    citations = tuple(Citation(number, found, marks) for number, found, marks in cited)
    return Answer(question, question, text, citations, (), (), Finish.COMPLETE)


def test_footnotes_are_numbered_through_and_quote_what_is_marked() -> None:
    leave = hit("Six days carry over. They end in March.", document="leave", page=3)
    sick = hit("A note is needed on day four.", document="sick", page=1)
    text = to_markdown(
        "Holidays",
        [
            answer(
                "How many?", "Six days [1]. Until March [2].", (1, leave, (Span(0, 20),)), (2, leave, (Span(21, 39),))
            ),
            answer("And sick?", "On day four [1].", (1, sick, ())),
        ],
    )
    assert text == (
        "# Holidays\n\n## How many?\n\nSix days[^1]. Until March[^2].\n\n## And sick?\n\nOn day four[^3].\n\n"
        "[^1]: leave.pdf, p. 3: “Six days carry over.”\n"
        "[^2]: leave.pdf, p. 3: “They end in March.”\n"
        "[^3]: sick.pdf, p. 1: “A note is needed on day four.”\n"
    )


def test_a_number_without_a_citation_stays_as_it_is() -> None:
    assert "See [7]." in to_markdown("", [answer("Where?", "See [7].")])


def test_a_sign_of_doubt_is_explained() -> None:
    assert DOUBT_MEANS in to_markdown("", [answer("Where?", "Somewhere. [?]")])
    assert DOUBT_MEANS not in to_markdown("", [answer("Where?", "Somewhere.")])


def test_an_answer_without_its_end_says_so() -> None:
    stopped = replace(answer("How many?", "Six …"), finish=Finish.STOPPED)
    assert to_markdown("", [stopped]) == "## How many?\n\nSix …\n\n*Stopped before its end.*\n"


def test_what_documents_smuggle_in_loads_nothing() -> None:
    evil = "![p](https://tracker.example/p.png) <img src=x> [a][b]\n\n[b]: https://tracker.example"
    found = hit(evil, document="*bold* <b>")
    text = to_markdown("# [x](y)", [answer(evil, f"{evil} [1].", (1, found, (Span(0, len(evil)),)))])
    assert "<" not in text.replace("\\<", "")
    assert not re.search(r"(?<!\\)\](\(|\[)", text)
    assert "\n[b]:" not in text
    assert text.startswith("# \\# \\[x\\](y)")
