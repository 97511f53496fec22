"""Spreadsheets as offices keep them, with questions in the words of people: for values, in other words than the heads,
for periods, and some that no cell answers. Asked by benchmarks/table_questions.py.
"""

import csv
import datetime
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl

Rows = list[dict[str, Any]]
Expected = tuple[str | float, ...]
_PRICES = {"Desk lamp": 39.9, "Office chair": 189.0, "Standing desk": 499.0, "Monitor arm": 79.5}
_COUNTRIES = ("Germany", "Norway", "France")
_QUARTER = ("April 2025", "May 2025", "June 2025")


def results() -> Rows:
    chance = random.Random(3)
    return [
        {
            "Month": datetime.date(2025, month, 1).strftime("%B %Y"),
            "Revenue": chance.randint(80, 160) * 1_000,
            "Costs": chance.randint(50, 75) * 1_000,
        }
        for month in range(1, 13)
    ]


def staff() -> Rows:
    chance = random.Random(4)
    people = (
        ("Anna Keller", "Engineering", "Engineer"),
        ("Ben Okafor", "Engineering", "Lead engineer"),
        ("Chiara Rossi", "Sales", "Account manager"),
        ("Dmitri Volkov", "Sales", "Sales director"),
        ("Elena Park", "Finance", "Accountant"),
        ("Farid Nasser", "Finance", "Controller"),
        ("Grace Lin", "Support", "Technician"),
        ("Hugo Brandt", "Support", "Technician"),
        ("Ines Costa", "Engineering", "Engineer"),
    )
    return [
        {
            "Name": name,
            "Department": department,
            "Position": position,
            "Salary": 38_000 + 7_000 * ((place * 4) % 9) + chance.randint(0, 6) * 1_000,
            "Hired": datetime.date(2012 + (place * 5) % 9, chance.randint(1, 12), chance.randint(1, 28)),
        }
        for place, (name, department, position) in enumerate(people)
    ]


def readings() -> Rows:
    chance = random.Random(5)
    return [
        {
            "Time": f"2025-06-{day:02}T{hour:02}:00",
            "Place": chance.choice(("hall 1", "hall 2", "roof")),
            "Temperature °C": round(chance.uniform(12, 34), 1),
            "Humidity %": chance.randint(35, 80),
        }
        for day in range(1, 31)
        for hour in range(0, 24, chance.choice((4, 6, 8)))
    ]


def orders() -> Rows:
    chance = random.Random(6)
    rows = []
    for number in range(60):
        item, quantity = chance.choice(list(_PRICES)), chance.randint(1, 9)
        rows.append(
            {
                "Order no.": f"SO-{2000 + number}",
                "Order date": datetime.date(2025, 1, 1) + datetime.timedelta(days=6 * number + chance.randint(0, 5)),
                "Customer": chance.choice(("Hofmann GmbH", "Lakeside School", "City of Bergen", "Dupont SA")),
                "Country": chance.choice(_COUNTRIES),
                "Item": item,
                "Quantity": quantity,
                "Unit price": _PRICES[item],
                "Total": round(quantity * _PRICES[item], 2),
            }
        )
    return rows


def fleet() -> Rows:
    heads = ("Plate", "Model", "Driver", "Mileage (km)", "Next inspection", "Fuel")
    cars = (
        ("B-FN 101", "Transit", "Ola Berg", 84_210, datetime.date(2026, 3, 14), "diesel"),
        ("B-FN 102", "Kangoo", "Sara Wolf", 12_480, datetime.date(2027, 1, 9), "electric"),
        ("B-FN 103", "Sprinter", "Tim Adler", 143_900, datetime.date(2025, 12, 2), "diesel"),
        ("B-FN 104", "ID. Buzz", "Lea Sand", 30_500, datetime.date(2026, 8, 21), "electric"),
        ("B-FN 105", "Transit", "Paul Ritter", 66_050, datetime.date(2026, 5, 30), "diesel"),
    )
    return [dict(zip(heads, car, strict=True)) for car in cars]


