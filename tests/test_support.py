from collections.abc import Mapping

import pytest

import rag.support as support_module
from rag.denials import denies
from rag.embedders import Embedder
from rag.evidence import nearest_lines
from rag.numerals import held, missing, numbers
from rag.support import Support, Verdict, names, verdict
from rag.terms import terms
from tests.fakes import HashingEmbedder, hit

PASSAGES = (
    "Staff get 28 days of leave. Up to 6 unused days can be carried over, and they expire on 31 March.",
    "Lunch in the canteen costs 3.80 EUR. The canteen opens at eleven.",
)


def even(text: str) -> Mapping[str, float]:
    return dict.fromkeys(terms(text, parts=True), 1.0)


def support(embedder: Embedder) -> Support:
    hits = [hit(text, 0.6) for text in PASSAGES]
    return Support(nearest_lines("What is there?", hits, embedder, {}), hits, embedder, even)


CASES = [
    ("Staff get 28 days of leave.", Verdict.SUPPORTED),
    ("Unused days can be carried over until 31 March.", Verdict.SUPPORTED),
    ("Lunch costs 3.80 EUR.", Verdict.SUPPORTED),
    ("Lunch costs 4.20 EUR.", Verdict.UNSUPPORTED),
    ("The canteen opens at nine.", Verdict.UNSUPPORTED),
    ("The battery must be replaced by a technician.", Verdict.UNSUPPORTED),
    ("Parental leave is paid by Halden Instruments.", Verdict.UNSUPPORTED),
]


@pytest.mark.parametrize(("sentence", "expected"), CASES, ids=[sentence for sentence, _ in CASES])
def test_a_sentence_is_judged_by_what_stands_in_the_passages(sentence: str, expected: Verdict) -> None:
    assert verdict(max(support(HashingEmbedder(1_024))(sentence))) is expected


def test_each_passage_has_its_own_support_in_their_order() -> None:
    first, second = support(HashingEmbedder(1_024))("Lunch costs 3.80 EUR.")
    assert first < 0.25 < 0.5 < second


def test_a_missing_number_and_a_missing_name_weigh_more_than_a_missing_word() -> None:
    judge = support(HashingEmbedder(1_024))
    word = max(judge("Staff get 28 nice days of leave."))
    assert max(judge("Staff get 28 days of leave in Bergen.")) < word
    assert max(judge("Staff get 28 days of leave in 17.")) < word


def test_a_passage_without_lines_bears_nothing() -> None:
    embedder = HashingEmbedder()
    assert verdict(Support([], [hit("1 2 3", 0.5)], embedder, even)("Lunch is free.")[0]) is Verdict.UNSUPPORTED


class Illiterate(HashingEmbedder):
    def reads(self, text: str) -> bool:
        return False


def test_a_script_that_the_model_cannot_read_is_judged_by_its_words() -> None:
    embedder = Illiterate()
    hits = [hit("员工每年有二十八天年假。午餐三欧元。", 0.6)]
    judge = Support(nearest_lines("年假", hits, HashingEmbedder(), {}), hits, embedder, even)
    encoded = embedder.encoded
    assert verdict(judge("员工每年有二十八天年假。")[0]) is Verdict.SUPPORTED
    assert verdict(judge("电池必须由技术人员更换。")[0]) is Verdict.UNSUPPORTED
    assert embedder.encoded == encoded  # no sentence


def test_the_number_of_a_code_is_no_number() -> None:
    assert numbers("The gateway GTW-7000 serves 50 stations (E-14).") == {"50"}
    assert numbers("in the mid-1990s, by COVID-19, from 20-30 EUR, version v4.3") == {"1990", "20", "30", "4.3"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("on 30 June 2024", "am 30.06.2024"),
        ("on June 30, 2024", "2024-06-30"),
        ("for twelve weeks", "12 weeks"),
        ("twenty-one days", "21 days"),
        ("vierzehn Tage", "14 Tage"),
        ("1,500 EUR", "1.500,00 EUR"),
        ("1500.00 EUR", "1500 EUR"),
        ("at 09:00", "at 9:00"),
        ("3,5 %", "3.5 %"),
    ],
)
def test_numbers_and_dates_are_the_same_however_they_are_written(one: str, other: str) -> None:
    assert numbers(one) == numbers(other)


@pytest.mark.parametrize(
    ("one", "other"), [("35 %", "3,5 %"), ("30.06.2024", "30.07.2024"), ("31 March", "31 May"), ("21 days", "20 days")]
)
def test_other_numbers_are_others(one: str, other: str) -> None:
    assert numbers(one) != numbers(other)


def test_a_word_that_is_also_a_month_is_none() -> None:
    assert numbers("You may 5 times march 3 miles") == {"5", "3"}


