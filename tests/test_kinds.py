"""What can be no answer by its kind."""

import pytest

from rag.kinds import is_of_another_kind, is_of_somebody_else, kinds_of_numbers
from tests.fakes import hit

PHONE, EMAIL = "What is the landlord's phone number?", "what is the caretaker's email?"
COST, ROOM = "What does breakdown cover cost?", "What is the room number of the hotel?"


@pytest.mark.parametrize(
    ("question", "text", "is_another"),
    [
        (EMAIL, "The caretaker's email is 091 555 0142.", True),
        (EMAIL, "The caretaker's email is care@harbour.example.", False),
        ("Which e-mail program do we use?", "We use Claws.", False),
        ("What is my e-mail used for?", "It is used to log in.", False),
        (PHONE, "The landlord's phone number is 1,240 EUR.", True),
        (PHONE, "The landlord's phone number is 091 555 0142.", False),
        (PHONE, "The landlord's phone number is +353 91 555 020.", False),
        ("What is the phone number of the police?", "Call 112.", False),
        ("What is the phone policy?", "Phones are off.", False),
        ("Wie ist die Telefonnummer vom Hausmeister?", "Sie kostet 12 EUR.", True),
        (COST, "Breakdown cover costs 1800 555 020, from abroad +353 91 555 020.", True),
        (COST, "Breakdown cover costs 36 EUR; call 1800 555 020.", False),
        (COST, "Breakdown cover costs 1200 000 EUR.", False),
        (COST, "It is included.", False),
        (ROOM, "The room number of the hotel is 15:00.", True),
        (ROOM, "The room costs 120 EUR.", True),
        (ROOM, "The room number is 214, from 15:00.", False),
        ("Which flight number?", "TP 557 at 11:35.", False),
        ("When does the flight leave?", "At 11:35.", False),
    ],
)
def test_a_value_of_another_kind_is_told_from_one_that_was_asked_for(
    question: str, text: str, is_another: bool
) -> None:
    assert is_of_another_kind(question, text) is is_another


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("The party is on 12 July.", {"date"}),
        ("Born on May 14, 1952", {"date"}),
        ("In 1952", {"date"}),
        ("We start at 5 pm or 17:30.", {"time"}),
        ("On Mon, 2 Jun 2025 at 09:12", {"date", "time"}),
        ("1,200 EUR a month", {"money"}),
        ("two weeks, 5 %", {"other", "share"}),
        ("091 555 0142", {"phone"}),
        ("sales of 117,154 and 82,959", {"other"}),
        ("none", set()),
    ],
)
def test_numbers_are_of_kinds(text: str, kinds: set[str]) -> None:
    assert kinds_of_numbers(text) == kinds


@pytest.mark.parametrize(
    ("question", "passage", "is_elses"),
    [
        (PHONE, "Claims line: 091 555 0142, day and night.", True),
        (PHONE, "The landlord is reached under 091 555 0142.", False),
        (PHONE, "The landlord lives upstairs.", True),  # no passage has the number
        ("What is the phone number?", "Claims line: 091 555 0142, day and night.", False),
        ("Who is called?", "Claims line: 091 555 0142, day and night.", False),
    ],
)
def test_a_number_of_somebody_else_is_told_by_its_passage(question: str, passage: str, is_elses: bool) -> None:
    hits = [hit("Office: 0800 1234567, for tenants."), hit(passage)]
    assert is_of_somebody_else(question, "The number is 091 555 0142.", hits) is is_elses
