"""Questions about spreadsheets: `PYTHONPATH=. python benchmarks/table_questions.py` prints how many are right.

Four files are written into a folder of their own, asked with the models that the settings name, and every answer is
compared with what plain Python finds in the same rows. The files have what such files have: captions above the head, a
row of totals, decimal commas, empty rows, numbers as text, two sheets.
"""

import csv
import datetime
import logging
import random
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from benchmarks import office_tables
from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag.build import build_assistant, load_embedder, load_generator
from rag.library import Library
from rag.settings import load_settings
from rag.types import Answer, Finish

Rows = list[dict[str, Any]]
_CUSTOMERS = ("Meyer & Sons", "Ito Trading", "Alba Foods", "Norden AS", "Kim Logistics")
_REGIONS = ("North", "South", "West")
_PRODUCTS = {"Pump P-10": 249.5, "Filter F-2": 38.9, "Valve V-7": 112.0}
_STATES = ("open", "closed", "waiting")
_PEOPLE = ("Rana", "Jonas", "Mei", "Tove")
_ARTICLES = ("Schraube M4", "Mutter M4", "Dichtung D2", "Rohr 20 mm", "Ventil V7", "Pumpe P10")


@dataclass(frozen=True)
class Asked:
    """A question and what its answer must hold: numbers by their value, words as they stand."""

    question: str
    expected: tuple[str | float, ...]


def sales() -> Rows:
    chance = random.Random(5)
    rows = []
    for number in range(48):
        product = chance.choice(list(_PRODUCTS))
        units = chance.randint(1, 12)
        rows.append(
            {
                "Order": f"A-{1001 + number}",
                "Date": datetime.date(2025, 1, 1) + datetime.timedelta(days=number * 7 + chance.randint(0, 6)),
                "Customer": chance.choice(_CUSTOMERS),
                "Region": chance.choice(_REGIONS),
                "Product": product,
                "Units": units,
                "Amount": round(units * _PRODUCTS[product], 2),
            }
        )
    return rows


def targets() -> Rows:
    chance = random.Random(6)
    return [
        {"Region": region, **{f"Q{quarter}": chance.randint(20, 90) * 100 for quarter in (1, 2, 3, 4)}}
        for region in _REGIONS
    ]


def tickets() -> Rows:
    chance = random.Random(7)
    return [
        {
            "ticket": 5001 + number,
            "opened": datetime.date(2025, 3, 1) + datetime.timedelta(days=number),
            "status": chance.choice(_STATES),
            "priority": chance.choice(("high", "normal", "low")),
            "assignee": chance.choice(_PEOPLE),
            "hours": round(chance.uniform(0.5, 16), 1),
        }
        for number in range(60)
    ]


def stock() -> Rows:
    chance = random.Random(8)
    return [
        {
            "Artikel": article,
            "Lager": place,
            "Bestand": chance.randint(40, 4_000),
            "Einkaufspreis": round(chance.uniform(0.05, 180), 2),
        }
        for article in _ARTICLES
        for place in ("Hamburg", "Wien")
    ]


def staff() -> Rows:
    return [
        {"姓名": name, "部门": team, "工资": pay}
        for name, team, pay in (
            ("王芳", "销售部", 12_500),
            ("李强", "销售部", 9_800),
            ("张敏", "研发部", 18_200),
            ("刘洋", "研发部", 16_400),
            ("陈静", "财务部", 11_000),
        )
    ]


