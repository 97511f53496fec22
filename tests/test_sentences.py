import pytest

from rag import sentences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Load the file SKUA4.BIN from the portal. Wait.", ["Load the file SKUA4.BIN from the portal.", "Wait."]),
        ("He left in 2023.The rest stayed.", ["He left in 2023.", "The rest stayed."]),
        ("It has 12. NASA has more.", ["It has 12.", "NASA has more."]),
        ("第一句。第二句！", ["第一句。", "第二句！"]),
        ("", []),
    ],
)
def test_a_stop_inside_the_name_of_a_file_ends_no_sentence(text: str, found: list[str]) -> None:
    split = sentences.split(text)
    assert [one.text for one in split] == found
    assert [text[one.start : one.end] for one in split] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Der Rest verfällt am 31. März. Danach gilt § 5 Abs. 2 Nr. 3.", 2),
        ("Im 2. Quartal stieg der Umsatz. Das blieb so.", 2),
        ("Tel. 030 12345. Call approx. 5 p.m. on that day.", 2),
        ("It holds max. 6 l of water. See fig. 3 for more.", 2),
        ("We met in room 5. Then we left. The price is 5. March was cold.", 4),
        ("It took ten min. They left.", 2),
        ("Mon, dep. Munich 11:35 (Terminal 1), arr. Lisbon 13:50. Check in.", 2),
        ("Inspection | 99 | incl. wheels. Tyres extra | Ms. Bell", 1),
        ("Thursday   Ms. Bell. Bring a mat   65", 1),
        ("Do not wash it.   Leave the door ajar.", 2),
        (f"Terms | {'We sell it. ' * 50}", 50),
        ("Either a | b may be used by you. The fee is 30 EUR. The deposit is 500 EUR and comes back.", 3),
        ("The room number of Ms. Bell is 12. He lives in Los Angeles, CA. It is big.", 3),
        ("Open page 12. Maintenance is described there. He is 12. Jane is 10.", 4),
        ("Go to step 3. Separate the parts. The total was 15. Rates rose later.", 4),
        ("Ask Max. I told him everything. Press Tab. 2 fields appear.", 4),
    ],
)
def test_a_stop_of_a_short_word_or_of_a_german_date_ends_no_sentence(text: str, found: int) -> None:
    split = sentences.split(text)
    assert len(split) == found, [one.text for one in split]
    assert [text[one.start : one.end] for one in split] == [one.text for one in split]


@pytest.mark.parametrize(
    "text",
    [
        "You are covered in the United Kingdom, Norway and\nSwitzerland for up to 60 days.",
        "The claim was settled on the second day by Mr\nBurke of the insurer.",
        "Der Brief geht spätestens am Montag an die Leitung der\nVerwaltung.",
    ],
)
def test_a_line_that_ends_with_a_word_before_names_goes_on(text: str) -> None:
    assert [one.text for one in sentences.split(text)] == [text.replace("\n", " ")]


def test_an_item_of_a_list_begins_after_any_word() -> None:
    assert len(sentences.split("A) What the driver is made of and\nB) What the driver is made with")) == 2


FULL = (
    "Note: On a lower mast the station corrects the wind speed. Enter the height of the wind sensor under\n"
    "Settings, then Mast. Heights below 3 metres cannot be corrected. The display shows what was entered\n"
    "before, and the portal does so, too. It is kept with the readings of the station, and may be changed\n"
    "at any time."
)


def test_a_line_with_no_room_for_the_next_word_goes_on_with_a_capital() -> None:
    assert "Enter the height of the wind sensor under\nSettings, then Mast." in [
        FULL[part.start : part.end] for part in sentences.split(FULL)
    ]


def test_a_full_line_goes_on_where_the_next_ends_with_the_stop_that_it_lacks() -> None:
    text = (
        "In the summer of that year Ann released a version of it that was enhanced.\n"
        "For the next five years it was fed and watered by a handful of people at\n"
        "Boulder University, among them Ben, Cleo, Dan and Eva from the first floor."
    )
    assert len(sentences.split(text)) == 2