_RULES = {
    "travel-policy.md": """# Travel policy

## Hotels
Up to 120 euros per night are paid. In Paris and London up to 180 euros are paid.

## Cars
A car of the fleet is taken where the train takes an hour longer. The mileage is written down after each trip.
""",
    "onboarding.md": """# Onboarding

## First day
New employees get their laptop, their badge and a desk. Salaries are paid on the 25th of each month.

## Probation
Probation lasts six months. A talk with the head of the department takes place after three months.
""",
}


def write(folder: Path) -> None:
    """Five spreadsheets and two texts about the same things."""
    for name, rows in (("monthly-results.csv", results()), ("readings.csv", readings())):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    for name, title, rows in (
        ("staff.xlsx", "Staff", staff()),
        ("orders-2025.xlsx", "Orders", orders()),
        ("fleet.xlsx", "Fleet", fleet()),
    ):
        workbook = openpyxl.Workbook()
        sheet = workbook.worksheets[0]
        sheet.title = title
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append(list(row.values()))
        workbook.save(folder / name)
    for name, text in _RULES.items():
        (folder / name).write_text(text, encoding="utf-8")


def questions() -> list[tuple[str, Expected]]:
    """Each with what its answer must hold; with nothing where no cell and no sentence answers it."""
    return [*_of_results(), *_of_staff(), *_of_readings(), *_of_orders(), *_of_fleet(), *_of_texts(), *_of_nothing()]


def _of_results() -> list[tuple[str, Expected]]:
    months = results()
    of = {row["Month"]: row for row in months}
    profit = of["March 2025"]["Revenue"] - of["March 2025"]["Costs"]
    return [
        ("What is the revenue in March 2025?", (of["March 2025"]["Revenue"],)),
        ("What was the revenue in October 2025?", (of["October 2025"]["Revenue"],)),
        ("How high were the costs in May 2025?", (of["May 2025"]["Costs"],)),
        ("What were the expenses in July 2025?", (of["July 2025"]["Costs"],)),
        ("In which month was revenue highest?", (max(months, key=lambda row: row["Revenue"])["Month"],)),
        ("Which month had the lowest costs?", (min(months, key=lambda row: row["Costs"])["Month"],)),
        ("What was the revenue of the whole year?", (sum(row["Revenue"] for row in months),)),
        ("What is the average monthly revenue?", (sum(row["Revenue"] for row in months) / 12,)),
        ("What was our turnover in the second quarter of 2025?", (sum(of[month]["Revenue"] for month in _QUARTER),)),
        ("What was our profit in March 2025?", (profit,)),
    ]


def _of_staff() -> list[tuple[str, Expected]]:
    people = staff()
    of = {row["Name"]: row for row in people}
    of_sales = [row["Salary"] for row in people if row["Department"] == "Sales"]
    return [
        ("Who earns the most?", (max(people, key=lambda row: row["Salary"])["Name"],)),
        ("Who has the lowest salary?", (min(people, key=lambda row: row["Salary"])["Name"],)),
        ("What does Elena Park earn?", (of["Elena Park"]["Salary"],)),
        ("What is the salary of Hugo Brandt?", (of["Hugo Brandt"]["Salary"],)),
        ("What is Anna Keller's position?", ("Engineer",)),
        ("Which department is Grace Lin in?", ("Support",)),
        ("Who is our accountant?", ("Elena Park",)),
        ("Who works in Support?", ("Grace Lin", "Hugo Brandt")),
        ("How many people work in Engineering?", (3,)),
        ("Who was hired most recently?", (max(people, key=lambda row: row["Hired"])["Name"],)),
        ("When was Ben Okafor hired?", (str(of["Ben Okafor"]["Hired"].year),)),
        ("Who has been with the company longest?", (min(people, key=lambda row: row["Hired"])["Name"],)),
        ("What do we pay in salaries altogether?", (sum(row["Salary"] for row in people),)),
        ("What is the average salary in Sales?", (sum(of_sales) / len(of_sales),)),
    ]


