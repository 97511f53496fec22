"""Which questions are calculated with the tables inside documents, and which are for the sentences around them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag import table_choice, tables
from rag.cells import DataTable
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import Settings
from tests.documents import write_workbook
from tests.fakes import HashingEmbedder

HANDBOOK = """# Staff handbook

## Leave

Everyone has thirty days of leave a year. At most five days may be kept, and the maximum is reached in March.

| Years of service | Extra days |
|---|---:|
| 5 | 1 |
| 10 | 2 |
| 20 | 4 |

## Warranty

Our devices carry a warranty of three years, batteries one of six months. The longest warranty is that of the mast.

| Device | Warranty (months) | Repairs |
|---|---:|---:|
| Station | 36 | 14 |
| Mast | 60 | 3 |
| Sensor | 36 | 27 |
| Battery | 6 | 51 |

## Travel in May

The average journey takes two days. A hotel may cost 120 euros a night, 95 euros outside the large cities.

| City | Hotel | Nights |
|---|---|---:|
| Oslo | Anker | 14 |
| Oslo | Bondeheimen | 9 |
| Bergen | Grand | 22 |

The company has 120 employees. The office in Bergen has 40 employees, and the total budget for travel is 90,000 euros.

## Members of the works council

| Name | City | Since |
|---|---|---:|
| Anna Berg | Oslo | 2015 |
| Jonas Lie | Oslo | 2018 |
| Mei Tan | Bergen | 2019 |

## Limits of the portal

| Expense | Limit |
|---|---:|
| Meal with customers, per person | 65 |
| Hotel (for guests) | 145 |
"""
PLANS = """# Portal

## What does the portal cost?

The smallest plan is free. Plans can be changed at the end of a month.

| Plan | Stations | Users |
|---|---|---:|
| Free | up to 2 | 1 |
| Plus | up to 20 | 10 |
| Pro | any number | 100 |
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", minimum_score=0.0)


@pytest.fixture
def library(settings: Settings, tmp_path: Path) -> Iterator[Library]:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "handbook.md").write_text(HANDBOOK)
    (folder / "portal.md").write_text(PLANS)
    write_workbook(folder / "stock.xlsx", {"Stock": [["Article", "Pieces"], ["Bolt", 10], ["Nut", 20]]})
    with Library.open(settings, holder="test") as opened:
        opened.open_store(HashingEmbedder(1_024))
        ingest(find_files([folder]), library=opened, embedder=HashingEmbedder(1_024), settings=settings)
        yield opened


def chosen(library: Library, settings: Settings, question: str) -> list[list[DataTable]]:
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    hits = retriever.retrieve(question, k=settings.top_k, minimum_score=0.0).hits
    lines = retriever.evidence(question, hits)
    found = table_choice.choices(question, hits, lines, lambda identifier: tables.find(library.folder, identifier))
    return [list(own) for _, own in found]


def headings(library: Library, settings: Settings, question: str) -> list[str]:
    """Of the tables inside documents."""
    found = chosen(library, settings, question)
    return [table.sheet for own in found for table in own if table.place is not None]


@pytest.mark.parametrize(
    "question",
    [
        "How long is the warranty?",
        "What is the longest warranty?",
        "How many days of leave do staff get?",
        "How many days of leave may be kept at most?",
        "What is the maximum number of days of leave that may be kept?",
        "How many employees does the company have?",
        "How many employees does the office in Bergen have?",
        "How many employees are there?",
        "What is the total budget for travel?",
        "How long is the average journey?",
        "What does a hotel cost at most outside the large cities?",
        "How many months of warranty does the battery have?",  # one cell
        "How many users may the plan Plus have?",
        "Which is the smallest plan?",
        "What is the maximum number of users of the portal?",
        "How many stations can I have with the free plan?",
        "How many stations does the plan Free have?",
        "How many nights may I stay in a hotel?",
        "What does the warranty of a device mean?",
        "What is the best hotel in Oslo?",
        "What is the latest version of the portal?",
        "What is the most important rule for hotels?",
        "Who is the oldest employee?",
        "What is the highest mountain in Norway?",
        "Wie lange ist die Garantie insgesamt?",
        "What is the total?",
        "How many are there?",
        "How many persons does the portal have?",  # "Meal with customers, per person" counts none
        "How many guests does the portal have?",
    ],
)
def test_questions_for_sentences_are_not_calculated(library: Library, settings: Settings, question: str) -> None:
    assert headings(library, settings, question) == []


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("What is the total number of repairs?", "Warranty"),
        ("Which device has the most repairs?", "Warranty"),
        ("What is the average number of nights in Oslo?", "Travel in May"),
        ("How many hotels are there in Oslo?", "Travel in May"),
        ("Which hotels have more than 10 nights?", "Travel in May"),
        ("List all members of the works council from Oslo.", "Members of the works council"),
        ("How many members of the works council live in Oslo?", "Members of the works council"),
        ("How many people of the works council are from Oslo?", "Members of the works council"),
        ("Which city has the most members of the works council?", "Members of the works council"),
        ("What is the total number of nights in Oslo in May?", "Travel in May"),
        ("Which city has the largest number of members of the works council?", "Members of the works council"),
    ],
)
def test_questions_for_rows_are_calculated(library: Library, settings: Settings, question: str, heading: str) -> None:
    assert headings(library, settings, question) == [heading]


