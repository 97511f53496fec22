"""JSON, notebooks, marked-up texts, XML and source code."""

import json
import time
from pathlib import Path

import pytest

from ingest.discovery import find_files
from ingest.readers import records
from rag.types import Chunk
from tests.reading import headings, only_text, read_bytes, refusal_of

# JSON


def test_every_value_of_json_is_a_line_that_names_its_way(tmp_path: Path) -> None:
    value = """{"name": "Skua", "weight": 1.50, "sold": true, "note": null,
    "maker": {"city": "Bergen", "phones": [{"area": "+47", "number": 100200300400500600700}], "empty": {}},
    "tags": ["red", "new"]}"""
    document = read_bytes(tmp_path, "a.json", value.encode())
    assert only_text(document) == (
        "- name: Skua\n- weight: 1.50\n- sold: true\n- tags: red, new\n\nmaker\n\n- maker.city: Bergen\n"
        "- maker.phones[0].area: +47\n- maker.phones[0].number: 100200300400500600700"
    )
    assert headings(document) == [(1, "maker")]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_records_are_cut_into_passages_that_name_their_numbers(tmp_path: Path, name: str) -> None:
    rows = [{"city": f"City {number}", "limit": number} for number in range(1, 101)]
    text = json.dumps(rows) if name == "a.json" else "\n".join(map(json.dumps, rows))
    document = read_bytes(tmp_path, name, text.encode())
    names = [heading for _, heading in headings(document)]
    assert names[0] == "records 1–20"
    assert names[-1].endswith("–100")
    assert "\n\n- city: City 7\n- limit: 7\n\n" in only_text(document)
    assert Chunk("d", name, "a", None, names[0], 0, 1, 0, "x").label == f"{name}, records 1–20"


def test_lines_that_are_not_json_are_named(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "a.jsonl", b'{"a": 1}\n\n{"a": \n"words"\n')
    assert only_text(document) == "records 1–2\n\n- a: 1\n\n- words"
    assert document.gaps == ("left out, because damaged: line 3",)


def test_what_is_left_out_of_many_records_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "RECORDS", 2)
    document = read_bytes(tmp_path, "a.json", b'[{"a": 1}, {"a": 2}, {"a": 3}]')
    assert only_text(document) == "records 1–2\n\n- a: 1\n\n- a: 2"
    assert document.gaps == ("records after 2 were left out",)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        pytest.param("a.json", b'{"a": 1', "not JSON (Expecting ',' delimiter: line 1", id="cut off"),
        pytest.param("a.json", b"[" * 100_000, "nested too deeply", id="nested"),
        pytest.param("a.jsonl", b"words\n", "none of its lines is JSON", id="no line"),
        pytest.param("a.ipynb", b'{"cells": 7}', "not a notebook", id="no notebook"),
        pytest.param("a.json", b" " * 1_000_000, "one JSON value of 1 MB", id="large"),
    ],
)
def test_what_is_no_json_is_refused_with_the_place(
    tmp_path: Path, name: str, data: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "BYTES", 200_000)
    assert reason in refusal_of(tmp_path, name, data).reason


def test_a_notebook_is_its_text_its_code_and_what_the_code_wrote(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Ducks\n", "We *count* them."]},
        {
            "cell_type": "code",
            "source": "# no heading\nprint(7)",
            "outputs": [{"text": ["7\n"]}, {"data": {"text/plain": "DuckFrame", "image/png": "iVBORw0"}}],
        },
    ]
    document = read_bytes(tmp_path, "a.ipynb", json.dumps({"cells": cells}).encode())
    assert document.title == "Ducks"
    assert headings(document) == [(1, "Ducks")]
    assert only_text(document) == "# Ducks\nWe *count* them.\n\n# no heading\nprint(7)\n\n7\n\n\nDuckFrame"


# Marked-up texts

RESTRUCTURED = """\
=======
Manual
=======

Intro
=====

Text with a table:

=====  =====
City   Limit
=====  =====
Lagos  95
=====  =====

Leave
-----

Five days.

Travel
======
"""
ASCIIDOC = "= Manual\n:toc:\n\n== Leave ==\n\nFive days.\n\n----\n== no heading\n----\n\n=== Carry-over\n"
ORG = "* Manual\nText, *bold*.\n** Leave\n*not a heading*\n* Travel\n"
LATEX = r"""\documentclass{article}
% a comment
\title{The \emph{Skua}\thanks{x}}
\begin{document}
\maketitle
\section{Leave \textbf{and} more}\label{sec:a}
Five days, 10\% more.
\subsection*{Carry-over}
\end{document}
"""


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.rst", RESTRUCTURED, [(1, "Manual"), (2, "Intro"), (3, "Leave"), (2, "Travel")]),
        ("a.adoc", ASCIIDOC, [(1, "Manual"), (2, "Leave"), (3, "Carry-over")]),
        ("a.org", ORG, [(1, "Manual"), (2, "Leave"), (1, "Travel")]),
    ],
)
def test_the_source_is_the_text_and_headings_are_found(
    tmp_path: Path, name: str, text: str, found: list[tuple[int, str]]
) -> None:
    document = read_bytes(tmp_path, name, text.encode())
    assert only_text(document) == text
    assert headings(document) == found
    assert document.title == "Manual"