def test_the_widest_line_of_a_few_is_not_known_to_be_full() -> None:
    text = (
        "Ingrid Solberg, who is the chair of the council, Mateo Ruiz, Aiko Tanaka\nMinutes by Aiko Tanaka\nRoom Fulmar"
    )
    assert len(sentences.split(text)) == 3


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("What has to be done before the station is switched on", "Settings are entered in the menu."),  # a heading
        ("Enter the height of the wind sensor under the menu of the station, which is the first:", "Settings"),
        ("The height of the wind sensor above the ground, in the menu of settings .......... 12", "Mast"),
        ("Present: Ingrid Solberg (chair), Mateo Ruiz, Aiko Tanaka, Paul Brandt, Jonas Lie, Mei Tan", "Absent: Lena"),
        (
            "Employees who have worked here for two to five years get two months off a year",
            "Staff who have worked here for longer get three",
        ),
        ("# What has to be done before the station of the other kind is switched on. And after", "Settings"),
        ("Wind sensor, heated   for sites with ice and snow in winter, needs a power supply", "Rain gauge   0.2"),
    ],
)
def test_other_lines_do_not(line: str, after: str) -> None:
    page = [line, after, *["A long line of the same page. " * 3] * 3]
    texts = [part.text for part in sentences.split("\n".join(page))]
    assert not any(line[-9:] in text and after[:4] in text for text in texts)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- It stops. Nouns are\n  no longer names.\n- Next", ["- It stops.", "Nouns are no longer names.", "- Next"]),
        ("* Open the\n  Menu. Then\n  `b`.\n\nEnd", ["* Open the Menu.", "Then `b`.", "End"]),
        ("a) Open the (small\n   Lid) box\nEnd", ["a) Open the (small Lid) box", "End"]),
        ("- One\n\n  Two", ["- One", "Two"]),  # a paragraph of its own
        ("- One\n  - Two\n    three", ["- One", "- Two three"]),
        ("- One\n        code", ["- One", "code"]),
        ("* One:\n\n  Two is\n  Three.\n\nEnd", ["* One:", "Two is Three.", "End"]),
        ("  o  One of\n     Two\n  o  Three", ["o  One of Two", "o  Three"]),
        ("o que\n  Ana", ["o que", "Ana"]),
        ("- One\n  a   b", ["- One", "a   b"]),  # cells
        ("- One\nTwo", ["- One", "Two"]),
        ("it is read with models\n  that come along. And", ["it is read with models that come along.", "And"]),
        ("It is read with models\n  (those of it). And", ["It is read with models (those of it).", "And"]),
        ("It is read.\n  that is", ["It is read.", "that is"]),
        ("Name\n  Value", ["Name", "Value"]),
        ("> The station needs a\n> new battery. It is\n> old.", ["> The station needs a new battery.", "It is old."]),
        ("> Please\n> Ann", ["> Please", "> Ann"]),
        ("> it is\n> > so", ["> it is", "> > so"]),
        ("> it is\n>\n> so", ["> it is", ">", "> so"]),
        ("> it is\n> - so", ["> it is", "> - so"]),
        (f"> {'a long line ' * 5}now\n> On", [f"> {'a long line ' * 5}now On"]),
        (f"{'A long line, ' * 5}of it,\n.odp files", [f"{'A long line, ' * 5}of it, .odp files"]),
        (f"{'A long line, ' * 5}of it,\n- Gloves", [f"{'A long line, ' * 5}of it,", "- Gloves"]),
        ("Bring these,\nGloves", ["Bring these,", "Gloves"]),
    ],
)  # fmt: skip
def test_lines_of_an_item_or_of_a_quoted_message_go_on(text: str, found: list[str]) -> None:
    split = sentences.split(text)
    assert [one.text for one in split] == found
    told = [" ".join(text[one.start : one.end].replace("\n> ", " ").split()) for one in split]
    assert told == [" ".join(one.split()) for one in found]


@pytest.mark.parametrize(
    "text",
    [
        "- Install it:\n  ```\n  pip install it\n  make run\n  ```",
        "- name: web\n  image: nginx\n  port: 80",
        "- Run this:\n  $ make\n  $ make run",
        "- **Bergen**  \n  North quay",
        "server of the house:\n  port: 8080\n  host: localhost",
        "    cd app\n    make install\n    make run",
        "The employer pays for\n  (a) the fare in second class\n  (b) the hotel",
        "Settings\n--------\n  port is 80",
        "init  Create a library\n  rm  Remove a file",
        "> Part of it        Price\n> battery           20 EUR\n> antenna           35 EUR",
        ">>> x = 1\n>>> print(x)",
        "> cd app\n> make run",
        "> Bring with you:\n> gloves\n> a helmet",
        "- Do this:\n  ```\n  make\n  ```\n  then go on with it",
        "it is read with the models\n            that come along",
        "> it is as we said before\n> > so it goes on",
        f"> {'a long line ' * 5}now\n> - On",
        "> with kind regards,\n> ann berg",
        "Present at the meeting of the council were Ann, Ben, Cleo and Dan of the sales team,\nAbsent: Emil",
        "First,second,third,fourth,fifth,sixth,seventh,eighth,ninth,tenth,eleventh,\nFirst,second",
        "Contact of the office by phone is 55 12 34\n  fax: 55 12 35",
    ],
)
def test_lines_of_their_own_stay_apart(text: str) -> None:
    assert len(sentences.split(text)) >= len([line for line in text.splitlines() if line.strip()])


def test_lines_of_an_item_in_a_quoted_message_go_on() -> None:
    text = "> - bring the\n>   gloves and boots and\n>   the helmet"
    assert [one.text for one in sentences.split(text)] == ["> - bring the gloves and boots and the helmet"]


def test_lines_that_were_joined_count_not_for_how_wide_a_page_is() -> None:
    item = f"- {'An item of the list ' * 5}goes\n  {'on and on and on ' * 6}here\n  {'on and on and on ' * 6}now."
    assert len(sentences.split(f"{FULL}\n\n{item}")) == len(sentences.split(FULL)) + 1
