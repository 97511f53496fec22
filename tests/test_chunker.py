"""The chunker: what holds for every document, and where it cuts."""

import base64
import random
import re
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from ingest.chunker import chunk, embedding_text
from rag.models import find_model
from rag.settings import load_settings
from rag.types import Chunk, Document, Heading, Page

SIZES = {"chunk_tokens": 60, "overlap_tokens": 12, "max_tokens": 128}
SENTENCES = "The quick brown fox jumps over the lazy dog. It ran, as Dr. Lee said, 3.14 times faster! "


def count_words(text: str) -> int:
    """Words and punctuation marks; every character of Chinese, Japanese and Thai is a word."""
    return len(re.findall(r"[a-zA-Z0-9]{1,12}|[^\sa-zA-Z0-9]", text))


def count_letters(text: str) -> int:
    """Like a tokenizer that drops accents and joiners: they count nothing."""
    return sum(1 for character in text if character.isalnum())


def document(*pages: str | Page, title: str = "Handbook") -> Document:
    made = (page if isinstance(page, Page) else Page(number, page) for number, page in enumerate(pages, start=1))
    return Document("0" * 64, "handbook.pdf", title, tuple(made))


def marked(text: str) -> Page:
    """A page whose lines that begin with # are headings."""
    found = re.finditer(r"^(#+) (.*)$", text, re.MULTILINE)
    return Page(None, text, tuple(Heading(len(match[1]), match[2], match.start()) for match in found))


def checked(source: Document, *, count_tokens: Callable[[str], int] = count_words, **sizes: int) -> list[Chunk]:
    """The chunks of `source`, after everything that must hold for each document was checked."""
    limits = SIZES | sizes
    chunks = chunk(source, count_tokens=count_tokens, **limits)
    assert chunk(source, count_tokens=count_tokens, **limits) == chunks
    assert [made.position for made in chunks] == list(range(len(chunks)))
    assert len({made.id for made in chunks}) == len(chunks)
    pages = {page.number: page.text for page in source.pages}
    bare = {number: list(text) for number, text in pages.items()}
    for made in chunks:
        assert made.text == made.text.strip() != ""
        assert pages[made.page][made.start : made.end] == made.text
        assert count_tokens(embedding_text(made)) + 2 <= limits["max_tokens"]
        bare[made.page][made.start : made.end] = " " * (made.end - made.start)
    assert not "".join(character for left in bare.values() for character in left).strip()
    return chunks


ODD_TEXTS = {
    "nothing": "",
    "only white space": " \n\t\n ",
    "one character": "x",
    "sentences": SENTENCES * 60,
    "one line of words": "word " * 3000,
    "one endless word": "abcdefghij" * 3000,
    "Chinese": "今天天气很好。我们去公园散步！你来吗？" * 150,
    "Chinese without punctuation": "今天天气很好我们去公园散步" * 200,
    "Thai": "ภาษาไทยเป็นภาษาที่มีระดับเสียงของคำแน่นอน" * 60,
    "joined emoji": "👩‍👩‍👧‍👦🏳️‍🌈" * 300,
    "stacked accents": "a\u0301\u0302\u0303\u0304" * 600,
    "base64 in one line": base64.b64encode(random.Random(3).randbytes(9000)).decode(),
    "base64 in lines": base64.encodebytes(random.Random(3).randbytes(9000)).decode(),
    "far apart": "a" + " " * 30_000 + "b" + "\n" * 30_000 + "c",
    "invisible": "\u200b\u200d\u2060" * 2000 + "end",
    "rules and dots": ("-" * 70 + "\n" + "Chapter " + "." * 60 + " 12\n") * 40,
    "a table": "| name | city | limit |\n" * 300,
}


@pytest.mark.parametrize("count_tokens", [count_words, count_letters, len])
@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_no_text_is_lost_moved_or_too_long(text: str, count_tokens: Callable[[str], int]) -> None:
    checked(document(text), count_tokens=count_tokens)


