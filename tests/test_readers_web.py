"""Markdown and web pages, on real files."""

from pathlib import Path

import pytest

from tests.documents import (
    JAPANESE,
    WEB_PAGE,
)
from tests.reading import headings, only_text, read_bytes, refusal_of

MARKDOWN = """---
title: "Travel rules"
date: 2026-01-01
---
# Rules of travel

```python
# no heading
```

Hotels
------
Up to 120 euros.

### Left alone ###
"""


def test_markdown_keeps_its_source_and_finds_its_headings(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "a.md", MARKDOWN.encode())
    assert document.title == "Travel rules"
    assert only_text(document).startswith("# Rules of travel\n\n```python\n# no heading")
    assert headings(document) == [(1, "Rules of travel"), (2, "Hotels"), (3, "Left alone")]


def test_markup_inside_a_heading_is_left_out_of_its_text(tmp_path: Path) -> None:
    (page,) = read_bytes(tmp_path, "a.md", b"Text.\n\n## The *old* `make` [way](x.md)\n").pages
    assert [(heading.text, heading.start) for heading in page.headings] == [("The old make way", 7)]


def test_markdown_without_front_matter_is_called_by_its_first_heading(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, "a.md", b"## Small\n\n# Big\n").title == "Big"


def test_a_web_page_gives_its_main_text_and_headings_without_menus_scripts_and_footer(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "a.html", WEB_PAGE.encode())
    text = only_text(document)
    assert document.title == "Travel rules"
    assert headings(document) == [(1, "Travel rules"), (2, "Hotels"), (2, "Allowances")]
    for wanted in ("three days before", "120 euros in Berlin", "- Cancel in time.", "Berlin | 120 euros"):
        assert wanted in text
    for unwanted in ("menu entry", "stolen", "cookie", "color: red"):
        assert unwanted not in text


@pytest.mark.parametrize("around", ["{}", "<main>{}</main>", "<div><article>{}</article></div>"])
def test_a_short_page_keeps_its_heading_and_loses_its_menu(tmp_path: Path, around: str) -> None:
    page = "<body><nav><a href=/>Menu</a></nav>" + around.format("<h1>Rules</h1><p>Book early.</p>") + "</body>"
    document = read_bytes(tmp_path, "a.html", page.encode())
    assert only_text(document) == "Rules\n\nBook early."
    assert headings(document) == [(1, "Rules")]


TEXT = "<p>The heron waits at the edge of the water until a fish comes by, for hours if need be.</p>"


@pytest.mark.parametrize(
    ("heading", "read"),
    [
        ("<a id='wait'></a>How long does it wait?", "How long does it wait?"),
        ("<a name='wait'>How long does it wait?</a>", "How long does it wait?"),
        ("How long does it wait?<a class='headerlink' href='#wait'>¶</a>", "How long does it wait?"),
        ("How long does it wait?<a href='#wait'>\uf0c1</a>", "How long does it wait?"),
        ("<a href='#wait'>#</a> Writing C#", "Writing C#"),
        ("<a href='#wait'>How long does it wait?</a>", "How long does it wait?"),
    ],
)
@pytest.mark.parametrize("around", ["<body>{}</body>", "<main>{}</main>"])
def test_headings_keep_their_words_where_others_link_to_them(
    tmp_path: Path, around: str, heading: str, read: str
) -> None:
    page = around.format(f"<div><div><h1>Herons</h1></div>{TEXT}<div><h2>{heading}</h2></div>{TEXT}</div>")
    assert headings(read_bytes(tmp_path, "a.html", page.encode())) == [(1, "Herons"), (2, read)]


@pytest.mark.parametrize(
    "table",
    [
        "<tr><th>Plan</th><th><h3>Basic</h3></th></tr><tr><td>Price</td><td>10 EUR</td></tr>",
        "<caption><h3>Prices</h3></caption><tr><td>Plan</td><td>Basic</td></tr><tr><td>Price</td><td>10 EUR</td></tr>",
        "<tr><td><h4>Plan</h4></td><td><h4>Basic</h4></td></tr><tr><td>Price</td><td>10 EUR</td></tr>",
    ],
)
def test_a_table_with_headings_in_its_cells_stays_one(tmp_path: Path, table: str) -> None:
    page = f"<html><body><main><h1>Herons</h1>{TEXT}<table>{table}</table></main></body></html>"
    assert "Price | 10 EUR" in only_text(read_bytes(tmp_path, "a.html", page.encode()))