def write(folder: Path) -> None:
    """The four files."""
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Sales"
    sheet.append(["Orders of the pump business 2025"])
    sheet.append([])
    rows = sales()
    sheet.append(list(rows[0]))
    for number, row in enumerate(rows):
        sheet.append(list(row.values()))
        if number == 23:
            sheet.append([])  # a new half-year
    sheet.append(["Total", None, None, None, None, sum(r["Units"] for r in rows), sum(r["Amount"] for r in rows)])
    second = workbook.create_sheet("Targets")
    second.append(["Region", "Q1", "Q2", "Q3", "Q4"])
    for row in targets():
        second.append(list(row.values()))
    second.append(["All", *(sum(row[f"Q{quarter}"] for row in targets()) for quarter in (1, 2, 3, 4))])
    workbook.save(folder / "sales.xlsx")
    with (folder / "tickets.csv").open("w", newline="", encoding="utf-8") as file:
        _write_csv(file, tickets(), ",")
    german = [
        {**row, "Bestand": f"{row['Bestand']:,}".replace(",", "."), "Einkaufspreis": _german(row["Einkaufspreis"])}
        for row in stock()
    ]
    german.append({"Artikel": "Summe", "Bestand": f"{sum(row['Bestand'] for row in stock()):,}".replace(",", ".")})
    with (folder / "lager.csv").open("w", newline="", encoding="utf-8") as file:
        _write_csv(file, german, ";")
    with (folder / "员工工资.csv").open("w", newline="", encoding="utf-8") as file:
        _write_csv(file, staff(), ",")


def _write_csv(file: Any, rows: Rows, delimiter: str) -> None:
    writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)


def _german(value: float) -> str:
    return f"{value:.2f} €".replace(".", ",")


def questions() -> list[Asked]:
    """Twenty-eight, with what plain Python finds."""
    orders, cases, store, people = sales(), tickets(), stock(), staff()
    goals = {row["Region"]: row for row in targets()}
    paid: dict[str, float] = defaultdict(float)
    by_region: dict[str, list[float]] = defaultdict(list)
    pieces: Counter[str] = Counter()
    for row in orders:
        paid[row["Customer"]] += row["Amount"]
        by_region[row["Region"]].append(row["Amount"])
        pieces[row["Product"]] += row["Units"]
    hours: dict[str, float] = defaultdict(float)
    for row in cases:
        hours[row["assignee"]] += row["hours"]
    best = max(paid, key=paid.__getitem__)
    largest = max(orders, key=lambda row: row["Amount"])
    third = sum(row["Amount"] for row in orders if 7 <= row["Date"].month <= 9)
    longest = max(cases, key=lambda row: row["hours"])
    dearest = max(store, key=lambda row: row["Einkaufspreis"])
    busiest = max(hours, key=hours.__getitem__)
    high = [row for row in cases if row["priority"] == "high" and row["status"] == "open"]
    return [
        Asked("What is the total amount of all orders?", (sum(paid.values()),)),
        Asked("Which customer paid most?", (best, paid[best])),
        Asked("How many orders did Norden AS place?", (sum(row["Customer"] == "Norden AS" for row in orders),)),
        Asked("What is the average amount by region?", tuple(sum(one) / len(one) for one in by_region.values())),
        Asked("How many units of the Filter F-2 were sold?", (pieces["Filter F-2"],)),
        Asked("Which order has the largest amount?", (largest["Order"],)),
        Asked("What is the total amount of orders from July to September 2025?", (third,)),
        Asked("What is the total amount in the region North?", (sum(by_region["North"]),)),
        Asked("How many different customers have placed orders?", (len(paid),)),
        Asked("Show the total amount per customer.", tuple(paid.values())),
        Asked(
            "Which orders have an amount of more than 2500?",
            tuple(row["Order"] for row in orders if row["Amount"] > 2_500),
        ),
        Asked("What is the total of Q3 in the targets?", (sum(row["Q3"] for row in goals.values()),)),
        Asked("Which region has the highest target in Q4?", (max(goals, key=lambda name: goals[name]["Q4"]),)),
        Asked("How many tickets have the status open?", (sum(row["status"] == "open" for row in cases),)),
        Asked("How many tickets with high priority are still open?", (len(high),)),
        Asked("What is the average number of hours of the tickets?", (sum(hours.values()) / len(cases),)),
        Asked("How many hours did Mei spend in total?", (hours["Mei"],)),
        Asked("Who spent the most hours on tickets altogether?", (busiest,)),
        Asked("Which ticket took the most hours?", (longest["ticket"], longest["hours"])),
        Asked("How many tickets were opened in April 2025?", (sum(row["opened"].month == 4 for row in cases),)),
        Asked("Wie hoch ist der Bestand insgesamt?", (sum(row["Bestand"] for row in store),)),
        Asked("Wie viele Artikel liegen im Lager Wien?", (sum(row["Lager"] == "Wien" for row in store),)),
        Asked("Welcher Artikel hat den höchsten Einkaufspreis?", (dearest["Artikel"], dearest["Einkaufspreis"])),
        Asked(
            "Was ist der durchschnittliche Einkaufspreis im Lager Hamburg?",
            (sum(row["Einkaufspreis"] for row in store if row["Lager"] == "Hamburg") / len(_ARTICLES),),
        ),
        Asked(
            "Welche Artikel haben einen Bestand unter 500?",
            tuple(row["Artikel"] for row in store if row["Bestand"] < 500),
        ),
        Asked("销售部的平均工资是多少？", (sum(row["工资"] for row in people if row["部门"] == "销售部") / 2,)),
        Asked("工资最高的员工是谁？", ("张敏",)),
        Asked("所有员工的工资合计是多少？", (sum(row["工资"] for row in people),)),
    ]


