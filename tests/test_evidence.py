import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from rag.evidence import Line, about, certainty, choose, missing_codes, narrow, nearest_lines, quoted
from rag.terms import terms
from rag.types import Chunk, Hit
from tests.fakes import HashingEmbedder, hit


def nearest(question: str, hits: Sequence[Hit]) -> list[Line]:
    """Every term of the question counts the same."""
    return nearest_lines(question, hits, HashingEmbedder(1_024), dict.fromkeys(terms(question, parts=True), 1.0))


PASSAGE = Chunk(
    "d", "manual.pdf", "Skua", 9, "Calibration › Humidity", 0, 0, 0,
    "Humidity\nThe salt chamber CAL-7511 is needed. Put the sensor into the salt\nchamber and wait for six hours.",
)  # fmt: skip


def test_the_nearest_line_comes_first_with_its_place() -> None:
    hits = [hit("Lunch costs 3.80 EUR."), Hit(PASSAGE, 0.5)]
    lines = nearest("How many hours does the sensor wait in the salt chamber?", hits)
    best = lines[0]
    assert (best.number, best.text) == (2, "Put the sensor into the salt chamber and wait for six hours.")
    assert PASSAGE.text[best.span.start : best.span.end].split() == best.text.split()
    assert [line.score for line in lines] == sorted((line.score for line in lines), reverse=True)
    assert "Humidity" not in [line.text for line in lines]  # a heading answers nothing


TABLE = (
    "Codes\n\nCode   Meaning   Remedy\nE-03   Too cold   Wait\nE-14   Gauge blocked   Rinse it\n\nThe end of the table."
)


def test_the_cells_of_a_row_are_read_with_the_heads_of_their_columns() -> None:
    best = nearest("What is the remedy for E-14?", [hit(TABLE)])[0]
    assert best.text == "E-14   Gauge blocked   Rinse it"
    assert best.reading == "Code: E-14; Meaning: Gauge blocked; Remedy: Rinse it"


@pytest.mark.parametrize(
    "listing",
    [
        "tables.py     tables of all documents\nfollowing.py  what a folder holds   now",
        "Description:   Debian of the unstable kind\nCodename:      sid",
        "--verbose     say more of it\n--quiet       say less of it",
        "ls -l     the long form\nls -a     all of it",
        "notes/    what was said\nplans/    what is meant",
        "run it    # starts all of it\nend it    # ends all of it",
        "show notes/   # follows the folder\nshow          # shows what there is",
        "Humidity   It is the share of the water in the air that there could be\nWind   How fast the air is",
    ],
)
def test_the_first_of_a_listing_is_no_head(listing: str) -> None:
    first, second = (line.replace(":", "").split() for line in listing.splitlines())
    lines = nearest("What is shown?", [hit(f"Files\n\n{listing}")])
    read = [line.reading.replace(":", "").split() for line in lines]
    assert first in read
    assert second in read


@pytest.mark.parametrize(
    ("box", "read"),
    [
        (
            "Policyholder   Niamh Costello\nVoluntary excess   300 EUR\nCompulsory excess   150 EUR",
            ["Policyholder: Niamh Costello", "Voluntary excess: 300 EUR", "Compulsory excess: 150 EUR"],
        ),
        (
            "Cover | Comprehensive\nExcess | 300 EUR\nFrom | 1 May 2025",
            ["Cover: Comprehensive", "Excess: 300 EUR", "From: 1 May 2025"],
        ),
        (
            "Item   Price\nBolt   4 EUR\nNut   free\nGear   12 EUR",
            ["Item: Bolt; Price: 4 EUR", "Item: Nut; Price: free"],
        ),
        ("Code | Fault\nE1 | no water for 5 min\nE2 | door open", ["Code: E1; Fault: no water for 5 min"]),
        ("Part A | Part B\nFirst | Last", ["Part A: First; Part B: Last"]),
        ("Country | Capital\nNorway | Oslo", ["Country: Norway; Capital: Oslo"]),
        ("Zimmer   Preis\nEinzel   80 EUR\nDoppel   120 EUR", ["Zimmer: Einzel; Preis: 80 EUR"]),
        ("Feature | Basic\nStorage | 5 GB\nUsers | 3\nHelp | none", ["Feature: Users; Basic: 3"]),
        ("Weekday | Soup\nMonday | Leek\n\nPrice | 4 EUR", ["Weekday: Monday; Soup: Leek"]),
        ("Dear Ann,   3 May\nIntroduction   12", ["Dear Ann,   3 May", "Introduction   12"]),
        ("Holder | Rule\n---|---\nAnn Orr | 3 days\nBo Li | none", ["Holder: Ann Orr; Rule: 3 days"]),
    ],
)
def test_a_label_and_its_value_are_no_names_of_columns(box: str, read: list[str]) -> None:
    lines = nearest("What is shown?", [hit(f"Facts\n\n{box}")])
    assert set(read) <= {line.reading for line in lines}


