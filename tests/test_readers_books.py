"""EPUB books, and the HTML of which they and e-mails are made."""

import zipfile
from pathlib import Path

import pytest

from ingest.readers.hypertext import read_hypertext
from ingest.readers.source import Source
from rag.errors import UnreadableDocument
from rag.types import Chunk
from tests.documents import cut, write_book, write_zip
from tests.reading import headings, read_here, refusal

CHAPTERS = {"two": "<h1>Landfall</h1><p>The boat came in.</p>", "one": "<p>It blew&nbsp;hard &amp; long.</p>"}


def test_chapters_are_pages_in_the_order_in_which_they_are_read(tmp_path: Path) -> None:
    document = read_here(write_book(tmp_path / "a.epub", CHAPTERS))
    assert document.title == "The Skua"
    assert [(page.number, page.text) for page in document.pages] == [
        (1, "Landfall\n\nThe boat came in."),
        (2, "It blew hard & long."),
    ]
    assert Chunk(document.id, document.name, "", 2, "", 0, 1, 0, "x").label == "a.epub, chapter 2"


def test_the_table_of_contents_names_a_chapter_that_has_no_heading(tmp_path: Path) -> None:
    document = read_here(write_book(tmp_path / "a.epub", CHAPTERS, contents={"one": "The storm", "two": "Unused"}))
    assert headings(document) == [(1, "Landfall"), (1, "The storm")]
    assert document.pages[1].text == "The storm\n\nIt blew hard & long."


def test_a_missing_chapter_costs_only_itself_and_is_named(tmp_path: Path) -> None:
    path = write_book(tmp_path / "a.epub", CHAPTERS)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if "two" not in name}
    document = read_here(write_zip(path, parts))
    assert [page.text for page in document.pages] == ["", "It blew hard & long."]
    assert document.gaps == ("left out, because damaged: chapter 1",)


@pytest.mark.parametrize(("locked", "is_refused"), [("OEBPS/text/one.xhtml", True), ("OEBPS/fonts/a.otf", False)])
def test_a_book_is_locked_when_its_text_is_encrypted_not_when_its_fonts_are(
    tmp_path: Path, locked: str, is_refused: bool
) -> None:
    path = write_book(tmp_path / "a.epub", CHAPTERS)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "META-INF/encryption.xml",
            '<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:CipherData>'
            f'<enc:CipherReference URI="{locked}"/></enc:CipherData></enc:EncryptedData></encryption>',
        )
    if is_refused:
        assert "DRM" in refusal(path).reason
    else:
        assert len(read_here(path).pages) == 2


def test_what_is_no_book_is_refused(tmp_path: Path) -> None:
    assert "damaged" in refusal(cut(write_book(tmp_path / "a.epub", CHAPTERS))).reason
    assert "damaged" in refusal(write_zip(tmp_path / "b.epub", {"META-INF/container.xml": b"<container/>"})).reason


XHTML = '<?xml version="1.0" encoding="iso-8859-1"?><html xmlns="http://www.w3.org/1999/xhtml"><body>{}</body></html>'


@pytest.mark.parametrize("around", ["<body>{}</body>", XHTML], ids=["HTML", "XHTML"])
@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>One.</p>two<p>three</p>four", "One.\n\ntwo\n\nthree\n\nfour"),
        ("<div>A <b>bold</b><br/>line<p>Own.</p> rest</div>", "A bold\nline\n\nOwn.\n\nrest"),
        ("<ul><li>a</li><li><p>b</p><ul><li>c</li></ul></li></ul>", "- a\n- b\n- c"),
        (
            "<table><tr><th>Ship</th><th>Tons</th></tr><tr><td>An</td><td>3\n00</td></tr></table>",
            "Ship | Tons\nAn | 3 00",
        ),
        (
            "<table><tr><td><table><tr><td>in</td><td>side</td></tr></table></td><td>out</td></tr></table>",
            "in | side\n\nout",
        ),
        ("<p>seen</p><p style='display: none'>preheader</p><script>x()</script>", "seen"),
        ("<pre>two\n  lines</pre><aside>1. A note.</aside>", "two\n  lines\n\n1. A note."),
        ("<p>&eacute;t&eacute; &lt;3 &#8212;</p>", "été <3 —"),
    ],
    ids=["bare text", "mixed", "lists", "table", "layout", "hidden", "pre", "characters"],
)
def test_all_text_of_a_body_is_kept_block_by_block(around: str, body: str, text: str) -> None:
    assert read_hypertext(Source("a", around.format(body).encode("latin-1"))).text == text


def test_markup_that_is_nested_without_end_does_not_crash() -> None:
    deep = Source("a", b"<div>" * 50_000 + b"deep")
    try:
        assert read_hypertext(deep).text in ("", "deep")
    except UnreadableDocument as refused:
        assert "nested" in refused.reason
