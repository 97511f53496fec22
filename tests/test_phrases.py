"""What is said in the language of the question."""

import numpy as np
import pytest

from rag.conflicts import told
from rag.evidence import Line
from rag.phrases import CHINESE, ENGLISH, GERMAN, Phrases, is_refusal, phrases_for
from rag.quotations import of_names
from rag.types import Chunk, Hit, Span


@pytest.mark.parametrize(
    ("question", "phrases"),
    [
        ("How long is the warranty?", ENGLISH),
        ("Wie lange ist die Garantie der Pumpe?", GERMAN),
        ("Welche Frist gilt für die Kündigung?", GERMAN),
        ("Wann öffnet die Kantine?", GERMAN),
        ("Was kostet der Kaffee?", GERMAN),
        ("Wo steht das?", GERMAN),
        ("Wie viele Urlaubstage gibt es?", GERMAN),
        ("Welche Farbe hat Öl?", GERMAN),
        ("Darf ich meinen Hund ins Büro mitbringen?", GERMAN),
        ("What did Ursula von der Leyen say about pumps?", ENGLISH),
        ("What is the address of the Restaurant zum Hirsch in Frankfurt am Main?", ENGLISH),
        ("Who is the head of Bank für Sozialwirtschaft?", ENGLISH),
        ("Am I insured if I die on an official trip?", ENGLISH),
        ("Was the pump checked in May?", ENGLISH),
        ("Hvad er den maksimale belastning, der er tilladt?", ENGLISH),
        ("Wat is de maximale belasting?", ENGLISH),
        ("Garantie?", ENGLISH),
        ("保修期多长？", CHINESE),
        ("Skua 4 的保修期多长？", CHINESE),
        ("保証期間はどのくらいですか？", ENGLISH),
        ("ระยะเวลารับประกันนานเท่าใด", ENGLISH),
        ("¿Cuánto dura la garantía?", ENGLISH),
        ("How is 保修 translated?", ENGLISH),
    ],
)
def test_the_language_is_that_of_the_question(question: str, phrases: Phrases) -> None:
    assert phrases_for(question) is phrases


@pytest.mark.parametrize("phrases", [ENGLISH, GERMAN, CHINESE])
def test_a_refusal_is_known_in_each_language(phrases: Phrases) -> None:
    assert is_refusal(f" {phrases.refusal.rstrip('.。')} [1].")
    assert not is_refusal(phrases.nearest)


def test_another_document_is_told_in_that_language() -> None:
    hits = [Hit(Chunk(name, f"{name}.txt", "", None, "", 0, 9, 0, "Es sind 10 Tage."), 0.5) for name in "ab"]
    line = Line(2, Span(0, 16), "Es sind 10 Tage.", "Es sind 10 Tage.", "", begins=True, score=0.9, vector=np.zeros(2))
    dates = {"a": "2026-01-02", "b": "2026-05-03"}
    text, _ = told("Es sind 6 Tage. [1]", (), [line], hits, dates, GERMAN)
    assert text.endswith(
        "\n\nIn einem anderen Dokument, hinzugefügt am 2026-05-03, steht etwas anderes: “Es sind 10 Tage.” [2]"
    )
    text, _ = told("6 天。 [1]", (), [line], hits, {}, CHINESE)
    assert text.endswith("\n\n另一份文档的说法不同：“Es sind 10 Tage.” [2]")  # noqa: RUF001


def test_what_an_overview_leaves_out_is_told_in_that_language() -> None:
    names = [f"{number}.txt" for number in range(53)]
    assert of_names(names[:1], GERMAN) == "Nicht zitiert: **0**."
    assert of_names(names[:2], CHINESE).startswith("未引用：**0**、**1**")  # noqa: RUF001
    assert of_names(names[:51]).endswith("**49** and 1 other.")
    assert of_names(names, CHINESE).endswith("**49**以及另外 3 份。")