def test_the_headings_of_a_page_that_a_table_places_are_read(tmp_path: Path) -> None:
    data = "<table><tr><th>Bird</th><th>Weight</th></tr><tr><td>Grey heron</td><td>1.5 kg</td></tr></table>"
    inner = f"<table><tr><td><h2>Weights</h2>{TEXT}{data}</td></tr></table>"
    page = f"<body><table><tr><td>Menu</td><td><h1>Herons</h1>{TEXT}{inner}</td></tr></table></body>"
    document = read_bytes(tmp_path, "a.html", page.encode())
    assert headings(document) == [(1, "Herons"), (2, "Weights")]
    assert "Grey heron | 1.5 kg" in only_text(document)


@pytest.mark.parametrize(
    "part",
    [
        "<section id='{0}'><h2>{1}</h2>{2}</section>",
        "<div class='section' id='{0}'><h2>{1}</h2>{2}</div>",
        "<div class='subsection-level-extent' id='{0}'><h2>{1}</h2>{2}</div>",
        "<div id='{0}'><h2>{1}<a href='#{0}'>¶</a></h2>{2}</div>",
        "<h2 id='{0}'>{1}</h2>{2}",
        "<div class='sect1' id='{0}'><h2>1.2. {1}</h2>{2}</div>",
    ],
)
@pytest.mark.parametrize("name", ["comments", "related-commands", "menus", "cookies", "footer"])
def test_parts_are_read_whose_names_are_those_of_boxes(tmp_path: Path, name: str, part: str) -> None:
    heading, end = name.replace("-", " ").capitalize(), part.format("the-end", "The end", TEXT)
    page = f"<body><div><h1>Manual</h1>{TEXT}{part.format(name, heading, TEXT)}{end}</div></body>"
    document = read_bytes(tmp_path, "a.html", page.encode())
    assert [text.removeprefix("1.2. ") for _, text in headings(document)] == ["Manual", heading, "The end"]
    assert only_text(document).count("The heron waits") == 3


@pytest.mark.parametrize(
    "box",
    [
        "<div id='comments'><h2>Comments</h2>{}</div>",
        "<section id='comments'><h2>Comments</h2>{}</section>",  # of readers, as no other heading is named so
        "<section id='comments'><h2>2 comments</h2>{}</section>",
        "<section id='replies' class='comments-area'><h2>Replies</h2>{}</section>",
        "<section id='related-posts'><h2>More for you</h2>{}</section>",
    ],
)
def test_boxes_of_readers_and_of_other_pages_are_left_out(tmp_path: Path, box: str) -> None:
    words = box.format("<p>I saw one in the park last week, and it did not wait at all.</p>")
    page = f"<body><article><h1>Herons</h1>{TEXT * 3}<h2 id='food'>Food</h2>{TEXT}{words}</article></body>"
    assert "park" not in only_text(read_bytes(tmp_path, "a.html", page.encode()))


def test_a_menu_of_links_without_an_address_is_left_out(tmp_path: Path) -> None:
    menu = "".join(f"<li><a onclick='go()'>{name} of the shop</a></li>" for name in ("Start page", "Prices", "News"))
    page = f"<html><body><div><ul>{menu}</ul></div><div><h1>Herons</h1>{TEXT * 3}</div></body></html>"
    assert "shop" not in only_text(read_bytes(tmp_path, "a.html", page.encode()))


def test_paragraphs_of_a_quotation_are_kept_apart_and_empty_items_are_left_out(tmp_path: Path) -> None:
    quoted = "<blockquote><p>First of May.</p><p>Second of May.</p></blockquote>"
    page = f"<main><h1>News</h1><p>All of the year, by day.</p>{quoted}<ul><li></li><li>Item</li></ul></main>"
    text = only_text(read_bytes(tmp_path, "a.html", page.encode()))
    assert text == "News\n\nAll of the year, by day.\n\nFirst of May.\n\nSecond of May.\n\n- Item"


def test_items_in_a_cell_stay_words_of_their_own(tmp_path: Path) -> None:
    page = "<p>Ducks and where they live.</p><table><tr><td>Teal</td><td><ul><li>Pond</li><li>Marsh</li></ul></td></tr>"
    assert "Teal | Pond Marsh" in only_text(read_bytes(tmp_path, "a.html", page.encode()))


