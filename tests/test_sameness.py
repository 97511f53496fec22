"""Whether two questions ask for the same."""

import pytest

from rag.generators.local import LocalGenerator
from rag.sameness import are_the_same, may_be_the_same
from tests.fakes import WeighingGenerator


@pytest.mark.parametrize(
    ("question", "other", "may"),
    [
        ("How long is parental leave?", "What is the length of parental leave?", True),
        ("Can I fly business class?", "May I fly in business class?", True),
        ("Is overtime paid?", "Do I get paid for overtime?", True),
        ("Can I return it?", "Is it possible to return it?", True),
        ("How quickly do I have to report an incident?", "How soon must an incident be reported?", True),
        ("How accurate is the temperature in Oslo?", "What is the accuracy of the temperature in Oslo?", True),
        ("Why isn't overtime paid?", "Why is overtime not paid?", True),
        # names
        ("What does E-14 mean?", "What does E-19 mean?", False),
        ("What did version 4.2 change?", "What did version 4.3 change?", False),
        ("What may a hotel cost in Oslo?", "What may a hotel cost in Bergen?", False),
        ("what may a hotel cost in oslo?", "what may a hotel cost in bergen?", False),
        ("Oslo hotel limit?", "Bergen hotel limit?", False),
        ('What is "Alpha"?', 'What is "Beta"?', False),
        ("Who is O'Brien?", "Who is O'Neill?", False),
        ("Which apps run on C++?", "Which apps run on C#?", False),
        ("What does plan a cost?", "What does plan b cost?", False),
        ("When is the fair in may?", "When is the fair in june?", False),
        ("What did Anna Smith say in the talk?", "What did Paul Jones say in the talk?", False),
        ("Is the wnd unit heated?", "Does a heater warm the psu?", False),  # no words
        ("Does Watt pay Black for it?", "So does Black pay Watt for it?", False),
        # numbers and what they count
        ("Is the station paired with two gateways?", "Is the station paired with three gateways?", False),
        ("Is it paid in the first month?", "Is it paid in the second month?", False),
        ("Can I pay two hundred euros?", "Can I pay three hundred euros?", False),
        ("Is it open at 9 am?", "Is it open at 9 pm?", False),
        ("Does it cost €50?", "Does it cost $50?", False),
        ("Is 5 km allowed?", "Is 5 m allowed?", False),
        ("Is it 3 days or 4 weeks?", "Is it 3 weeks or 4 days?", False),
        ("Do I work 3 days and rest 4?", "Do I work 4 days and rest 3?", False),
        ("Do two guests share a room?", "Does a room suit three visitors?", False),
        # what turns a question
        ("What is paid on a journey?", "What is not paid on a journey?", False),
        ("Who was paid on it?", "Who wasn't paid on it?", False),
        ("Is leave paid?", "Is leave unpaid?", False),
        ("Is leave paid to trainees?", "Do trainees take unpaid leave?", False),
        ("Where was the firm founded?", "Why was the firm founded?", False),
        ("How long must a password be?", "How long can a password be?", False),
        ("Who approves overtime?", "Who pays overtime?", False),  # one word for another in its place
        ("How long is the warranty?", "How long is the warranty of the battery?", False),
        ("How long is my leave?", "I am pregnant. How long is my leave?", False),
        ("When is overtime paid?", "How is overtime paid?", False),
        ("Is overtime paid?", "How is overtime paid?", False),
        ("What is it?", "How much is it?", False),
        # other languages
        ("Wie lange ist die Kündigungsfrist?", "Wie lang dauert die Kündigungsfrist?", False),
        ("Kündigungsfrist Probezeit?", "Kündigungsfrist ohne Probezeit?", False),
        ("Combien de jours sont payés ?", "Combien de jours ne sont pas payés ?", False),
        ("Hvor lang er ferien?", "Hvor lang er ikke ferien?", False),
        ("Сколько дней отпуска?", "Сколько дней больничного?", False),
        ("年假有多少天？", "年假多少天？", False),
    ],
)
def test_only_plain_words_that_do_not_turn_a_question_may_differ(question: str, other: str, may: bool) -> None:
    assert may_be_the_same(question, other) is may
    assert may_be_the_same(other, question) is may


@pytest.mark.parametrize(
    ("said", "odds", "other", "found"),
    [
        ("yes", 2.5, "How soon is an incident told?", True),
        ("yes", 1.5, "How soon is an incident told?", False),
        ("no", 2.5, "How soon is an incident told?", False),
    ],
)
def test_the_generator_decides(said: str, odds: float, other: str, found: bool) -> None:
    generator = WeighingGenerator(said, value=-odds)
    assert are_the_same("What is an incident report?", other, generator) is found
    (prompt,) = generator.prompts
    assert f"1. What is an incident report?\n2. {other}\n" in prompt[-1].content


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "other", "same"),
    [
        ("How far does the radio reach?", "What is the range of the radio?", True),
        ("How long does a sabbatical last?", "What is the duration of a sabbatical?", True),
        ("What is the notice period during probation?", "What is the notice period after probation?", False),
        ("Can I return a used station?", "Can I return a new station?", False),
        ("Who approves overtime?", "Who pays overtime?", False),
    ],
)
def test_the_default_generator_tells_other_words_from_another_matter(
    chat_generator: LocalGenerator, question: str, other: str, same: bool
) -> None:
    assert are_the_same(question, other, chat_generator) is same