@pytest.mark.parametrize(
    ("passage", "sentence", "expected"),
    [
        ("Dogs are not allowed in the office kitchen.", "Dogs are allowed in the office kitchen.", Verdict.WEAK),
        ("Dogs are allowed in the office kitchen.", "Dogs are not allowed in the office kitchen.", Verdict.WEAK),
        ("Dogs are not allowed in the office kitchen.", "No, dogs are not allowed in the kitchen.", Verdict.SUPPORTED),
        ("It is not fragile, dogs may enter the kitchen.", "Dogs may enter the kitchen.", Verdict.SUPPORTED),
        ("Notice must be given no later than 5 May.", "Notice must be given by 5 May.", Verdict.SUPPORTED),
        ("Hunde sind in der Küche nicht erlaubt.", "Hunde sind in der Küche erlaubt.", Verdict.WEAK),
    ],
)
def test_a_sentence_whose_opposite_is_said_is_not_supported(passage: str, sentence: str, expected: Verdict) -> None:
    embedder, hits = HashingEmbedder(1_024), [hit(passage, 0.6)]
    judge = Support(nearest_lines("What is there?", hits, embedder, {}), hits, embedder, even)
    assert verdict(max(judge(sentence))) is expected


def test_the_number_of_a_page_bears_nothing_and_german_nouns_are_no_names() -> None:
    embedder, notice = HashingEmbedder(1_024), hit("It ends with notice of 14 days in writing.", 0.6, page=30)
    judge = Support(nearest_lines("?", [notice], embedder, {}), [notice], embedder, even)
    assert verdict(max(judge("It ends with notice of 14 days in writing."))) is Verdict.SUPPORTED
    assert verdict(max(judge("It ends with notice of 30 days in writing."))) is not Verdict.SUPPORTED
    assert names("Den Mitarbeitern stehen 28 Urlaubstage im Jahr zu.") == set()
    assert names("She flew to Österreich.") == {"osterreich"}


@pytest.mark.parametrize(
    ("passage", "sentence"),
    [
        ("The total liability shall not exceed 500 EUR.", "The total liability is limited to 500 EUR."),
        ("Items can be returned in 30 days whether or not they were used.", "Items can be returned in 30 days."),
        ("The gate does not open until 9.", "The gate opens at 9."),
        ("Parking is free of charge.", "There is no charge for parking."),
        ("Dogs are no longer allowed in the office.", "Dogs are not allowed in the office."),
        ("No dogs and no cats are allowed in the office.", "Dogs are not allowed in the office."),
    ],
)
def test_limits_conditions_and_other_words_are_not_taken_for_the_opposite(
    passage: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder, hits = HashingEmbedder(1_024), [hit(passage, 0.6)]
    judge = Support(nearest_lines("What is there?", hits, embedder, {}), hits, embedder, even)
    own = judge(sentence)
    monkeypatch.setattr(support_module, "denies", lambda text: None)
    assert own == judge(sentence)


@pytest.mark.parametrize(
    ("passage", "sentence", "lacked"),
    [
        ("It closes on 06/30/2024.", "It closes on 30 June 2024.", set()),
        ("It closes on the 5th of June.", "It closes on 5 June.", set()),
        ("The office is closed from June to August 2024.", "It is closed in June 2024.", set()),
        ("It closes on 30 July 2024.", "It closes on 30 June 2024.", {"month 6"}),
    ],
)
def test_a_month_is_missing_only_where_others_are_named(passage: str, sentence: str, lacked: set[str]) -> None:
    assert missing(sentence, held(passage)) == lacked


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("Dogs are not allowed", True),
        ("No, dogs aren't allowed", True),
        ("Smoking is forbidden", True),
        ("Rauchen ist nicht erlaubt", True),
        ("Dogs are allowed", False),
        ("It is not prohibited", None),
        ("not later than 5 May", None),
        ("There is no charge", None),
        ("Members who are not residents may park", None),
    ],
)
def test_a_denial_is_told_from_what_cannot_be_told(text: str, denied: bool | None) -> None:
    assert denies(text) is denied


@pytest.mark.parametrize("text", ["ten thousand EUR", "one hundred and twenty people", "the twenty-first century"])
def test_of_large_numbers_and_ordinals_in_words_no_part_is_taken(text: str) -> None:
    assert numbers(text) == set()


def test_persons_are_compared_in_german_and_names_in_english_with_german_words() -> None:
    assert "schmidt" in names("Die Leitung des Teams hat Herr Schmidt und er ist neu.")
    assert names("Patients with ALS die within the Boston trial run by Pfizer.") >= {"boston", "pfizer"}