@pytest.mark.parametrize("seed", range(150))
def test_no_text_is_lost_in_documents_made_at_random(seed: int) -> None:
    chance = random.Random(seed)
    parts = [
        "a",
        "bc",
        " ",
        "\n",
        "\n\n",
        ". ",
        "。",
        "文",
        "é",
        "\t",
        "1",
        "-",
        "|",
        "x" * 40,
        "\u3000",
        "\xa0",
        "\u200b",
    ]
    pages = []
    for number in range(1, chance.randrange(2, 5)):
        text = "".join(chance.choices(parts, k=chance.randrange(900)))
        lines = [0, *(match.end() for match in re.finditer("\n", text))]
        starts = [start for start in lines if start < len(text) and chance.random() < 0.15]
        found = (Heading(chance.randrange(1, 5), text[start:].split("\n")[0].strip() or "?", start) for start in starts)
        pages.append(Page(number, text, tuple(found)))
    tokens = chance.choice([10, 40, 100])
    checked(document(*pages), chunk_tokens=tokens, overlap_tokens=chance.choice([0, tokens // 5, tokens - 1]))


def test_an_empty_page_gives_no_chunk_and_the_next_keeps_its_number() -> None:
    assert [(made.page, made.text) for made in checked(document("One.", "", " \n", "Four."))] == [
        (1, "One."),
        (4, "Four."),
    ]


def test_chunks_never_cross_a_page() -> None:
    chunks = checked(document(*[f"Page {number} ends in the middle of a" for number in range(1, 9)]))
    assert [made.page for made in chunks] == list(range(1, 9))


def test_chunks_stay_near_the_wanted_size() -> None:
    sizes = [count_words(made.text) for made in checked(document(SENTENCES * 100))]
    assert max(sizes) <= SIZES["chunk_tokens"]
    assert min(sizes[:-1]) >= SIZES["chunk_tokens"] // 2


def test_every_chunk_repeats_the_end_of_the_one_before_from_the_start_of_a_word() -> None:
    text = SENTENCES * 30
    chunks = checked(document(text))
    for before, after in pairwise(chunks):
        assert before.start < after.start < before.end
        assert count_words(text[after.start : before.end]) <= SIZES["overlap_tokens"]
        assert text[after.start - 1] == " "


def test_without_overlap_chunks_lie_side_by_side() -> None:
    chunks = checked(document(SENTENCES * 30), overlap_tokens=0)
    assert all(before.end <= after.start for before, after in pairwise(chunks))


@pytest.mark.parametrize("sentence", ["Der Zug fährt um neun ab. ", "今天天气很好，我们去公园散步。", "Wo ist er? "])
def test_chunks_end_with_a_sentence_where_they_can(sentence: str) -> None:
    for made in checked(document(sentence * 80)):
        assert made.text[-1] in ".。?"


SECTIONS = "# Leave\n{0}\n## Carry-over\n{0}\n# Travel\n{0}\n"


def test_a_chunk_begins_at_each_heading_and_carries_its_path() -> None:
    chunks = checked(document(marked(SECTIONS.format(SENTENCES * 2))), chunk_tokens=100, max_tokens=200)
    assert [(made.text.split("\n")[0], made.heading) for made in chunks] == [
        ("# Leave", "Leave"),
        ("## Carry-over", "Leave › Carry-over"),
        ("# Travel", "Travel"),
    ]
    assert chunks[1].context == "Handbook › Leave › Carry-over"


def test_small_sections_are_joined_under_the_heading_they_share() -> None:
    text = "# Leave\nThirty days.\n## Carry-over\nFive days.\n## Sickness\nCall us.\n"
    (made,) = checked(document(marked(text)))
    assert (made.text, made.heading) == (text.strip(), "Leave")
    above = {line: made.heading_at(made.text.index(line)) for line in ("Thirty", "Five", "Call")}
    assert above == {"Thirty": "Leave", "Five": "Leave › Carry-over", "Call": "Leave › Sickness"}


def test_a_heading_is_never_a_chunk_without_what_stands_under_it() -> None:
    text = "# Part one\n\n## Chapter one\n\n### Section one\n\n" + SENTENCES * 2 + "\n\n# Part two\n\n## Empty\n"
    chunks = checked(document(marked(text)))
    assert chunks[0].text.startswith("# Part one\n\n## Chapter one\n\n### Section one\n\nThe quick")
    assert chunks[0].heading == "Part one › Chapter one › Section one"
    assert all(re.search("^[^#\n]", made.text, re.MULTILINE) for made in chunks)


def test_a_document_of_headings_only_is_still_found() -> None:
    (made,) = checked(document(marked("# One\n\n## Two\n")))
    assert made.text == "# One\n\n## Two"


def test_a_section_goes_on_over_pages_under_its_heading() -> None:
    first = Page(1, "Safety\nWear gloves.", (Heading(1, "Safety", 0),))
    assert [made.heading for made in checked(document(first, "Wear boots."))] == ["Safety", "Safety"]


def test_a_heading_that_repeats_the_title_is_named_once() -> None:
    (made,) = checked(document(marked("# Handbook\nWords.\n")))
    assert made.context == "Handbook"


def test_a_sheet_called_like_its_file_stays_the_place_and_is_embedded_once() -> None:
    page = Page(1, "Pump\t20", (Heading(1, "Berlin", 0), Heading(2, "A1:B1", 0)))
    (made,) = chunk(Document("0" * 64, "berlin.xlsx", "berlin", (page,)), count_tokens=count_words, **SIZES)
    assert made.label == "berlin.xlsx, Berlin!A1:B1"
    assert made.context == "berlin › A1:B1"


def test_outer_headings_are_dropped_where_the_path_is_long() -> None:
    text = f"# {'very ' * 30}long\n\n## {'quite ' * 20}long\n\n### Inner\n\n{SENTENCES * 2}"
    chunks = checked(document(marked(text)), max_tokens=384)
    assert chunks[-1].heading.endswith("long › Inner")
    assert "very" not in chunks[-1].heading


@pytest.mark.parametrize("title", ["Title " * 300, "标题" * 300, "t" * 9000], ids=["words", "Chinese", "one word"])
def test_a_long_title_leaves_room_for_the_text(title: str) -> None:
    chunks = checked(document(SENTENCES * 10, title=title))
    assert len(chunks) < 12
    assert chunks[0].title.endswith("…")


def test_sizes_that_leave_no_room_are_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        chunk(document("x"), count_tokens=count_words, chunk_tokens=10, overlap_tokens=10, max_tokens=384)


def test_five_megabytes_take_seconds() -> None:
    words = [f"word{number}" for number in range(20_000)]
    chance = random.Random(1)
    text = "".join(" ".join(chance.choices(words, k=12)) + ".\n" for _ in range(50_000))
    assert len(text) > 5_000_000
    start = time.perf_counter()
    made = chunk(document(text), count_tokens=count_words, chunk_tokens=200, overlap_tokens=40, max_tokens=384)
    assert len(made) > 3000
    assert time.perf_counter() - start < 60  # 5 s on two shared cores; far less than a time that grows with its square


@pytest.mark.model
@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_nothing_is_cut_by_the_real_tokenizer(text: str) -> None:
    folder = find_model("all-mpnet-base-v2", load_settings())
    if folder is None:
        pytest.skip("the weights of all-mpnet-base-v2 are not here")
    tokenizer = pytest.importorskip("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count_tokens(words: str) -> int:
        return len(tokenizer.encode(words, add_special_tokens=False).ids)

    source = document(text * 3)
    for made in checked(source, count_tokens=count_tokens, chunk_tokens=200, overlap_tokens=40, max_tokens=384):
        assert len(tokenizer.encode(embedding_text(made)).ids) <= 384
