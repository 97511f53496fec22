import pytest

from rag.yes_or_no import asks_yes_or_no


@pytest.mark.parametrize(
    "question",
    [
        "May I take the battery on a plane?",
        "I fly on Monday. So, can I take it along?",
        "Isn't the mast included?",
        "With the old mast, can I use the new sensor?",
        "The mast is included, right?",
        "The store was never moved - is that so?",
        "I wonder whether dogs are allowed.",
        "Can you tell me if dogs are allowed?",
        "Is it true that the warranty lasts five years?",
        "Was Richard the Lionheart in Cyprus?",
        "Was the mast included?",
        "Am I allowed to park there?",
        "Will GnuCash work out the taxes for me?",
        "Gibt es einen Parkplatz?",
        "Ist Rauchen erlaubt?",
        "Darf ich den Akku im Flugzeug mitnehmen?",
        "Ich habe zwei Hunde. Sind Hunde im Büro erlaubt?",
        "Der Mast ist dabei, oder?",
        "Können Sie mir sagen, ob Hunde erlaubt sind?",
        "可以带电池上飞机吗？",
        "是否可以带狗？",
    ],
)
def test_questions_that_are_answered_by_yes_or_no(question: str) -> None:
    assert asks_yes_or_no(question)


@pytest.mark.parametrize(
    "question",
    [
        "How long is the warranty?",
        "What, along with rain, is a cause of damage?",
        "Under which conditions can I return it?",
        "Can you tell me how long the warranty is?",
        "Could you explain the warranty?",
        "Is the housing red or blue?",
        "Do you know who leads the team?",
        "Wie lange gilt die Garantie?",
        "Was kostet das Mittagessen?",
        "Und was ist die Kündigungsfrist?",
        "Was muss ich tun, wenn der Akku leer ist?",
        "Am wievielten wird das Gehalt gezahlt?",
        "How do I check if the battery is full?",
        "Who do I ask if I am sick?",
        "What does the manual say if the lamp blinks red?",
        "Wie kann ich prüfen, ob der Akku voll ist?",
        "May I ask how long the warranty is?",
        "Can someone tell me how long it lasts?",
        "Do you happen to know who leads the team?",
        "Können Sie uns sagen, wann das Büro öffnet?",
        "Darf ich fragen, wie lange die Garantie gilt?",
        "Could you walk me through the setup?",
        "您能告诉我保修期是多久吗？",
        "May 2024 revenue?",
        "Bin collection days?",
        "Hat sizes",
        "Können Sie mir sagen, wie lange die Garantie gilt?",
        "保修期是多久？",
        "Is it allowed? And how long does it take?",
        "",
    ],
)
def test_questions_that_are_answered_by_something_else(question: str) -> None:
    assert not asks_yes_or_no(question)