def test_a_spreadsheet_is_asked_before_and_after_documents(library: Library, settings: Settings) -> None:
    ((table,),) = chosen(library, settings, "What is the total of Pieces of every Article, Bolt and Nut?")
    assert table.sheet == "Stock"
    assert chosen(library, settings, "How many Pieces of stock are there?") != []


@pytest.mark.parametrize(
    ("question", "is_calculated"),
    [("2024年的平均工资是多少？", True), ("工资最高的员工是谁？", True), ("公司最高的奖金是多少？", False)],  # noqa: RUF001
)
def test_chinese_questions(question: str, is_calculated: bool, settings: Settings, tmp_path: Path) -> None:
    rows = "| 姓名 | 部门 | 工资 |\n|---|---|---|\n| 王芳 | 销售部 | 12500 |\n| 李强 | 研发部 | 9800 |\n"
    (tmp_path / "staff.md").write_text(f"# 员工\n\n公司一共有三个部门。\n\n{rows}")
    with Library.open(settings, holder="test") as library:
        library.open_store(HashingEmbedder(1_024))
        ingest(find_files([tmp_path / "staff.md"]), library=library, embedder=HashingEmbedder(1_024), settings=settings)
        assert bool(chosen(library, settings, question)) is is_calculated


def test_of_two_spreadsheets_the_one_with_all_words_of_the_question_answers(settings: Settings, tmp_path: Path) -> None:
    write_workbook(tmp_path / "budget.xlsx", {"Budget": [["Total", "Q3"], ["Research", 9], ["Canteen", 3]]})
    orders = [["Order", "Quarter", "Revenue"], ["A-1", "Q3", 40], ["A-2", "Q4", 50]]
    write_workbook(tmp_path / "orders.xlsx", {"Orders": orders})
    with Library.open(settings, holder="test") as opened:
        opened.open_store(HashingEmbedder(1_024))
        ingest(find_files([tmp_path]), library=opened, embedder=HashingEmbedder(1_024), settings=settings)
        first = chosen(opened, settings, "What is the total Q3 of the budget?")
        assert first[0][0].sheet == "Budget"
        retriever = Retriever.of_library(opened, HashingEmbedder(1_024), settings)
        question = "What is the total revenue in Q3?"
        hits = sorted(
            retriever.retrieve(question, k=6, minimum_score=0.0).hits,
            key=lambda hit: hit.chunk.document_name != "budget.xlsx",
        )
        found = table_choice.choices(question, hits, (), lambda identifier: tables.find(opened.folder, identifier))
        hit, own = next(found)
        assert (hit.chunk.document_name, own[0].sheet) == ("orders.xlsx", "Orders")


FLEET = [["Plate", "Driver", "Mileage (km)"], ["B-FN 104", "Lea Sand", 30_500], ["B-FN 105", "Paul Ritter", 900]]


@pytest.mark.parametrize(
    ("question", "is_asked"),
    [
        ("Who drives B-FN 104?", True),
        ("What is the mileage of B-FN 104?", True),
        ("What is the phone number of Lea Sand?", False),  # no word of it stands there
        ("What colour is B-FN 104?", False),
        ("Must Lea Sand refuel B-FN 104?", False),
        ("Who has to refuel B-FN 104 and when must Lea Sand drive it?", False),  # what has to be, sentences say
    ],
)
def test_a_spreadsheet_is_asked_for_a_value_only_if_it_holds_every_word(
    question: str, is_asked: bool, settings: Settings, tmp_path: Path
) -> None:
    write_workbook(tmp_path / "fleet.xlsx", {"Fleet": FLEET})
    with Library.open(settings, holder="test") as opened:
        opened.open_store(HashingEmbedder(1_024))
        ingest(find_files([tmp_path]), library=opened, embedder=HashingEmbedder(1_024), settings=settings)
        assert bool(chosen(opened, settings, question)) is is_asked


@pytest.mark.parametrize(
    ("question", "is_asked"),
    [
        ("Where does Lea Sand live?", True),
        ("What is Lea Sand's telephone number?", True),
        ("Where does Ada Frank live?", False),
        ("What is the salary of Lea Sand?", False),
        ("Which is it?", False),  # no word that matters
    ],
)
def test_a_spreadsheet_that_was_not_near_enough_is_asked_if_it_holds_every_word(
    question: str, is_asked: bool, settings: Settings, tmp_path: Path
) -> None:
    write_workbook(tmp_path / "people.xlsx", {"People": [["Name", "City", "Phone"], ["Lea Sand", "Kiel", "0431 1"]]})
    with Library.open(settings, holder="test") as opened:
        opened.open_store(HashingEmbedder(1_024))
        ingest(find_files([tmp_path]), library=opened, embedder=HashingEmbedder(1_024), settings=settings)
        below = Retriever.of_library(opened, HashingEmbedder(1_024), settings).retrieve(
            "Lea Sand", k=6, minimum_score=0
        )
        found = table_choice.choices(
            question, (), (), lambda identifier: tables.find(opened.folder, identifier), below=below.hits
        )
        assert bool(list(found)) is is_asked
