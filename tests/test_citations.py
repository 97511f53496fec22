import pytest

from rag.citations import (
    Bears,
    cite,
    in_reading_order,
    is_all_in_doubt,
    says_nothing,
    verdicts,
    whole_and_half,
    without_false_yes,
    without_question,
    words,
)
from rag.support import Verdict
from tests.fakes import hit

HITS = [
    hit("Staff get 28 days of leave. Lunch costs 3.80 EUR.", 0.6),
    hit("The battery PPR-9087 lasts six years. Never open it.", 0.7),
]


def test_a_sentence_keeps_the_number_it_was_given() -> None:
    text, citations = cite("The battery lasts six years [2]. Lunch costs 3.80 EUR [1].", HITS)
    assert text == "The battery lasts six years. [2] Lunch costs 3.80 EUR. [1]"
    assert [citation.number for citation in citations] == [1, 2]


def test_only_the_sentence_that_bears_the_answer_is_marked() -> None:
    _, citations = cite("Lunch costs 3.80 EUR [1].", HITS)
    text = citations[0].hit.chunk.text
    assert [text[mark.start : mark.end] for mark in citations[0].marks] == ["Lunch costs 3.80 EUR."]


def marked(text: str, passage: str, question: str = "") -> list[str]:
    _, citations = cite(text, [hit(passage)], question=question)
    return [passage[mark.start : mark.end] for mark in citations[0].marks]


def test_a_sentence_that_adds_to_the_best_one_is_marked_too() -> None:
    passage = "Up to 6 unused days can be carried over. They expire on 31 March. Leave is never paid out."
    text = "Up to 6 unused days can be carried over, and they expire on 31 March [1]."
    assert marked(text, passage) == ["Up to 6 unused days can be carried over.", "They expire on 31 March."]


def test_every_row_that_a_sentence_was_made_from_is_marked() -> None:
    rows = ["Humidity   every 12 months   on site", "Rain   every 24 months", "Wind   every 48 months", "Sun   never"]
    text = "Humidity is calibrated every 12 months, rain every 24 months, and wind every 48 months [1]."
    assert marked(text, "\n".join(rows), "How often are the sensors calibrated?") == rows[:3]


def test_a_row_that_is_told_whole_is_marked_though_others_hold_its_words() -> None:
    rows = ["During probation   2 weeks", "After probation   2 months", "From the eighth year on   4 months"]
    text = "It is 2 weeks during probation, 2 months after probation and 4 months from the eighth year on [1]."
    assert marked(text, "\n".join(["Probation and notice", *rows]), "What is the notice period?") == rows


def test_many_rows_in_one_sentence_are_all_marked() -> None:
    rows = [f"Sensor {name}   {months} months" for months, name in enumerate("ABCDEFGH", 11)]
    text = f"It is {', '.join(row.replace('   ', ' ') for row in rows)} [1]."
    assert marked(text, "\n".join(rows)) == rows


def test_a_sentence_that_holds_one_more_word_of_many_is_not_marked() -> None:
    passage = "Up to 6 unused days can be carried over into the next year. A year has two halves. Staff get lunch."
    assert marked("Up to 6 unused days go into the next half of a year [1].", passage) == [
        "Up to 6 unused days can be carried over into the next year."
    ]


def test_what_the_question_said_already_bears_little() -> None:
    passage = "Skua 4 Weather Station: Manual, page 4\n\nMass   3.4 kg"
    question = "How much does the Skua 4 station weigh?"
    assert marked("The Skua 4 station weighs 3.4 kg [1].", passage, question) == ["Mass   3.4 kg"]


@pytest.mark.parametrize("number", ["[9]", "[0]", "[3]", "[2024]"])
def test_an_unknown_number_is_replaced_by_the_passage_that_holds_the_words(number: str) -> None:
    text, citations = cite(f"The battery PPR-9087 lasts six years {number}.", HITS)
    assert number not in text
    assert [citation.number for citation in citations] == [2]


def test_every_sentence_gets_a_citation() -> None:
    text, _ = cite("Staff get 28 days of leave. The battery is never opened.\n\n- Lunch costs 3.80 EUR", HITS)
    assert text == "Staff get 28 days of leave. [1] The battery is never opened. [2]\n\n- Lunch costs 3.80 EUR [1]"


def test_a_lead_in_needs_none() -> None:
    assert cite("These are the steps:\n1. Never open the battery [2]", HITS)[0].startswith("These are the steps:\n")


def test_an_answer_that_is_only_a_lead_in_is_cited() -> None:
    text, citations = cite("Lunch has a special price:", HITS)
    assert text == "Lunch has a special price: [1]"
    assert [citation.number for citation in citations] == [1]


def test_a_sentence_that_was_copied_with_its_line_break_stays_one() -> None:
    assert cite("The battery lasts\nsix years [2].", HITS)[0] == "The battery lasts six years. [2]"