def test_what_tells_who_wrote_a_quoted_message_is_no_line() -> None:
    text = "It is on the 19th.\n\nOn Mon, 2 Jun 2025 at 09:12, Ann Orr <ann@orr.example> wrote:\n> It is on the 12th."
    assert len(nearest("When is it, Ann?", [hit(text)])) == 2
    assert len(nearest("When is it, Ann?", [hit("Am 2. Juni 2025 um 09:12 schrieb Ann Orr:\n> Am 12.")])) == 1
    assert len(nearest("Who wrote?", [hit("On Monday all of them wrote a letter.")])) == 1
    assert len(nearest("Who wrote?", [hit("On the first page of the book Ann Orr wrote:")])) == 1


def test_lines_of_an_answered_message_are_read_without_its_signs() -> None:
    lines = nearest("Who comes?", [hit("You wrote:\n> Ann comes on Monday.\n> - Ben, too")])
    assert {line.reading for line in lines} == {"You wrote:", "Ann comes on Monday.", "Ben, too"}


@pytest.mark.parametrize("line", ["> 10 years of service: 6 months", ">= 5000 pieces: 15 %", "> 25 m/s   Stop at once"])
def test_what_is_greater_keeps_its_sign(line: str) -> None:
    assert [one.reading for one in nearest("How many months?", [hit(line)])] == [line]


def test_what_limits_a_line_of_an_answered_message_goes_with_it() -> None:
    hits = [hit("You wrote:\n> Drones may be flown over the yard.\n> But not on Sundays.")]
    question = "May drones be flown over the yard?"
    assert [line.reading for line in about(question, nearest(question, hits))][1:] == ["But not on Sundays."]


@pytest.mark.parametrize("head", ["# | Name | Role", "Straße/ Ort | Telefon | Leiter", "Node.js | Deno | Name:"])
def test_the_names_of_columns_between_bars_may_be_any(head: str) -> None:
    lines = nearest("Who is it?", [hit(f"Staff\n\n| {head} |\n|---|---|---|\n| x | Ann | Chief |")])
    first = head.split(" | ")[0]
    assert f"{first}: x" in next(line.reading for line in lines if line.is_row)


@pytest.mark.parametrize("signs", ["••", ("(a)", "(b)"), ("a.", "b."), "▪▪"])
def test_list_items_are_no_rows_though_their_signs_stand_far_from_them(signs: Sequence[str]) -> None:
    first, second = signs
    text = f"It covers:\n{first}   loss of business;\n{second}   losses of what we bought"
    lines = nearest("What is lost?", [hit(text)])
    assert {line.reading.removeprefix(f"{first}   ").removeprefix(f"{second}   ") for line in lines} == {
        "It covers:",
        "loss of business;",
        "losses of what we bought",
    }


def test_empty_cells_at_the_ends_of_a_row_keep_their_column() -> None:
    table = "For\n\n| Berlin | Lagos | Note\nPumps | 4 | 7 |\n| 3 | 9 | Borrowed\nValves |  | 2 |"
    lines = nearest("Pumps and valves in Berlin?", [hit(table)])
    assert {line.reading for line in lines} == {
        "For",
        "Pumps; Berlin: 4; Lagos: 7",
        "Berlin: 3; Lagos: 9; Note: Borrowed",
        "Valves; Lagos: 2",
    }