def _of_readings() -> list[tuple[str, Expected]]:
    rows = readings()
    on_roof = [row for row in rows if row["Place"] == "roof"]
    hottest = max(rows, key=lambda row: row["Temperature °C"])

    def highest(is_meant: Callable[[dict[str, Any]], bool]) -> float:
        return float(max(row["Temperature °C"] for row in rows if is_meant(row)))

    return [
        ("How many readings were taken on 10 June?", (sum(row["Time"].startswith("2025-06-10") for row in rows),)),
        ("How many readings were taken on the roof?", (len(on_roof),)),
        ("What was the highest temperature in hall 1?", (highest(lambda row: row["Place"] == "hall 1"),)),
        (
            "What was the highest temperature on 12 June 2025?",
            (highest(lambda row: row["Time"].startswith("2025-06-12")),),
        ),
        ("When was it hottest?", (hottest["Time"][:10],)),
        ("What is the average humidity on the roof?", (sum(row["Humidity %"] for row in on_roof) / len(on_roof),)),
        ("How often was the temperature above 30 degrees?", (sum(row["Temperature °C"] > 30 for row in rows),)),
    ]


def _of_orders() -> list[tuple[str, Expected]]:
    rows = orders()

    def total(**of: str) -> float:
        return sum(row["Total"] for row in rows if all(row[head] == value for head, value in of.items()))

    def pieces(**of: str) -> float:
        return sum(row["Quantity"] for row in rows if all(row[head] == value for head, value in of.items()))

    customers = {row["Customer"] for row in rows}
    return [
        ("How many orders did we get in February 2025?", (sum(row["Order date"].month == 2 for row in rows),)),
        ("How many sales did we make in May 2025?", (sum(row["Order date"].month == 5 for row in rows),)),
        ("How much did Lakeside School order in total?", (total(Customer="Lakeside School"),)),
        ("How many office chairs were sold?", (pieces(Item="Office chair"),)),
        ("How many desk lamps did Dupont SA buy?", (pieces(Item="Desk lamp", Customer="Dupont SA"),)),
        ("What were our sales in Norway?", (total(Country="Norway"),)),
        ("What is the turnover per country?", tuple(total(Country=country) for country in _COUNTRIES)),
        ("Which customer brought in the most money?", (max(customers, key=lambda one: total(Customer=one)),)),
        ("Which item sells best?", (max(_PRICES, key=lambda one: pieces(Item=one)),)),
        ("What did SO-2014 cost?", (rows[14]["Total"],)),
        ("Who ordered SO-2031?", (rows[31]["Customer"],)),
        ("What does a standing desk cost?", (_PRICES["Standing desk"],)),
        ("How many orders are above 2,000 euros?", (sum(row["Total"] > 2_000 for row in rows),)),
    ]


def _of_fleet() -> list[tuple[str, Expected]]:
    total = sum(row["Mileage (km)"] for row in fleet())
    return [
        ("Which car has the most kilometres?", (143_900,)),
        ("Who drives B-FN 104?", ("Lea Sand",)),
        ("Which cars are electric?", ("B-FN 102", "B-FN 104")),
        ("When is the next inspection of B-FN 101?", ("2026",)),
        ("How many diesel cars do we have?", (3,)),
        ("How many kilometres have all cars driven together?", (total,)),
        ("How many kilometres did we drive in total?", (total,)),
        ("What is the mileage of the Sprinter?", (143_900,)),
    ]


def _of_texts() -> list[tuple[str, Expected]]:
    return [
        ("Up to how much is paid for a hotel in Paris?", (180,)),
        ("When are salaries paid?", ("25th",)),
        ("How long does probation last?", ("six months",)),
    ]


def _of_nothing() -> list[tuple[str, Expected]]:
    return [
        (question, ())
        for question in (
            "Who has the most children?",
            "What is the average age of the employees?",
            "How many employees are married?",
            "What was the profit margin in 2019?",
            "What is the fuel consumption of B-FN 101?",
            "What was the revenue in March 2024?",
            "Which customer complained most?",
            "What was the air pressure on 10 June?",
            "What is the phone number of Elena Park?",
            "What is the bonus of Ben Okafor?",
            "Who is the mayor of Bergen?",
            "What colour is the Sprinter?",
            "When does Sara Wolf retire?",
            "Which car is insured at Allianz?",
            "What is the highest mountain of Norway?",
            "What did the marketing campaign cost in May 2025?",
        )
    ]