def test_several_numbers_in_one_bracket_are_understood() -> None:
    assert [citation.number for citation in cite("Both hold [1, 2].", HITS)[1]] == [1, 2]


def test_an_unfinished_answer_shows_no_unknown_number() -> None:
    assert in_reading_order("Yes [1] and [7] and [", 2)[0] == "Yes [1] and and ["


def test_passages_are_numbered_as_a_reader_meets_them() -> None:
    assert in_reading_order("Late [5]. Early [2, 5]. Never [9].", 5) == (
        "Late [1]. Early [2] [1]. Never.",
        (5, 2, 1, 3, 4),
    )


def test_words_keep_codes_and_numbers_whole() -> None:
    assert words("The PPR-9087 costs 3.80 EUR") == {"ppr-9087", "cost", "3.80", "eur"}


def test_without_hits_there_is_nothing_to_cite() -> None:
    assert cite("Some text [1].", []) == ("Some text.", ())


def test_an_answer_without_a_word_of_its_own_says_nothing() -> None:
    assert says_nothing("[1]", "What does lunch cost?")
    assert says_nothing("Lunch costs [1].", "What does lunch cost?")
    assert says_nothing("Yes, lunch costs something [1].", "Does lunch cost something?")
    assert says_nothing("Nein.", "Dürfen Hunde ins Büro?")
    assert says_nothing("Ja, Hunde dürfen ins Büro.", "Dürfen Hunde ins Büro?")
    assert not says_nothing("Yes, lunch costs 3.80 EUR.", "Does lunch cost anything?")


def test_the_number_of_a_list_item_is_no_claim() -> None:
    assert cite("1. Never open the battery [2]", HITS)[0] == "1. Never open the battery [2]"


def test_talk_about_passages_is_left_out() -> None:
    assert cite("Lunch costs 3.80 EUR [1]. This is in passages [1] and [2].", HITS)[0] == "Lunch costs 3.80 EUR. [1]"
    assert cite("Lunch costs 3.80 EUR [1]. This can be found in passage [2].", HITS)[0] == "Lunch costs 3.80 EUR. [1]"


def test_the_passages_of_a_building_are_no_talk_about_passages() -> None:
    assert cite("Keep batteries out of the passages [2].", HITS)[0] == "Keep batteries out of the passages. [2]"
    assert cite("Lamps are provided in all passages [2].", HITS)[0] == "Lamps are provided in all passages. [2]"


def test_an_answer_is_all_in_doubt_where_every_sentence_is() -> None:
    doubtful = {"Lunch": (0.3, 0.1), "Dinner": (0.3, 0.1), "Tea": (0.9, 0.1)}
    for written, expected in (
        ("Lunch is free [1].", True),
        ("Lunch is free. Dinner is free, too.", True),
        ("Lunch is free. Tea costs nothing.", False),
        ("Tea costs nothing.", False),
    ):
        text, _ = cite(written, HITS, bears=lambda sentence: doubtful[sentence.split()[0]])
        assert is_all_in_doubt(text) is expected, text


def test_a_number_alone_is_a_claim_and_judged() -> None:
    assert cite("15.", HITS, bears=lambda _: (0.1, 0.1)) == ("15. [?]", ())
    assert cite("1. Lunch costs 3.80 EUR.\n2.", HITS, bears=lambda _: (0.9, 0.1))[0].endswith("\n2.")
    assert cite("28 [1].", HITS, bears=lambda _: (0.9, 0.1))[0] == "28. [1]"
    assert cite("1. Lunch costs 3.80 EUR.", HITS, bears=lambda _: (0.9, 0.1))[0] == "1. Lunch costs 3.80 EUR. [1]"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Yes, the station is not approved [1].", "The station is not approved [1]."),
        (" Yes, it is not fragile.", "It is not fragile."),
        ("Yes: it can't be opened.", "It can't be opened."),
        ("Yes, it may be opened. It is not fragile.", "Yes, it may be opened. It is not fragile."),
        ("No, it may not be opened.", "No, it may not be opened."),
        ("Yes, in the shop. Used lamps cannot be returned [1].", "Used lamps cannot be returned [1]."),
        ("Yes, in the shop. Used shades cannot be returned.", "Yes, in the shop. Used shades cannot be returned."),
        ("Yesterday it was not there.", "Yesterday it was not there."),
        ("Yes, but not on Sundays.", "Yes, but not on Sundays."),
        ("Yes, if you have a receipt. Used lamps cannot be returned.", "Used lamps cannot be returned."),
        ("Ja, nicht nur Hunde.", "Ja, nicht nur Hunde."),
        ("Yes, no later than 5 pm.", "Yes, no later than 5 pm."),
        ("Yes, unless they were not paid for.", "Yes, unless they were not paid for."),
        ("Ja, das ist nicht erlaubt.", "Das ist nicht erlaubt."),
        ("Ja, aber nicht am Sonntag.", "Ja, aber nicht am Sonntag."),
        ("Yes", "Yes"),
        ("", ""),
    ],
)
def test_a_sentence_that_denies_does_not_begin_with_yes(written: str, shown: str) -> None:
    assert without_false_yes(written, "Can used lamps be returned?") == shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("And breakfast? The limit falls by 9 EUR [1].", "The limit falls by 9 EUR [1]."),
        ("What may a hotel cost? And breakfast? [2] It falls [1].", "It falls [1]."),
        ("And breakfast?", "And breakfast?"),  # nothing else is said: that is seen to elsewhere
        ("Breakfast is paid [1].", "Breakfast is paid [1]."),
    ],
)
def test_a_question_that_is_said_once_more_is_left_out(text: str, expected: str) -> None:
    assert without_question(text, "What may a hotel cost? And breakfast?") == expected


