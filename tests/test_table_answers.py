"""Answers that are calculated from the cells of real files, with a scripted generator that writes the SELECT."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from docx.document import Document as WordDocument
from pptx.presentation import Presentation
from pptx.util import Cm

from benchmarks.table_questions import is_right, questions, write
from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag import tables
from rag.assistant import Assistant
from rag.build import build_assistant, load_embedder, load_generator
from rag.export import to_markdown
from rag.library import Library
from rag.markdown import readable
from rag.retriever import Retriever
from rag.settings import Settings, load_settings
from rag.types import Answer, Finish, answer_from_json, answer_to_json
from tests.documents import write_old_workbook, write_slides, write_word, write_workbook
from tests.fakes import HashingEmbedder, ScriptedGenerator

ROWS = [
    ["Orders of the spring"],
    [],
    ["Customer", "Region", "Amount"],
    ["Meyer", "North", 1_000.25],
    ["Ito", "South", 20],
    ["Meyer", "South", 30],
    ["Total", None, 1_050.25],
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", minimum_score=0.0, minimum_evidence=0.0)


@pytest.fixture
def library(settings: Settings, tmp_path: Path) -> Iterator[Library]:
    folder = tmp_path / "files"
    folder.mkdir()
    write_workbook(folder / "sales.xlsx", {"Sales": ROWS})
    (folder / "lager.csv").write_text("Artikel;Bestand\nRohr;1.200\nVentil;300,5\n")
    (folder / "leave.txt").write_text("Staff get 28 days of leave in all. The total number of days does not change.")
    with Library.open(settings, holder="test") as opened:
        embedder = HashingEmbedder(1_024)
        opened.open_store(embedder)
        ingest(find_files([folder]), library=opened, embedder=embedder, settings=settings)
        yield opened


def ask(library: Library, settings: Settings, question: str, *replies: str) -> tuple[Answer, ScriptedGenerator]:
    generator = ScriptedGenerator(*replies)
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    return Assistant(retriever, generator, settings).answer(question), generator


def test_a_total_is_calculated_and_cites_its_cells(library: Library, settings: Settings) -> None:
    answer, generator = ask(
        library,
        settings,
        "What is the total Amount of the Customer Meyer?",
        " sum(amount) FROM sales WHERE customer = 'meyer';\n```",
    )
    assert answer.text == (
        "The sum of Amount where Customer = meyer is 1,030.25. [1]\n\nLeft out, because it sums up others: row 7. [1]"
    )
    (citation,) = answer.citations
    assert citation.hit.chunk.label == "sales.xlsx, Sales!A4, C4, A6, C6"
    assert citation.hit.chunk.text == "Customer | Amount\nMeyer | 1000.25\nMeyer | 30.00"
    assert (answer.finish, answer.sql) == (Finish.COMPLETE, "SELECT sum(amount) FROM sales WHERE customer = 'meyer'")
    assert "CREATE TABLE sales" in generator.prompts[0][1].content
    assert answer_from_json(answer_to_json(answer)) == answer
    assert "`SELECT sum(amount)" in to_markdown("", [answer])


def test_several_rows_are_a_table(library: Library, settings: Settings) -> None:
    answer, _ = ask(
        library,
        settings,
        "Show the total Amount by Region of every Customer",
        " region, sum(amount) FROM sales GROUP BY region ORDER BY 1;",
    )
    assert answer.text.startswith("The sum of Amount by Region. [1]\n\n| Region | sum of Amount |\n| --- | --- |")
    assert "| North | 1,000.25 |" in answer.text
    (citation,) = answer.citations
    assert citation.hit.chunk.label == "sales.xlsx, Sales!B4:C6"


def test_german_numbers_are_read_and_written_as_such(library: Library, settings: Settings) -> None:
    answer, _ = ask(
        library,
        settings,
        "Wie hoch ist der Bestand insgesamt je Rohr und Ventil? Artikel Bestand",
        " sum(bestand) FROM data;",
    )
    assert answer.text == "Die Summe von Bestand ist 1.500,5. [1]"
    assert answer.citations[0].hit.chunk.label == "lager.csv, rows 2–3"


def test_the_rows_that_counted_are_named_and_marked(settings: Settings, tmp_path: Path) -> None:
    rows = [[f"A-{number}", ["North", "South"][number % 2], "Mast", number] for number in range(16)]
    write_workbook(tmp_path / "orders.xlsx", {"Orders": [["Order", "Region", "Article", "Quantity"], *rows]})
    with Library.open(settings, holder="test") as library:
        library.open_store(HashingEmbedder(1_024))
        ingest(
            find_files([tmp_path / "orders.xlsx"]), library=library, embedder=HashingEmbedder(1_024), settings=settings
        )
        answer, generator = ask(
            library,
            settings,
            "What is the total Quantity of the Region North?",
            " sum(quantity) FROM orders WHERE region = 'North';",
        )
        assert answer.text == "The sum of Quantity where Region = North is 56. [1]"
        (citation,) = answer.citations
        assert citation.hit.chunk.label == "orders.xlsx, Orders!B2, D2, B4, D4, B6, D6 … (8 rows)"
        text = citation.hit.chunk.text
        assert [text[mark.start : mark.end] for mark in citation.marks] == [f"North | {n}" for n in range(0, 16, 2)]
        one, _ = ask(
            library, settings, "What is the total Quantity of Orders?", " sum(quantity) FROM orders WHERE quantity > 9;"
        )
        assert one.citations[0].hit.chunk.label == "orders.xlsx, Orders!D12:D17"
        pieces, generator = ask(
            library,
            settings,
            "How many masts are there in total?",
            " count(*) FROM orders WHERE article = 'Mast';",
            " sum(quantity) FROM orders WHERE article = 'Mast';",
        )
        assert pieces.text == "The sum of Quantity where Article = Mast is 120. [1]"
        assert "use sum(quantity)" in generator.prompts[1][-2].content


@pytest.mark.parametrize(
    "first",
    [
        " sum(price) FROM sales;",
        " customer FROM sales;",  # a total was asked for
        " sum(amount) FROM sales WHERE customer = 'Maier';",  # there is none
        " * FROM read_csv('/etc/passwd');",
    ],
)
def test_after_a_failure_it_is_written_once_more(library: Library, settings: Settings, first: str) -> None:
    answer, generator = ask(
        library, settings, "What is the total Amount of the Customer?", first, " sum(amount) FROM sales;"
    )
    assert answer.text.startswith("The sum of Amount is 1,050.25. [1]")
    assert "This did not work" in generator.prompts[1][-2].content


def test_the_one_value_that_a_condition_names_is_no_count(library: Library, settings: Settings) -> None:
    answer, generator = ask(
        library,
        settings,
        "How many Customer Meyer are there by Amount?",
        " count(DISTINCT customer) FROM sales WHERE customer = 'Meyer';",  # 1, whatever the sheet holds
        " count(*) FROM sales WHERE customer = 'Meyer';",
    )
    assert answer.text.startswith("The number of rows where Customer = Meyer is 2. [1]")
    assert "count(DISTINCT customer) is always 1 here" in generator.prompts[1][-2].content


def test_after_two_failures_the_passages_answer(library: Library, settings: Settings) -> None:
    answer, generator = ask(
        library,
        settings,
        "What is the total Amount of the Customer Meyer in the Region?",
        " nonsense;",
        " nonsense;",
        "Customer Meyer is in the Region North and South [1].",
    )
    assert answer.sql == ""
    assert answer.text.startswith("Customer Meyer is in the Region North")
    assert len(generator.prompts) == 3


def test_a_word_of_the_question_that_no_cell_holds_is_said_to_be_missing(library: Library, settings: Settings) -> None:
    sql = " count(*) FROM sales WHERE customer = 'Kim';"
    answer, _ = ask(library, settings, "How many rows of Amount has the Customer Kim in the Region?", sql, sql)
    assert answer.text.startswith("The number of rows where Customer = Kim is 0. [1]")


def test_a_question_for_other_documents_is_not_calculated(library: Library, settings: Settings) -> None:
    answer, generator = ask(library, settings, "How many days of leave do staff get in all?", "28 days [1].")
    assert (answer.sql, len(generator.prompts)) == ("", 1)


def test_damaged_tables_leave_the_question_to_the_passages(library: Library, settings: Settings) -> None:
    for path in tables.every(library.folder):
        path.write_bytes(b"no gzip")
    answer, _ = ask(library, settings, "What is the total Amount of the Customer Meyer?", "It is much [1].")
    assert answer.sql == ""


def answered(settings: Settings, path: Path, question: str, *replies: str) -> Answer:
    return answered_by(ScriptedGenerator(*replies), settings, path, question)


def answered_by(generator: ScriptedGenerator, settings: Settings, path: Path, question: str) -> Answer:
    """The answer of a library that holds one file."""
    with Library.open(settings, holder="test") as library:
        library.open_store(HashingEmbedder(1_024))
        ingest(find_files([path]), library=library, embedder=HashingEmbedder(1_024), settings=settings)
        retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
        return Assistant(retriever, generator, settings).answer(question)


def test_an_old_workbook_answers_from_its_cells(settings: Settings, tmp_path: Path) -> None:
    rows = [
        ["Customer", "Region", "Amount"],
        ["Meyer", "North", 1_000.25],
        ["Ito", "South", 20],
        ["Meyer", "South", 30],
    ]
    path = write_old_workbook(tmp_path / "sales.xls", {"Sales": rows})
    answer = answered(
        settings,
        path,
        "What is the total Amount of the Customer Meyer?",
        " sum(amount) FROM sales WHERE customer = 'meyer';",
    )
    assert answer.text == "The sum of Amount where Customer = meyer is 1,030.25. [1]"
    (citation,) = answer.citations
    assert citation.hit.chunk.label == "sales.xls, Sales!A2, C2, A4, C4"
    assert citation.hit.chunk.text == "Customer | Amount\nMeyer | 1000.25\nMeyer | 30.00"


PARTS = [["Part", "Group", "Price"], ["Pump P-10", "Pumps", "249.50 €"], ["Pump P-20", "Pumps", "389.00 €"],
         ["Seal S-1", "Seals", "4.20 €"]]  # fmt: skip
AVERAGE = "What is the average price of the pumps?"
SELECT = " avg(price) FROM prices WHERE group_ = 'pumps';"


def test_a_table_of_a_word_document_is_calculated_with_and_its_place_is_told(
    settings: Settings, tmp_path: Path
) -> None:
    def write(document: WordDocument) -> None:
        document.add_heading("Spare parts", 0)
        document.add_heading("Prices", 1)
        document.add_paragraph("They hold without tax.")
        table = document.add_table(rows=0, cols=3)
        for texts in PARTS:
            for cell, text in zip(table.add_row().cells, texts, strict=True):
                cell.text = text

    answer = answered(settings, write_word(tmp_path / "parts.docx", write), AVERAGE, SELECT)
    assert answer.text == "The average of Price where Group = pumps is 319.25 €. [1]"
    (citation,) = answer.citations
    assert citation.hit.chunk.label == "parts.docx, table 1 under “Prices”, rows 2–3"  # noqa: RUF001
    assert citation.hit.chunk.text == "Group | Price\nPumps | 249.50\nPumps | 389.00"
    assert answer_from_json(answer_to_json(answer)) == answer


def test_a_table_of_markdown_is_shown_as_one(settings: Settings, tmp_path: Path) -> None:
    rows = "\n".join(f"| {' | '.join(cells)} |" for cells in (PARTS[0], ["---"] * 3, *PARTS[1:]))
    (tmp_path / "parts.md").write_text(f"# Parts\n\n## Prices\n\n{rows}\n\nThey hold without tax.\n")
    answer = answered(settings, tmp_path / "parts.md", AVERAGE, SELECT)
    (citation,) = answer.citations
    assert citation.hit.chunk.label == "parts.md, table 1 under “Prices”, rows 2–3"  # noqa: RUF001
    shown = readable(citation.hit.chunk.text, citation.marks)
    assert "<th>Group</th>" in shown
    assert "<td><mark>389.00</mark></td>" in shown


def test_a_table_of_a_slide_is_found_by_its_number(settings: Settings, tmp_path: Path) -> None:
    def write(presentation: Presentation) -> None:
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        slide.shapes.title.text = "Prices"
        table = slide.shapes.add_table(4, 3, Cm(1), Cm(4), Cm(9), Cm(2)).table
        for cell, text in zip(table.iter_cells(), (text for row in PARTS for text in row), strict=True):
            cell.text = text

    answer = answered(settings, write_slides(tmp_path / "parts.pptx", write), AVERAGE, SELECT)
    label = "parts.pptx, slide 1, table 1 under “Prices”, rows 2–3"  # noqa: RUF001
    assert answer.citations[0].hit.chunk.label == label


def test_rows_that_are_counted_by_their_group_are_asked_for_so(settings: Settings, tmp_path: Path) -> None:
    write_workbook(tmp_path / "parts.xlsx", {"Parts": PARTS})
    with Library.open(settings, holder="test") as library:
        library.open_store(HashingEmbedder(1_024))
        ingest(
            find_files([tmp_path / "parts.xlsx"]), library=library, embedder=HashingEmbedder(1_024), settings=settings
        )
        select = ' "group_", count(*) FROM parts GROUP BY 1 ORDER BY 2 {} LIMIT 1;'
        most, generator = ask(library, settings, "Which group has the most parts?", select.format("DESC"))
        assert "SELECT group_, count(*) … GROUP BY group_ ORDER BY 2 DESC" in generator.prompts[0][1].content
        assert most.text == "Group: Pumps, number of rows: 2. [1]"
        _, generator = ask(library, settings, "Which group has the fewest parts?", select.format("ASC"))
        assert "ORDER BY 2 ASC" in generator.prompts[0][1].content


@pytest.mark.model
def test_real_models_calculate_with_real_files(tmp_path: Path) -> None:
    write(tmp_path)
    settings = load_settings(library=tmp_path / "library")
    with Library.open(settings, holder="test") as library:
        embedder = load_embedder(settings)
        library.open_store(embedder)
        ingest(find_files([tmp_path]), library=library, embedder=embedder, settings=settings)
        assistant = build_assistant(library, embedder, load_generator(settings), settings)
        asked = {one.question: one.expected for one in questions()}
        for question in ("What is the total amount of all orders?", "How many tickets have the status open?"):
            assert is_right(assistant.answer(question), asked[question])


@pytest.mark.parametrize(
    "order",
    ["ORDER BY sum(amount) DESC LIMIT 1", "ORDER BY 2 DESC, region LIMIT 1", "ORDER BY total DESC limit 1"],
)
def test_all_that_share_the_first_place_are_named(order: str, settings: Settings, tmp_path: Path) -> None:
    rows = [["Region", "Amount"], ["North", 20], ["South", 30], ["North", 10], ["West", 30], ["East", 29]]
    folder = tmp_path / "files"
    folder.mkdir()
    write_workbook(folder / "sales.xlsx", {"Sales": rows})
    with Library.open(settings, holder="test") as library:
        embedder = HashingEmbedder(1_024)
        library.open_store(embedder)
        ingest(find_files([folder]), library=library, embedder=embedder, settings=settings)
        question = "Which Region has the highest total Amount?"
        select = f" region, sum(amount) AS total FROM sales GROUP BY region {order};\n```"
        answer, _ = ask(library, settings, question, select)
        alone, _ = ask(library, settings, "Which Region has the lowest total Amount?", select.replace(" DESC", ""))
    assert answer.text.startswith("3 share the first place. [1]\n\n| Region | sum of Amount |")
    assert sorted(line for line in answer.text.splitlines() if "30" in line) == [
        "| North | 30 |",
        "| South | 30 |",
        "| West | 30 |",
    ]
    assert answer.sql.endswith("LIMIT 3")
    assert alone.text == "Region: East, sum of Amount: 29. [1]"


@pytest.mark.parametrize("select", [" order_no FROM orders", " order_no, amount FROM orders"])
def test_what_makes_it_the_first_is_told_and_ties_are_seen_by_it(
    select: str, settings: Settings, tmp_path: Path
) -> None:
    rows = [["Order no", "Amount"], [1, 30], [2, 20], [3, 30], ["Total", 80]]
    write_workbook(tmp_path / "orders.xlsx", {"Orders": rows})
    questions_and_orders = {
        "Which Order has the highest Amount?": " ORDER BY amount DESC LIMIT 1;",
        "Which Order has the lowest Amount?": " ORDER BY amount LIMIT 1;",
    }
    with Library.open(settings, holder="test") as library:
        library.open_store(HashingEmbedder(1_024))
        ingest(find_files([tmp_path]), library=library, embedder=HashingEmbedder(1_024), settings=settings)
        highest, lowest = (
            ask(library, settings, question, select + order)[0].text for question, order in questions_and_orders.items()
        )
    left_out = "\n\nLeft out, because it sums up others: row 5. [1]"
    table = "| Order no | Amount |\n| --- | --- |\n| 1 | 30 |\n| 3 | 30 |"
    assert highest == f"2 share the first place. [1]\n\n{table}{left_out}"
    assert lowest == f"Order no: 2, Amount: 20. [1]{left_out}"


@pytest.mark.parametrize(
    ("select", "told"),
    [
        (
            " price FROM bikes WHERE type = 'E-bike' ORDER BY price LIMIT 1;",
            "Model: Kestrel, Price: 2790 where Type = E-bike.",
        ),
        (" art_no, price FROM bikes ORDER BY price LIMIT 1;", "Model: Wren, Art. no.: B-403, Price: 590."),
        (" model, price FROM bikes ORDER BY price LIMIT 1;", "Model: Wren, Price: 590."),
        (" price FROM bikes ORDER BY 1 LIMIT 1;", "Price is 590."),
        (" type, price FROM bikes ORDER BY price DESC LIMIT 1;", "Model: Falcon, Type: E-bike, Price: 4100."),
    ],
)
def test_the_one_row_that_is_taken_is_called_by_its_name(
    select: str, told: str, settings: Settings, tmp_path: Path
) -> None:
    rows = [
        ["Art. no.", "Type", "Model", "Price"],
        ["B-401", "E-bike", "Kestrel", 2790],
        ["B-402", "E-bike", "Falcon", 4100],
        ["B-403", "City", "Wren", 590],
    ]
    write_workbook(tmp_path / "bikes.xlsx", {"Bikes": rows})
    answer = answered(settings, tmp_path, "Which Model of the Bikes has the lowest Price?", select)
    assert answer.text == f"{told} [1]"


def test_a_csv_file_is_named_by_its_name_and_after_a_year_begins_the_next_one(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "staff.csv"
    path.write_text("Name;Start date\nAnna;2018-07-01\nJon;2019-02-01\n")
    sql = " count(*) FROM data WHERE start_date > '2018-01-01';"
    answer = answered(settings, path, "How many of the staff started after 2018?", sql)
    assert answer.text == "The number of rows where Start date ≥ 2019-01-01 is 1. [1]"


MONTHS = "Month;Revenue;Costs\nMarch 2025;100;60\nApril 2025;90;50\nMay 2025;80;40\nJune 2025;70;30\n"


@pytest.mark.parametrize(
    ("question", "first", "told", "second", "said"),
    [
        (
            "What was the revenue in the second quarter of 2025?",
            " sum(revenue) FROM data WHERE month BETWEEN 'April 2025' AND 'June 2025';",  # by its letters
            "second quarter of 2025 is month IN ('April 2025', 'May 2025', 'June 2025')",
            " sum(revenue) FROM data WHERE month IN ('April 2025', 'May 2025', 'June 2025');",
            "The sum of Revenue where Month = April 2025, May 2025, June 2025 is 240. [1]",
        ),
        (
            "What was the revenue in April 2025?",
            " sum(revenue) FROM data WHERE month = 'March 2025';",
            "April 2025 is month = 'April 2025'",
            " sum(revenue) FROM data WHERE month = 'April 2025';",
            "Revenue where Month = April 2025 is 90. [1]",
        ),
        (
            "What was the revenue in April 2025 and in May 2025?",
            " sum(revenue) FROM data WHERE month > 'March 2025';",
            "month holds words: compare it with = or IN",
            " sum(revenue) FROM data WHERE month = 'April 2025' OR month = 'May 2025';",
            "The sum of Revenue where Month = April 2025, May 2025 is 170. [1]",
        ),
        (
            "What was the turnover in April 2025?",
            " sum(revenue - costs) FROM data WHERE month = 'April 2025';",
            "the question asks for no difference",
            " sum(revenue) FROM data WHERE revenue = 90 OR costs = 50;",
            "Revenue under the conditions of its query is 90. [1]",
        ),
    ],
)
def test_a_query_is_held_to_the_months_and_the_column_of_its_question(
    question: str, first: str, told: str, second: str, said: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "months.csv"
    path.write_text(MONTHS)
    generator = ScriptedGenerator(first, second)
    answer = answered_by(generator, settings, path, question)
    assert answer.text == said
    assert told in generator.prompts[1][-2].content


def test_a_query_for_another_day_is_told_the_right_one(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text("Time;Temperature\n2025-06-01T08:00;12\n2025-06-05T08:00;21\n2025-06-06T08:00;25\n")
    generator = ScriptedGenerator(
        " temperature FROM data WHERE time_ >= '2025-06-01' AND time_ < '2025-06-02';",
        " temperature FROM data WHERE time_ >= '2025-06-05' AND time_ < '2025-06-06';",
    )
    answer = answered_by(generator, settings, path, "What was the temperature on 5 June?")
    assert answer.text == "Temperature where Time ≥ 2025-06-05 and Time < 2025-06-06 is 21. [1]"
    assert "5 June is >= '2025-06-05' AND < '2025-06-06'" in generator.prompts[0][-2].content
    assert "the dates are others" in generator.prompts[1][-2].content


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (" salary FROM data;", "limit the rows with WHERE by what the question names"),
        (" salary FROM data WHERE name = 'Jon';", "limit the rows with WHERE by what the question names"),
        (" name FROM data WHERE name = 'Anna Keller';", "select the column that the question asks for"),
        (" salary FROM data WHERE name = 'Anna';", "no row fulfils its conditions"),
    ],
)
def test_a_value_is_that_of_the_row_that_the_question_names(
    first: str, told: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "staff.csv"
    path.write_text("Name;Salary\nAnna Keller;52000\nJon;41000\n")
    generator = ScriptedGenerator(first, " DISTINCT salary FROM data WHERE name = 'Anna Keller';")
    answer = answered_by(generator, settings, path, "What does Anna Keller earn?")
    assert answer.text == "Salary where Name = Anna Keller is 52000. [1]"
    assert answer.citations[0].hit.chunk.heading == "row 2"
    assert "What it calls earn is salary" in generator.prompts[0][-2].content
    assert told in generator.prompts[1][-2].content


def test_a_value_that_no_query_gives_is_read_from_the_passages(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "staff.csv"
    path.write_text("Name;Salary\nAnna Keller;52000\nJon;41000\n")
    generator = ScriptedGenerator(" salary FROM data;", " salary FROM data;", "Anna Keller has a salary of 52000 [1].")
    answer = answered_by(generator, settings, path, "What does Anna Keller earn?")
    assert answer.sql == ""
    assert answer.text.startswith("Anna Keller has a salary of 52000")


def test_a_quarter_that_heads_a_column_is_that_column(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    targets = [["Region", "Q3"], ["North", 40], ["South", 60]]
    write_workbook(path, {"Orders": [["Day", "Amount"], ["2025-07-01", 5], ["2025-08-01", 6]], "Targets": targets})
    generator = ScriptedGenerator(" sum(q3) FROM targets;")
    answer = answered_by(generator, settings, path, "What is the total of Q3 in the targets?")
    assert answer.text == "The sum of Q3 is 100. [1]"
    assert "2025-07-01' AND" not in generator.prompts[0][-2].content


def test_the_same_value_in_several_rows_is_said_once(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text("Day;Room;Temperature\n2025-06-01;cellar;22.8\n2025-06-02;cellar;22.8\n2025-06-03;cellar;19\n")
    sql = " temperature FROM data WHERE room = 'cellar' ORDER BY temperature DESC LIMIT 1;"
    answer = answered(settings, path, "What was the highest temperature in the cellar?", sql)
    assert answer.text == "Temperature where Room = cellar is 22.8. [1]"


@pytest.mark.parametrize(
    ("question", "sql", "said"),
    [
        (
            "List all orders of Ito in March 2025.",
            " * FROM data WHERE customer = 'Ito' AND day >= '2025-03-01' AND day < '2025-04-01';",
            "No row fulfils this where Customer = Ito and Day ≥ 2025-03-01 and Day < 2025-04-01. [1]",
        ),
        (
            "How many orders were there in March 2025?",
            " count(*) FROM data WHERE day >= '2025-03-01' AND day < '2025-04-01';",
            "The number of rows where Day ≥ 2025-03-01 and Day < 2025-04-01 is 0. [1]",
        ),
    ],
)
def test_that_nothing_was_in_a_period_is_said(
    question: str, sql: str, said: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("Order;Day;Customer\nA-1;2025-02-01;Ito\nA-2;2025-04-01;Kim\n")
    assert answered(settings, path, question, sql, sql).text == said


def test_a_day_that_does_not_exist_is_written_anew(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("Order;Day\nA-1;2025-06-02\nA-2;2025-07-01\n")
    generator = ScriptedGenerator(
        " count(*) FROM data WHERE day >= '2025-06-01' AND day <= '2025-06-31';",
        " count(*) FROM data WHERE day >= '2025-06-01' AND day <= '2025-06-30';",
    )
    answer = answered_by(generator, settings, path, "How many orders were there in June 2025?")
    assert answer.text == "The number of rows where Day ≥ 2025-06-01 and Day < 2025-07-01 is 1. [1]"
    assert len(generator.prompts) == 2