def test_rows_that_begin_with_a_small_letter_are_rows_of_their_own() -> None:
    table = "Codes\n\nLED   Meaning\nwhite, blinking   Starting\namber, blinking fast   Cable broken"
    best = nearest("The LED is amber, blinking fast", [hit(table)])[0]
    assert best.reading == "LED: amber, blinking fast; Meaning: Cable broken"


def test_markdown_headings_are_no_evidence() -> None:
    lines = nearest("Warranty?", [hit("## Warranty\n\nIt is two years.")])
    assert [line.text for line in lines] == ["It is two years."]


@pytest.mark.parametrize(
    ("heading", "is_line"),
    [
        ("3. Notice period: 3 months", True),
        ("School lunches: 4.20 € a day", True),
        ("Item 4: Monthly contribution raised to 285 EUR", True),
        ("Notice: up to three months", True),
        ("Part 2: 5 ways to save", False),
        ("RFC: 2119", False),
        ("Scope: 5 items", False),
        ("Notice period", False),
        ("Results of 2024", False),
        ("Note: read this before the 3 others", False),
    ],
)
def test_a_heading_with_a_fact_is_evidence(heading: str, is_line: bool) -> None:
    chunk = replace(hit(f"{heading}\n\nBoth sides may end it.").chunk, heading=heading)
    read = [line.reading for line in nearest("How long is the period?", [Hit(chunk, 0.5)])]
    assert (heading.removeprefix("3. ") in read) is is_line


def test_lines_with_rising_pages_are_a_table_of_contents_without_a_heading() -> None:
    pages = {"Safety": 2, "Battery": 3, "Pairing": 4, "Errors": 6, "Care": 9}

    def score(pages: Mapping[str, int]) -> float:
        found = nearest("battery", [hit("\n".join(f"{name}   {page}" for name, page in pages.items()))])
        return next(line.score for line in found if line.text == "Battery   3")

    table = score({**pages, "Care": 1})  # its numbers do not rise
    assert score(pages) < table
    assert score({name: page for name, page in pages.items() if page < 9}) == table  # a few may rise by chance


@pytest.mark.parametrize(
    ("heading", "entry", "said"),
    [
        ("Table of Contents", "Item 1A   Risk factors   20", "The risk factors of last year have not changed."),
        ("", "Risk factors ............ 20", "The risk factors have not changed."),
    ],
)
def test_what_is_said_is_nearer_than_its_entry_in_a_table_of_contents(heading: str, entry: str, said: str) -> None:
    contents = Chunk("d", "a.pdf", "A", 1, heading, 0, 0, 0, entry)
    told = Chunk("d", "a.pdf", "A", 9, "", 0, 0, 1, said)
    lines = nearest("Which risk factors are there?", [Hit(contents, 0.5), Hit(told, 0.5)])
    assert [line.number for line in lines] == [2, 1]


def test_of_two_like_lines_that_of_the_better_passage_is_nearer() -> None:
    far, near = Hit(hit("It is two years.").chunk, 0.3), Hit(hit("It is two years.").chunk, 0.9)
    assert [line.number for line in nearest("How long?", [far, near])] == [2, 1]


def test_a_table_without_its_head_is_read_as_it_stands() -> None:
    best = nearest("E-14?", [hit("E-03 | Too cold | Wait\nE-14 | Gauge blocked | Rinse it")])[0]
    assert best.reading == "E-14 | Gauge blocked | Rinse it"


def test_the_line_that_follows_is_evidence_too() -> None:
    text = "The sensor needs power. The kit is too weak for it. It is made of steel."
    lines = nearest("Which power does the sensor need?", [hit("Lunch."), hit(text)])
    assert [line.text for line in choose("", lines)] == ["The sensor needs power.", "The kit is too weak for it."]
    last = nearest("What is made of steel?", [hit(text)])
    assert [line.text for line in choose("", last)] == ["It is made of steel."]


def test_a_question_with_a_condition_takes_the_exceptions_that_follow_a_rule() -> None:
    text = "Six days carry over. They expire in March. After an illness they expire in June. Send a form."
    lines = nearest("Do six days carry over if I was ill?", [hit(text)])
    assert [line.text for line in choose("What if I was ill?", lines)] == [
        "Six days carry over.",
        "They expire in March.",
        "After an illness they expire in June.",
    ]