def bears(**support: tuple[float, float]) -> Bears:
    """Support by HITS of a sentence that holds a word."""
    return lambda sentence: next(value for word, value in support.items() if word in sentence)


def test_a_sentence_that_no_passage_bears_has_no_number() -> None:
    text, citations = cite(
        "Lunch costs 3.80 EUR [1]. Dinner is free [1].", HITS, bears=bears(Lunch=(0.9, 0), Dinner=(0.1, 0))
    )
    assert text == "Lunch costs 3.80 EUR. [1] Dinner is free. [?]"
    assert [citation.number for citation in citations] == [1]


def test_a_sentence_that_a_passage_bears_in_part_is_doubtful() -> None:
    assert cite("Lunch costs 3.80 EUR [1].", HITS, bears=bears(Lunch=(0.3, 0)))[0] == "Lunch costs 3.80 EUR. [1] [?]"


def test_a_number_that_does_not_bear_its_sentence_gives_way_to_the_one_that_does() -> None:
    text, _ = cite("Lunch costs 3.80 EUR [2].", HITS, bears=bears(Lunch=(0.9, 0.1)))
    assert text == "Lunch costs 3.80 EUR. [1]"


def test_numbers_that_bear_their_sentence_stay() -> None:
    assert cite("Lunch costs 3.80 EUR [1, 2].", HITS, bears=bears(Lunch=(0.7, 0.6)))[0].endswith("[1] [2]")


def test_a_sentence_of_two_clauses_may_rest_on_two_passages() -> None:
    def each(sentence: str) -> list[float]:
        return (
            [0.9 * ("lunch" in sentence.lower()), 0.7 * ("six years" in sentence)]
            if " and " not in sentence
            else [0, 0]
        )

    both = "Lunch costs 3.80 EUR, and the battery lasts six years."
    assert cite(both, HITS, bears=each)[0] == "Lunch costs 3.80 EUR, and the battery lasts six years. [1] [2]"
    wrong = "Lunch costs 3.80 EUR, and the battery lasts nine years."
    assert cite(wrong, HITS, bears=each)[0] == "Lunch costs 3.80 EUR, and the battery lasts nine years. [?]"
    short = "Lunch costs 3.80 EUR and more."
    assert cite(short, HITS, bears=each)[0] == "Lunch costs 3.80 EUR and more. [?]"


def test_a_conclusion_in_the_words_of_the_question_is_not_judged() -> None:
    text, _ = cite("No, you cannot open the battery [2].", HITS, question="Can I open the battery?", bears=bears())
    assert text == "No, you cannot open the battery. [2]"


def test_each_sentence_has_its_verdict() -> None:
    text = "Steps:\n\n1. Tea is free. [1] [2] Lunch is cheap. [1] [?] Dinner is not. [?]\n\nSo it is."
    assert verdicts(text) == [
        ("Tea is free.", Verdict.SUPPORTED),
        ("Lunch is cheap.", Verdict.WEAK),
        ("Dinner is not.", Verdict.UNSUPPORTED),
    ]
    assert verdicts("") == []


def test_the_sign_of_doubt_is_not_the_generators_to_set() -> None:
    assert cite("Lunch costs 3.80 EUR [?].", HITS)[0] == "Lunch costs 3.80 EUR. [1]"


def test_an_empty_answer_cites_nothing() -> None:
    assert cite("", HITS, bears=bears()) == ("", ())


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("Six days carry over. They la", "They la"),
        ("Six days carry over. [1] They la", "They la"),
        ("Six days carry over [1]. They lapse [", "They lapse"),
        ("- Six days\n- Nine da", "- Nine da"),
        ("Six days carry over.", ""),
        ("Six days carry over [1]", ""),
        ("Six days carry over. [1]", ""),
        ("", ""),
    ],
    ids=["half", "after a number", "begun number", "list", "whole", "numbered", "number after it", "nothing"],
)
def test_the_half_sentence_of_a_stopped_answer_is_told_from_the_whole_ones(text: str, half: str) -> None:
    whole, found = whole_and_half(text)
    assert found == half
    assert text.startswith(whole)
