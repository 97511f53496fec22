import pytest

from rag.conflicts import contradictions, told
from rag.evidence import nearest_lines
from rag.terms import terms
from rag.types import Citation
from tests.fakes import HashingEmbedder, hit

QUESTION = "How many unused days of leave can be carried over?"
OLD = "Up to 6 unused days of leave can be carried over."


def found(question: str, text: str, *passages: str) -> list[str]:
    """What contradicts an answer, each passage in a document of its own."""
    hits = [hit(passage, 0.8, document=f"{number}.txt") for number, passage in enumerate(passages)]
    lines = nearest_lines(question, hits, HashingEmbedder(1_024), dict.fromkeys(terms(question, parts=True), 1.0))
    return [line.text for line in contradictions(question, text, lines, hits)]


def test_another_number_for_the_same_is_a_contradiction() -> None:
    new = "Up to 10 unused days of leave can be carried over."
    assert found(QUESTION, "Up to 6 days can be carried over.", OLD, new) == [new]


def test_another_name_for_the_same_is_a_contradiction() -> None:
    other = "The film was directed by Raj Kapoor."
    text = "It was directed by Mahesh Bhatt."
    assert found("Who directed the film?", text, "The film was directed by Mahesh Bhatt.", other) == [other]


@pytest.mark.parametrize(
    "other",
    [
        "Up to 6 unused days of leave can be carried over into the next year.",
        "Lunch in the canteen costs 3.80 EUR.",
        "Up to 10 days of sick notes can be sent.",
        "Unused days of leave can be carried over.",
    ],
    ids=["the same number", "another matter", "lacks words of the question", "no number"],
)
def test_what_does_not_contradict_is_not_told(other: str) -> None:
    assert found(QUESTION, "Up to 6 days can be carried over.", OLD, other) == []


def test_the_same_with_a_not_is_a_contradiction() -> None:
    allowed, forbidden = "Dogs are allowed in the office kitchen.", "Dogs are not allowed in the office kitchen."
    question = "Are dogs allowed in the office kitchen?"
    assert found(question, "Yes, dogs are allowed in the office kitchen.", allowed, forbidden) == [forbidden]
    assert found(question, "No, dogs are not allowed in the kitchen.", forbidden, allowed) == [allowed]
    assert found(question, f"{allowed} {forbidden}", allowed, forbidden) == []
    assert found(question, allowed, allowed, "Dogs are not allowed in the laboratory of Oslo.") == []
    assert found(question, allowed, f"{allowed} {forbidden}") == []


def test_what_the_answer_tells_already_is_not_told_again() -> None:
    new = "Up to 10 unused days of leave can be carried over."
    assert found(QUESTION, "Up to 6 or up to 10 days can be carried over.", OLD, new) == []


@pytest.mark.parametrize(
    ("other", "is_told"),
    [
        ("The summer party is at 5 pm in the courtyard.", False),
        ("The summer party is in 2026.", True),
        ("The summer party is on 19 July in the courtyard.", True),
        ("The summer party is on the 19th in the courtyard.", True),
    ],
)
def test_a_number_of_another_kind_contradicts_nothing(other: str, is_told: bool) -> None:
    said = "The summer party is on 12 July."
    assert found("When is the summer party?", said, said, other) == [other] * is_told


def test_a_document_does_not_contradict_itself() -> None:
    assert found(QUESTION, "Up to 6 days.", f"{OLD} Up to 10 unused days of leave can be carried over in Oslo.") == []


def test_an_answer_without_a_number_or_name_is_contradicted_by_nothing() -> None:
    assert found(QUESTION, "They can.", OLD, "Up to 10 unused days of leave can be carried over.") == []


def test_a_document_that_was_removed_meanwhile_is_told_of_without_its_date() -> None:
    hits = [hit(OLD, document="a"), hit("Up to 10 can be carried over.", document="b"), hit("Lunch.", document="c")]
    lines = nearest_lines(QUESTION, hits, HashingEmbedder(), {})
    (other,) = [line for line in lines if line.number == 2]
    text, _ = told("Six.", (), [other], hits, {"a": "2026-11-01", "c": "2026-11-02"})
    assert text == "Six.\n\nAnother document says otherwise: “Up to 10 can be carried over.” [2]"


def test_a_contradiction_is_quoted_with_its_passage_and_its_date() -> None:
    hits = [hit(OLD, document="a"), hit("Up to 10 unused days of leave [7] can be carried over.", document="b")]
    lines = nearest_lines(QUESTION, hits, HashingEmbedder(), {})
    other = next(line for line in lines if line.number == 2)
    cited = (Citation(1, hits[0], ()),)
    text, citations = told("Up to 6 days. [1]", cited, [other], hits, {"a": "2026-01-02", "b": "2026-05-03"})
    assert text == (
        "Up to 6 days. [1]\n\nAnother document, added on 2026-05-03, says otherwise: "
        "“Up to 10 unused days of leave can be carried over.” [2]"
    )
    assert [(citation.number, citation.marks) for citation in citations] == [(1, ()), (2, (other.span,))]
    same = told("Up to 6 days. [1]", cited, [other], hits, {"a": "2026-01-02", "b": "2026-01-02"})[0]
    assert "added on" not in same


def test_other_words_contradict_where_the_lines_are_alike_else() -> None:
    first, second = (
        f"Big Girl is a Canadian {kind}, directed by Renuka Jeyapalan in 2005." for kind in ("film", "song")
    )
    assert found("What is the genre of Big Girl?", "The genre of Big Girl is film.", first, second) == [second]
    assert (
        found("What is the genre of Big Girl?", "The genre of Big Girl is film.", first, "Big Girl is a loud song.")
        == []
    )


def test_the_same_number_in_other_words_is_no_contradiction() -> None:
    assert (
        found(
            "How many days of leave are there?",
            "Staff get 28 days.",
            "Staff get 28 days of leave.",
            "Crew get 28 days of leave.",
        )
        == []
    )