@pytest.mark.parametrize(
    "after", ["\n\nOpen the menu.", "\n2.  Open the menu.", "\n- Open the menu.", "\nmenu   open it"]
)
def test_the_next_paragraph_step_or_row_is_no_evidence(after: str) -> None:
    lines = nearest("How long do I wait?", [hit(f"1.  Wait for six hours, very long.{after}")])
    assert lines[0].text == "Wait for six hours, very long."
    assert choose("", lines) == lines[:1]


def said(lines: list[Line]) -> list[tuple[str, int]]:
    return [(" ".join(line.reading for line in told), told[0].number) for told in quoted(lines)]


def test_what_a_colon_announces_is_evidence() -> None:
    lines = nearest("What is the first line?", [hit("It has a first line:\n\n* QA upload.")])
    assert [line.reading for line in choose("", lines)] == ["It has a first line:", "QA upload."]
    assert said(lines) == [("It has a first line: QA upload.", 1)]


@pytest.mark.parametrize(
    ("after", "whole"),
    [
        ("The solar kit is too weak for it.", "The heated sensor needs the mains. The solar kit is too weak for it."),
        ("The mast stands outside.", "The heated sensor needs the mains."),
    ],
)
def test_what_speaks_of_a_quoted_line_is_quoted_with_it(after: str, whole: str) -> None:
    lines = nearest(
        "Can the heated sensor run without the mains?", [hit(f"The heated sensor needs the mains. {after}")]
    )
    assert said(lines) == [(whole, 1)]


def test_the_head_of_a_table_is_no_evidence_but_is_read_with_each_row() -> None:
    lines = nearest(
        "Years of service, notice period?", [hit("Leaving\nYears of service | Notice period\n8 years | 4 months")]
    )
    assert "Years of service: 8 years; Notice period: 4 months" in {line.reading for line in lines}
    assert "Years of service | Notice period" not in {line.text for line in lines}


def test_the_rows_of_a_table_in_markdown_are_read_with_its_head() -> None:
    table = "Plans\n\n| Plan | Stations |\n|---|:--:|\n| Free | up to 3 |\n| Paid | from 4 |"
    lines = nearest("Which plan for four stations?", [hit(table)])
    assert {line.reading for line in lines} == {
        "Plans",
        "Plan: Free; Stations: up to 3",
        "Plan: Paid; Stations: from 4",
    }


def test_lines_that_are_as_near_as_the_nearest_are_quoted_once_each() -> None:
    hits = [hit("Smoking is allowed outside. The sea is cold."), hit("Smoking is allowed outside.", document="d2")]
    lines = nearest("Is smoking allowed?", hits)
    assert said(lines) == [("Smoking is allowed outside.", lines[0].number)]
    other = replace(lines[0], text="Fire is forbidden.", reading="Fire is forbidden.", score=lines[0].score - 0.02)
    far = replace(other, text="Far.", reading="Far.", score=lines[0].score - 0.2)
    assert said([lines[0], other]) == [
        ("Smoking is allowed outside.", lines[0].number),
        ("Fire is forbidden.", other.number),
    ]
    assert said([lines[0], far]) == [("Smoking is allowed outside.", lines[0].number)]


def test_the_passages_of_the_nearest_lines_are_kept_that_of_the_nearest_first() -> None:
    hits = [hit("Lunch is cheap."), hit("The pump runs."), hit("The pump runs at 40 bar."), hit("Leave is long.")]
    lines = nearest("At how many bar does the pump run?", hits)
    kept, kept_lines, left_out = narrow(hits, lines, 2)
    assert kept == [hits[2], hits[1]]
    assert [(line.number, line.text) for line in kept_lines][0] == (1, "The pump runs at 40 bar.")
    assert {line.number for line in kept_lines} == {1, 2}
    assert left_out == [hits[0], hits[3]]


def test_lines_that_are_about_as_near_are_evidence_too() -> None:
    texts = ["The blue pump runs at 40 bar.", "The pump runs at 30 bar.", "Lunch is cheap."]
    lines = nearest("At how many bar does the pump run?", [hit(text) for text in texts])
    about = [replace(line, score=1.0 - 0.02 * place) for place, line in enumerate(lines)]
    assert choose("", about) == about[:2]
    far = [replace(line, score=1.0 - 0.04 * place) for place, line in enumerate(lines)]
    assert choose("", far) == far[:1]


