"""Headings of a Markdown source, and HTML of an answer that nobody has to trust."""

import re

import pytest

from rag.markdown import headings, readable, render
from rag.types import Span


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("# One\n\ntext\n\n## Two ##\n", [(1, "One", 0), (2, "Two", 13)], id="hashes"),
        pytest.param("One\n===\n\nTwo\n---\n", [(1, "One", 0), (2, "Two", 9)], id="underlined"),
        pytest.param("```\n# no\n```\n\n    # no\n\n~~~\n# no\n~~~\n# yes\n", [(1, "yes", 37)], id="code"),
        pytest.param("été\n\n# 会议\n", [(1, "会议", 5)], id="offsets count characters"),
        pytest.param("> # quoted\n\n- # listed\n", [(1, "quoted", 0), (1, "listed", 12)], id="inside a block"),
        pytest.param("#nospace\n\n#\n\n####### seven\n", [], id="none"),
        pytest.param("", [], id="empty"),
    ],
)
def test_headings_are_found_with_level_text_and_place(text: str, found: list[tuple[int, str, int]]) -> None:
    assert [(heading.level, heading.text, heading.start) for heading in headings(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=https://evil.example/x.png onerror=alert(1)>",
        "<div onclick=alert(1)>\nclick\n</div>",
        "![a](https://evil.example/x.png)",
        "[a](https://evil.example)",
        "[a](javascript:alert(1))",
        "[a][b]\n\n[b]: https://evil.example",
        "<https://evil.example>",
        "https://evil.example",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        '```x" onload="alert(1)\ncode\n```',
        "| a |\n|---|\n| <iframe src=//evil.example> |",
        "`<b>`",
        "> " * 5000 + "deep",
    ],
)
def test_nothing_remote_scripted_or_clickable_comes_out(text: str) -> None:
    plain = "p|h[1-6]|ul|ol|li|em|strong|s|code|pre|blockquote|table|thead|tbody|tr|th|td|hr|br"
    marks = [Span(0, len(text) // 2), Span(len(text) // 2, len(text))]
    tags = re.findall(r"<[^>]*>", render(text) + readable(text) + readable(text, marks).replace("mark>", "p>"))
    assert all(re.fullmatch(rf'</?({plain})( class="language-[^"<>]*"| start="\d+")?( /)?>', tag) for tag in tags)


def test_what_helps_reading_is_kept() -> None:
    html = render("**bold** and `x < y` [1]\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    for part in ("<strong>bold</strong>", "<code>x &lt; y</code>", "[1]", "<li>one</li>", "<td>2</td>"):
        assert part in html


def marked(text: str, *words: str) -> str:
    """The HTML of a source in which these words are marked."""
    return readable(text, [Span(text.index(one), text.index(one) + len(one)) for one in words])


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("## Leave ##\nSix days\ncarry.", ["Six days\ncarry."], "<mark>Six days</mark>\n<mark>carry.</mark>"),
        ("## Leave ##", ["## Leave ##"], "<h2><mark>Leave</mark></h2>"),
        ("a **b c** d", ["b c** d"], "a <strong><mark>b c</mark></strong><mark> d</mark>"),
        ("- one\n- two", ["- two"], "<li><mark>two</mark></li>"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", ["| 1 | 2 |"], "<td><mark>1</mark></td>\n<td><mark>2</mark></td>"),
        ("see [Tern](https://tern.example)!", ["see [Tern](https://tern.example)!"], "Tern (https://tern.example)!"),
        ("<https://tern.example>", [], "<p>https://tern.example</p>"),
        ("![A heron](https://tern.example/x.png)", [], "<p>A heron</p>"),
        ("a < b & c", ["b"], "a &lt; <mark>b</mark> &amp; c"),
        ("\ue000no mark\ue001", [], "<p>\ufffdno mark\ufffd</p>"),
    ],
    ids=["wrapped", "heading", "bold", "list", "table", "link", "address", "picture", "escaped", "signs of ours"],
)
def test_a_source_is_readable_and_keeps_its_marks(text: str, words: list[str], found: str) -> None:
    html = marked(text, *words)
    assert found in html
    assert re.search("[\ue000\ue001]", html) is None