def is_right(answer: Answer, expected: tuple[str | float, ...]) -> bool:
    """Whether the answer was calculated and holds every number (to two places) and every word."""
    return bool(answer.sql) and holds(answer, expected)


def holds(answer: Answer, expected: tuple[str | float, ...]) -> bool:
    """Whether the answer holds every number (to two places) and every word; where nothing is to hold, it refuses."""
    if not expected:
        return answer.finish is not Finish.COMPLETE
    numbers = _numbers(answer.text)
    return all(
        part in answer.text if isinstance(part, str) else any(abs(number - part) < 0.00501 for number in numbers)
        for part in expected
    )


def _numbers(text: str) -> list[float]:
    found = []
    for match in re.findall(r"\d[\d.,]*", re.sub(r"\[\d+\]", "", text)):
        plain = match.rstrip(".,")
        for thousands, decimal in ((",", "."), (".", ",")):
            whole = plain.replace(thousands, "").replace(decimal, ".")
            if whole.count(".") < 2:
                found.append(float(whole))
    return found


def main() -> int:
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("rag.table_answers").setLevel(logging.INFO)  # what was tried and failed
    _ask_all("To calculate", write, [(one.question, one.expected) for one in questions()], is_right)
    _ask_all("As people ask", office_tables.write, office_tables.questions(), holds)
    return 0


def _ask_all(
    title: str,
    write_files: Callable[[Path], None],
    asked: Sequence[tuple[str, tuple[str | float, ...]]],
    is_well: Callable[[Answer, tuple[str | float, ...]], bool],
) -> None:
    """Prints a table of all answers and how many are right, of a library that holds the files alone."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        files.mkdir()
        write_files(files)
        settings = load_settings(library=Path(folder) / "library")
        with Library.open(settings, holder="benchmarks/table_questions.py") as library:
            embedder = load_embedder(settings)
            library.open_store(embedder)
            ingest(find_files([files]), library=library, embedder=embedder, settings=settings)
            assistant = build_assistant(library, embedder, load_generator(settings), settings)
            right = calculated = 0
            print(f"\n## {title}\n\n| | question | answer | cited | SQL | s | |\n|---|---|---|---|---|---|---|")
            for number, (question, expected) in enumerate(asked, 1):
                answer = assistant.answer(question)
                is_this = is_well(answer, expected)
                right, calculated = right + is_this, calculated + bool(answer.sql)
                place = answer.citations[0].hit.chunk.label if answer.citations else ""
                cells = (question, answer.text, place, f"`{answer.sql}`" if answer.sql else "none")
                line = " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells)
                verdict = "right" if is_this else "wrong" if answer.sql else "wrong, not calculated"
                print(f"| {number} | {line} | {answer.timings.total:.1f} | {verdict} |", flush=True)
            print(f"\n{right} of {len(asked)} are right, {calculated} were calculated.")


if __name__ == "__main__":
    sys.exit(main())