def test_a_long_line_goes_on_with_a_number() -> None:
    text = "In the spring of this year the limit of a hotel was raised from\n130 to 145 EUR.\n2. Ask the desk."
    lines = nearest("To what was the limit raised?", [hit(text)])
    assert lines[0].text.endswith("was raised from 130 to 145 EUR.")


def test_no_passages_have_no_lines() -> None:
    assert nearest("What?", []) == []
    assert nearest("What?", [hit("---\n\n2. 3")]) == []


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What does error E-27 mean?", ["e-27"]),
        ("What does CAL-7511 cost?", []),
        ("what about cal-7511 and RTX4090?", ["rtx4090"]),
        ("What happens after 10 years, since 2019?", []),
        ("Who was the 4th to rule in the mid-1980s or pre-1990, as a 20-year-old?", []),
        ("Where is WND-5530-H, where ABC-DE-12?", ["abc-de-12", "wnd-5530-h"]),
        ("Is the follow-up a co-op?", []),
        ("What was sold in Q3, in H1 2023 or FY24, and of Q3-77?", ["q3-77"]),
    ],
)
def test_codes_that_stand_nowhere_are_named(question: str, missing: list[str]) -> None:
    assert missing_codes(question, [Hit(PASSAGE, 0.5)]) == missing


@pytest.mark.parametrize(
    ("question", "text", "missing"),
    [
        ("What does E14 mean?", "Error E-14: the battery is low", []),
        ("What does E-14 mean?", "Code: E 14", []),
        ("Are we ISO-9001 certified?", "certified to ISO 9001 since 2020", []),
        ("Does it run on Windows11?", "runs on Windows 11 only", []),
        ("What does E27 mean?", "Error E-14 after 27 days", ["e27"]),
        ("What does A10 mean?", "with a 10 percent discount", ["a10"]),
        ("What does GTW-7000 cost?", "the gateway GTW7000A", ["gtw-7000"]),
    ],
)
def test_a_code_is_the_same_however_its_parts_are_joined(question: str, text: str, missing: list[str]) -> None:
    assert missing_codes(question, [hit(text)]) == missing


def test_a_rare_word_of_the_question_tells_more_than_a_common_one() -> None:
    hits = [hit("The station means well."), hit("The moisture is high.")]
    weights = {"station": 0.1, "mean": 0.1, "moistur": 3.0}
    lines = nearest_lines("What does moisture mean for a station?", hits, HashingEmbedder(1_024), weights)
    assert [line.number for line in lines] == [2, 1]


def test_the_words_of_the_headings_count_for_the_lines_below() -> None:
    under = replace(hit("It is two years.").chunk, heading="Warranty")
    lines = nearest("How long is the warranty?", [hit("It is two years."), Hit(under, 0.5)])
    assert [line.number for line in lines] == [2, 1]


def test_a_line_stands_under_the_heading_of_its_own_section() -> None:
    text = "## Delivery\nThree days.\n## Repair\nTwenty days."
    joined = Chunk(
        "d", "faq.md", "Pump", None, "Times", 0, 0, 0, text, ((0, "Times › Delivery"), (24, "Times › Repair"))
    )
    lines = nearest("How long does a repair of the pump take?", [Hit(joined, 0.5)])
    assert [(line.text, line.heading) for line in lines] == [
        ("Twenty days.", "Times › Repair"),
        ("Three days.", "Times › Delivery"),
    ]


def test_a_line_that_goes_on_in_the_next_is_nearer_by_the_words_of_both() -> None:
    apart = "The heated sensor needs power.\n\nThe solar kit is too weak for it."
    together = apart.replace("\n\n", " ")
    asked = "Can the heated sensor run on the solar kit?"
    assert nearest(asked, [hit(together)])[0].score > nearest(asked, [hit(apart)])[0].score


def test_a_line_that_stands_out_is_surer_than_one_among_equals() -> None:
    """Four passages that treat the same matter, none of which says what was asked, and one that says it."""
    about = [hit(f"The pump of hall {number} is blue.") for number in range(4)]
    says = hit("The pump runs at 40 bar.")
    question = "At how many bar does the pump run?"
    without, with_it = nearest(question, about), nearest(question, [*about, says])
    assert certainty(with_it, [*about, says]) > certainty(without, about) + 1


