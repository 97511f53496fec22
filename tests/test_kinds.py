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
        (EMAIL, "It is care [at] harbour.example, or call 091 555 0142.", False),
        (EMAIL, "He has none.", False),
        ("Which e-mail address does the office have?", "It is 091 555 0142.", True),
        ("Ann's email?", "It is 091 555 0142.", True),
        ("What do I do to change my email address?", "Call 091 555 0142.", False),
        ("What is the maximum size of an email?", "25 MB, says 091 555 0142.", False),
        (PHONE, "The landlord's phone number is 1,240 EUR.", True),
        (PHONE, "The landlord's phone number is 15:00.", True),
        (PHONE, "The landlord's phone number is 091 555 0142.", False),
        (PHONE, "The landlord's phone number is +353 91 555 020.", False),
        (PHONE, "Extension 42.", False),
        (PHONE, "He has no phone.", False),
        ("What is the phone number of the police?", "Call 112.", False),
        ("What does a call to the hotline cost?", "Calls to 0800 123456 are free.", False),
        ("What happens with the phone number of a customer?", "It costs 5 EUR.", False),
        ("Wie lautet die Telefonnummer vom Hausmeister?", "Sie kostet 12 EUR.", True),
        ("Wie ändere ich meine Telefonnummer?", "Um 15:00 Uhr.", False),
        (COST, "Breakdown cover costs 1800 555 020, from abroad +353 91 555 020.", True),
        (COST, "Breakdown cover costs 36 EUR; call 1800 555 020.", False),
        (COST, "Ask for the price under 0800 123456.", False),
        (COST, "It costs 1 200 000 EUR.", False),
        (COST, "It costs 250 - 300 dollars.", False),
        (COST, "It is included.", False),
        (ROOM, "The room number of the hotel is 15:00.", True),
        (ROOM, "The room number is EUR 120.", True),
        (ROOM, "The room number is 2.10.", False),
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
        ("Until 03.05.2024", {"date"}),
        ("We start at 5 pm or 17:30.", {"time"}),
        ("Um 8 Uhr", {"time"}),
        ("On Mon, 2 Jun 2025 at 09:12", {"date", "time"}),
        ("091 555 0142", {"phone"}),
        ("350 - 400 km", {"other"}),
        ("In 1952", {"other"}),
        ("1,200 EUR a month", {"other"}),
        ("two weeks, 5 %", {"other"}),
        ("none", set()),
    ],
)
def test_numbers_are_of_kinds(text: str, kinds: set[str]) -> None:
    assert kinds_of_numbers(text) == kinds


NUMBER = "The number is 091 555 0142."


@pytest.mark.parametrize(
    ("question", "text", "passage", "is_elses"),
    [
        (PHONE, NUMBER, "Claims line: 091 555 0142, day and night.", True),
        ("What phone number does the plumber have?", NUMBER, "Claims line: 091 555 0142.", True),
        ("What is the phone number of Ann Orr?", NUMBER, "Claims line: 091 555 0142.", True),
        ("What is the phone number of Ann Orr?", NUMBER, "Ann is reached under 091-555-0142.", False),
        (PHONE, NUMBER, "The landlord is reached under 091 555 0142.", False),
        (PHONE, NUMBER, "The landlord lives upstairs.", True),  # no passage has the number
        (PHONE, "He has none.", "Claims line: 091 555 0142.", False),
        ("Wie lautet die Telefonnummer vom Hausmeister?", NUMBER, "Hausmeisterdienst: 091 555 0142", False),
        ("Wie lautet die Telefonnummer?", NUMBER, "Claims line: 091 555 0142, day and night.", False),
        ("What is the phone number?", NUMBER, "Claims line: 091 555 0142, day and night.", False),
        ("Can you tell me what the phone number is?", NUMBER, "Claims line: 091 555 0142.", False),
        ("Who is called?", NUMBER, "Claims line: 091 555 0142, day and night.", False),
        ("What is Ann's email?", "It is Ann@orr.example.", "Mail to ann: ann@orr.example.", False),
        ("What is Bob's email?", "It is ann@orr.example.", "Mail to Ann: ann@orr.example.", True),
    ],
)
def test_a_number_of_somebody_else_is_told_by_its_passage(
    question: str, text: str, passage: str, is_elses: bool
) -> None:
    hits = [hit("Office: 0800 1234567, for tenants."), hit(passage)]
    assert is_of_somebody_else(question, text, hits) is is_elses
