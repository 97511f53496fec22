"""Where the sentences of a passage stand on a page whose text another library read. Pure functions.

Two libraries seldom read a page alike: they differ in line breaks, hyphens, ligatures, accents and in the order of the
cells of a table. Both texts are therefore compared by their letters and digits alone, and a sentence that does not
stand there in one piece is looked for in runs of words.
"""

import re
import statistics
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from rag.types import Span

_GRAM = 20  # letters of a passage that tell its place, if they stand on the page once
_REACH = 40  # a run of words may stand so many times its length away from where it is expected
_ENOUGH = 0.6  # share of a sentence's letters from which it counts as found
_WORD = re.compile(r"\d{1,12}|[^\W\d]{1,12}")  # letters and digits may be glued together; not every language has spaces
_ALEF = "\u0627"  # left out: the ligature of lam and alef is read as either order of the two


@dataclass(frozen=True)
class Letters:
    """The letters and digits of a text; letter `i` comes from its character `places[i]`."""

    text: str
    places: tuple[int, ...]


def letters(characters: Iterable[str]) -> Letters:
    """Without case, accents, ligatures, hyphens, punctuation and white space."""
    found: list[str] = []
    places: list[int] = []
    for place, character in enumerate(characters):
        for letter in _letters(character):
            found.append(letter)
            places.append(place)
    return Letters("".join(found), tuple(places))


def place(passage: str, sentences: Sequence[Span], page: Letters, *, start: int = 0) -> list[list[Span]]:
    """Stretches of the page's letters that each sentence of the passage takes up, none where it was not found.

    Args:
        start: about where the passage begins on the page; tells passages apart that stand there more than once.
    """
    own = letters(passage)
    before = list(accumulate((len(_letters(character)) for character in passage), initial=0))
    offset = _offset(own.text, page.text, start)
    return [_runs(passage[span.start : span.end], page.text, offset + before[span.start]) for span in sentences]


def has_letters(text: str) -> bool:
    """Whether there is anything to look for."""
    return any(map(_letters, text))


def _letters(character: str) -> str:
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    folded = unicodedata.normalize("NFKD", character).casefold().replace(_ALEF, "")
    return "".join(filter(str.isalnum, folded))


def _offset(passage: str, page: str, start: int) -> int:
    """Where the passage begins among the letters of the page, by those stretches of it that stand there once."""
    votes = []
    for at in range(0, max(1, len(passage) - _GRAM + 1), _GRAM // 2):
        gram = passage[at : at + _GRAM]
        first = page.find(gram)
        if first >= 0 and page.find(gram, first + 1) < 0:
            votes.append(first - at)
    return int(statistics.median_low(votes)) if votes else start


def _runs(sentence: str, page: str, expected: int) -> list[Span]:
    words = _WORD.findall(" ".join("".join(map(_letters, word)) for word in sentence.split()))
    runs = list(_found(words, page, expected))
    covered = sum(run.end - run.start for run in runs)
    return runs if covered >= max(1, _ENOUGH * sum(map(len, words))) else []


def _found(words: Sequence[str], page: str, expected: int) -> Iterator[Span]:
    """The sentence as the longest runs of its words that stand on the page, each as near as can be to the last."""
    index = 0
    while index < len(words):
        end, run = _longest(words, index, page)
        at = _nearest(run, page, expected) if run else -1
        whole = index == 0 and end == len(words)
        if at >= 0 and (whole or abs(at - expected) <= _REACH * len(run)):
            yield Span(at, at + len(run))
            expected = at + len(run)
        else:
            expected += len(run)
        index = end


def _longest(words: Sequence[str], index: int, page: str) -> tuple[int, str]:
    """The end and the letters of the longest run of words from `index`, "" where not even the first stands there."""
    run = ""
    for end in range(index, len(words)):
        if run + words[end] not in page:
            return max(end, index + 1), run
        run += words[end]
    return len(words), run


def _nearest(run: str, page: str, expected: int) -> int:
    after = page.find(run, max(0, expected))
    before = page.rfind(run, 0, max(0, expected) + len(run))
    found = [at for at in (before, after) if at >= 0]
    return min(found, key=lambda at: abs(at - expected), default=-1)