def test_words_of_the_question_in_the_passage_make_a_line_surer() -> None:
    lines = nearest("Is the pump blue?", [hit("The pump is blue.")])
    bare, worded = Hit(hit("The pump is blue.").chunk, 0.5), Hit(hit("The pump is blue.").chunk, 0.5, words=0.9)
    assert certainty(lines, [worded]) > certainty(lines, [bare])


def test_one_line_alone_can_be_sure() -> None:
    lines = nearest("Is the pump blue?", [hit("The pump is blue.")])
    assert certainty(lines, [hit("The pump is blue.")]) > 1.2
    far = nearest("Who won the cup of 1998?", [hit("The pump is blue.")])
    assert certainty(far, [hit("The pump is blue.")]) < 0.8
    assert certainty([], []) == 0.0


FARES = """Fares
Ticket | Price | Note
Adults | forty EUR | with lunch
Children | twenty EUR | 
Dogs | ten EUR | on a leash"""


def chosen(question: str, text: str, scores: Sequence[float]) -> list[str]:
    """What is chosen of lines, in the order of the text, that the embedding finds so near and nothing reads."""
    lines = sorted(nearest("?", [hit(text)]), key=lambda line: line.span.start)
    rows = [line for line in lines if line.is_row]
    scored = [replace(line, score=score, nearness=score) for line, score in zip(rows, scores, strict=True)]
    found = choose(question, sorted(scored, key=lambda line: -line.score))
    return [line.reading.partition("; ")[0].removeprefix("Ticket: ") for line in found]


@pytest.mark.parametrize(
    ("question", "scores", "found"),
    [
        ("What is the price?", (0.9, 0.95, 0.94), ["Adults", "Children", "Dogs"]),  # in their order; one has no note
        ("What is the price?", (0.9, 0.95, 0.7), ["Adults", "Children"]),
        ("What is the price of children?", (0.94, 0.95, 0.7), ["Children", "Adults"]),  # about as near as before
        ("What is the price of children?", (0.9, 0.95, 0.89), ["Children"]),  # a word tells it from the others
        ("How much is the ticket?", (0.9, 0.95, 0.89), ["Adults", "Children", "Dogs"]),  # "much" names none
        ("How much for twenty kids?", (0.9, 0.95, 0.89), ["Children"]),  # nor is "kids" known
        ("What do I pay?", (0.9, 0.95, 0.895), ["Adults", "Children", "Dogs"]),  # it names no cell at all
        ("What is the price for my son?", (0.88, 0.95, 0.88), ["Children"]),  # "son" tells it by what it means
        ("What is the price?", (0.88, 0.95, 0.88), ["Adults", "Children", "Dogs"]),
        ("Was ist der Price?", (0.88, 0.95, 0.88), ["Adults", "Children", "Dogs"]),
        ("票价是多少？", (0.88, 0.95, 0.88), ["Adults", "Children", "Dogs"]),
    ],
)
def test_rows_that_a_question_does_not_tell_apart_are_all_evidence(
    question: str, scores: Sequence[float], found: list[str]
) -> None:
    assert chosen(question, FARES, scores) == found


def test_more_rows_than_can_be_told_are_none_beside_the_nearest() -> None:
    rows = "".join(f"\nTicket {letter} | five EUR" for letter in "ABCDEFGHI")
    scores = [0.9 - 0.005 * place for place in range(9)]
    assert len(chosen("What is the price?", f"Fares\nTicket | Price{rows}", scores)) == 3  # about as near
    rows = rows.rpartition("\n")[0]
    assert len(chosen("What is the price?", f"Fares\nTicket | Price{rows}", scores[:8])) == 8


def test_rows_stay_alike_after_they_were_read() -> None:
    lines = sorted(nearest("?", [hit(FARES)]), key=lambda line: line.span.start)
    rows = [replace(line, nearness=0.9, score=1.0 - line.span.start) for line in lines if line.is_row]
    assert len(choose("What is the price?", rows)) == 3
    never = [replace(row, nearness=math.nan) for row in rows]
    assert choose("What is the price?", never) == never[:1]