def test_a_web_page_is_decoded_as_it_declares(tmp_path: Path) -> None:
    page = f'<html><head><meta charset="shift_jis"><title>規則</title></head><body><p>{JAPANESE}</p></body></html>'
    document = read_bytes(tmp_path, "a.html", page.encode("shift_jis"))
    assert document.title == "規則"
    assert JAPANESE.strip() in only_text(document)


def test_a_page_nested_without_end_is_refused_or_read_but_does_not_crash(tmp_path: Path) -> None:
    assert "main text" in refusal_of(tmp_path, "a.html", b"<div>" * 50_000 + b"deep").reason


def test_an_entity_of_a_web_page_reads_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("swordfish")
    page = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}">]><html><body><p>Hello there &x; again.</p></body>'
    assert "swordfish" not in only_text(read_bytes(tmp_path, "a.xhtml", page.encode()))


@pytest.mark.parametrize(
    "markup",
    [
        "<div style='overflow: hidden'><p>{}</p></div>",
        "<div class='message'><p>{}</p></div>",
        "<div class='hide-on-mobile'><p>{}</p></div>",
        "<div>{}</div>",
        "<div>{}<ul><li>one</li></ul></div>",
        "<center>{}</center>",
        "<figure><img alt='x'><figcaption>{}</figcaption></figure>",
    ],
)
@pytest.mark.parametrize("around", ["<article>{}</article>", "<div>{}</div>"])
def test_text_that_a_browser_shows_is_read_whatever_it_is_called(tmp_path: Path, around: str, markup: str) -> None:
    first, last = ("<h1>Rules</h1><p>The canteen opens at eleven on every day of the week.</p>", "<p>That is all.</p>")
    page = f"<body>{around.format(first + markup.format('Ducks are fed on Mondays.') + last)}</body>"
    text = only_text(read_bytes(tmp_path, "a.html", page.encode()))
    assert text.startswith("Rules\n\nThe canteen opens")
    assert text.index("canteen") < text.index("Ducks are fed on Mondays.") < text.index("That is all.")


def test_links_and_notes_in_the_main_text_are_read_and_boxes_of_others_are_not(tmp_path: Path) -> None:
    link, note = "<p><a href=x>Form for leave</a></p>", "<aside><p>Note: it is due in March.</p></aside>"
    box = "<aside><a href=x>Read more</a></aside><div class='related'><p>Related pages here.</p></div>"
    main = f"<main><h1>Leave</h1><p>You have 28 days of leave each year.</p>{link}{note}{box}</main>"
    text = only_text(read_bytes(tmp_path, "a.html", f"<body>{main}<template>Not drawn.</template></body>".encode()))
    assert text == "Leave\n\nYou have 28 days of leave each year.\n\nForm for leave\n\nNote: it is due in March."


SAVED = """From: <Saved by Blink>
Subject: Leave policy
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="--B--"

----B--
Content-Type: text/html{charset}
Content-Transfer-Encoding: quoted-printable
Content-Location: https://example.org/leave

<!DOCTYPE html><html><head><title>Leave</title></head><body><nav>Menu</nav><main><h1>Leave</h1>
<p>{words}, every year.</p><table><tr><th>Years</th><th>Days</th></tr><tr><td>1</td><td>28</td></tr>
<tr><td>5</td><td>30</td></tr></table></main></body></html>
----B--
Content-Type: text/css
Content-Location: cid:css@mhtml.blink

body {{ color: red }}
----B----
"""


@pytest.mark.parametrize(
    ("charset", "words"), [("; charset=utf-8", "Caf=C3=A9 =E2=80=93"), ("; charset=windows-1252", "Caf=E9 =96")]
)
def test_a_page_that_a_browser_saved_as_one_file_is_read(tmp_path: Path, charset: str, words: str) -> None:
    saved = SAVED.format(charset=charset, words=words).replace("\n", "\r\n").encode()
    document = read_bytes(tmp_path, "a.mhtml", saved)
    assert document.title == "Leave"
    assert only_text(document) == "Leave\n\nCaf\xe9 \u2013, every year.\n\nYears | Days\n1 | 28\n5 | 30"
    assert [table.rows for table in document.tables] == [2]


def test_a_saved_page_without_a_page_is_refused(tmp_path: Path) -> None:
    assert "not a saved web page" in refusal_of(tmp_path, "a.mht", b"Just some words.\n").reason
