"""What answers said of a deleted document, taken out of them."""

import json
from typing import Any

from rag.quotes import TAKEN_OUT, without_quotes
from rag.types import Answer, Citation, Finish, Hit, Span, answer_from_json, answer_to_json
from tests.fakes import chunk


def answer(text: str, *documents: str, dropped: str = "") -> dict[str, Any]:
    hits = tuple(Hit(chunk(f"The text of {name}.", document=name), 0.5) for name in documents)
    citations = tuple(
        Citation(number, hit, (Span(0, 3),)) for number, hit in enumerate(hits, 1) if f"[{number}]" in text
    )
    low = (Hit(chunk("Low.", document=dropped), 0.1),) if dropped else ()
    return json.loads(json.dumps(answer_to_json(Answer("Q?", "Q?", text, citations, hits, low, Finish.COMPLETE))))


def test_sentences_that_rest_on_a_deleted_document_make_way_for_a_note() -> None:
    before = answer(
        "Six days carry over. [1] Lunch is free. [2] The rest lapses. [1]", "leave", "lunch", dropped="leave"
    )
    found = without_quotes(before, ["leave"])
    assert found["text"] == f"{TAKEN_OUT} Lunch is free. [2] {TAKEN_OUT}"
    assert "Six days" not in json.dumps(found)
    assert "The rest lapses" not in json.dumps(found)
    assert "text of leave" not in json.dumps(found)
    assert [entry["number"] for entry in found["citations"]] == [2]
    assert found["dropped"] == []
    read = answer_from_json(found)
    assert [hit.chunk.document_id for hit in read.used] == ["", "lunch"]


def test_a_sentence_that_rests_on_another_document_too_stays_with_its_number() -> None:
    found = without_quotes(answer("Six days carry over. [1] [2]", "leave", "lunch"), ["leave"])
    assert found["text"] == "Six days carry over. [2]"


def test_items_of_a_list_keep_their_sign() -> None:
    text = "There are two:\n- Six days of leave. [1]\n- Free lunch. [2]"
    assert without_quotes(answer(text, "leave", "lunch"), ["leave"])["text"] == (
        f"There are two:\n- {TAKEN_OUT}\n- Free lunch. [2]"
    )


def test_an_answer_that_cites_nothing_else_is_gone() -> None:
    found = without_quotes(answer("In short:\n- Six days. [1]\nThey lapse.", "leave"), ["leave"])
    assert found["text"] == TAKEN_OUT
    assert found["citations"] == []


def test_copies_of_a_passage_in_a_deleted_document_are_no_longer_named() -> None:
    before = answer("Lunch is free. [1]", "lunch")
    before["used"][0]["copies"] = [{**before["used"][0]["chunk"], "document_id": "leave", "document_name": "leave.pdf"}]
    before["citations"][0]["hit"]["copies"] = before["used"][0]["copies"]
    found = without_quotes(before, ["leave"])
    assert "leave" not in json.dumps(found)
    assert found["text"] == "Lunch is free. [1]"


def test_an_answer_about_other_documents_stays_as_it_is() -> None:
    before = answer("Lunch is free. [1]", "lunch")
    assert without_quotes(before, ["leave"]) == before


def test_a_sentence_without_a_source_goes_with_the_documents_it_may_come_from() -> None:
    before = answer("Lunch is free. [1] They lapse. [?] All of it is so. [2] [?]", "leave", "lunch")
    assert without_quotes(before, ["leave"])["text"] == f"{TAKEN_OUT} All of it is so. [2] [?]"