def test_latex_is_its_source_without_preamble_and_comments(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "a.tex", LATEX.encode())
    (page,) = document.pages
    assert document.title.startswith("The Skua")
    assert [(one.level, one.text) for one in page.headings] == [(2, "Leave and more"), (3, "Carry-over")]
    assert page.text[page.headings[0].start :].startswith(r"\section{Leave")
    assert "Five days, 10\\% more." in page.text
    assert "documentclass" not in page.text


# XML

ARTICLE = """<?xml version="1.0"?><!DOCTYPE article SYSTEM "article.dtd"><article>
<front><year>2019</year><volume>5</volume>
<title>Ducks &amp; geese</title></front><body><sec><title>Methods</title>
<p>We counted<sup>1</sup> <i>ducks</i>&mdash;all.</p>
<list><item>One</item><item>Two</item></list><sec><title>Sites</title><p>Lake.</p></sec></sec>
<table><tr><td>Lake</td><td>7</td></tr></table><aff><id>x1</id><name>Bergen</name> University</aff></body></article>"""


def test_xml_is_its_text_with_titles_as_headings_and_values_by_name(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "a.xml", ARTICLE.encode())
    assert document.title == "Ducks & geese"
    assert headings(document) == [(1, "Ducks & geese"), (1, "Methods"), (2, "Sites")]
    assert only_text(document) == (
        "- year: 2019\n- volume: 5\n\nDucks & geese\n\nMethods\n\nWe counted1 ducks—all.\n\n- One\n\n- Two\n\nSites\n\n"
        "Lake.\nLake | 7\n\nx1Bergen University"
    )


def test_a_page_of_the_web_that_is_called_xml_is_read_as_one(tmp_path: Path) -> None:
    page = (
        b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><h1>Hi</h1><p>There.</p></body></html>'
    )
    assert headings(read_bytes(tmp_path, "a.xml", page)) == [(1, "Hi")]


def test_entities_of_xml_neither_grow_nor_read_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("swordfish")
    laughs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    text = f'<!DOCTYPE a [{laughs}<!ENTITY x SYSTEM "{secret.as_uri()}">]><a><p>before &e9; &x; after</p></a>'
    started = time.perf_counter()
    document = read_bytes(tmp_path, "a.xml", text.encode())
    assert time.perf_counter() - started < 1
    assert document.gaps == ("not read, for safety: the entities that it declares (&e9;, &x;)",)
    read = only_text(document)
    assert read.startswith("before")
    assert "haha" not in read
    assert "swordfish" not in read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_whose_text_is_all_in_entities_says_that_they_are_not_read(tmp_path: Path, encoding: str) -> None:
    xml = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY e "ha">]><a><p>&e;</p></a>'
    refused = refusal_of(tmp_path, "a.xml", xml.encode(encoding))
    assert refused.reason == ("it holds no text but the entities that it declares (&e;), which are not read for safety")
    assert "what each stands for" in refused.remedy


def test_entities_that_are_not_used_or_are_those_of_html_are_no_gap(tmp_path: Path) -> None:
    declared = '<!DOCTYPE a [<!ENTITY e "ha"><!ENTITY auml "&#228;">]>'
    document = read_bytes(tmp_path, "a.xml", f"{declared}<a><p>Plain w&auml;rds.</p></a>".encode())
    assert (only_text(document), document.gaps) == ("Plain wärds.", ())


def test_what_is_no_xml_is_refused(tmp_path: Path) -> None:
    assert "not XML" in refusal_of(tmp_path, "a.xml", b"Just some words.").reason
    deep = b"<a>" * 100_000
    assert refusal_of(tmp_path, "b.xml", deep).remedy


# Source code

PYTHON = '''"""A queue."""


class Queue:
    """Waits."""

    async def receive(self, name: str) -> None:
        if name:
            define = 1

    def __len__(self):
        return 0


def main() -> int:
'''


def test_definitions_are_headings_that_name_their_line(tmp_path: Path) -> None:
    (page,) = read_bytes(tmp_path, "a.py", PYTHON.encode()).pages
    assert page.text == PYTHON
    assert [heading.text for heading in page.headings] == [
        "line 4: class Queue",
        "line 7: async def receive(self, name: str) -> None",
        "line 11: def __len__(self)",
        "line 15: def main() -> int",
    ]
    levels = [heading.level for heading in page.headings]
    assert levels[0] == levels[3] < levels[1] == levels[2]
    assert page.text[page.headings[1].start :].startswith("    async def receive")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.ts", "export default class Queue<T> extends List {"),
        ("a.rs", "pub(crate) fn receive(name: &str) -> u8 {"),
        ("a.go", "func (q *Queue) Receive(name string) {"),
        ("a.java", "public abstract class Queue {"),
        ("a.sql", "CREATE OR REPLACE VIEW limits AS"),
        ("a.sh", "receive() {"),
        ("a.kt", "data class Queue(val name: String)"),
    ],
)
def test_definitions_are_found_in_many_languages(tmp_path: Path, name: str, line: str) -> None:
    (page,) = read_bytes(tmp_path, name, f"// start\n{line}\n  x = 1\n".encode()).pages
    assert [heading.text for heading in page.headings] == [f"line 2: {line.rstrip(' {')}"]


def test_folders_with_the_code_of_others_are_passed_over(tmp_path: Path) -> None:
    for folder in ("src", "node_modules/left-pad", ".git", "venv/lib/site-packages/x"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.js").write_text("let a = 1")
    assert [file.path.parent.name for file in find_files([tmp_path])] == ["src"]
