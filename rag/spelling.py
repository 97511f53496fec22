"""Misspelt words of a question, set right by the words of the documents. The only file that reads symspellpy's list."""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from string import ascii_lowercase

from rag.phrases import ENGLISH, phrases_for
from rag.terms import terms

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LEAST = 5  # letters: shorter words have too many neighbours


def corrected(question: str, held: Callable[[Sequence[str]], Mapping[str, int]]) -> str:
    """The question, its misspelt words as the documents have them.

    Misspelt is a word that stands neither in the documents nor in an English dictionary. It becomes the word one step
    away - a letter added, left out, changed or swapped with the next - that the documents have, or else the dictionary
    (https://norvig.com/spell-correct.html). Names, which begin with a capital, and questions in other languages stay
    as they are.

    Args:
        held: how many passages hold each of these terms; those that no passage holds are left out.
    """
    words = list(_WORD.finditer(question))
    strange = [match for match in words if match.group().lower().removesuffix("'s") not in _dictionary()]
    if len(strange) > max(1, len(words) / 2) or phrases_for(question) is not ENGLISH:
        return question
    for match in reversed(strange):
        word = match.group()
        if _may_be_misspelt(word, begins=match is words[0]) and not held(terms(word)):
            near = _nearest(word.lower(), held) or word
            question = question[: match.start()] + (near.title() if word.istitle() else near) + question[match.end() :]
    return question


def is_known(word: str) -> bool:
    """Whether the English dictionary has a word."""
    return word in _dictionary()


def _may_be_misspelt(word: str, *, begins: bool) -> bool:
    return len(word) >= _LEAST and word.isascii() and word.isalpha() and (word.islower() or begins and word.istitle())


def _nearest(word: str, held: Callable[[Sequence[str]], Mapping[str, int]]) -> str | None:
    """The word one step away that most passages hold, one of the dictionary before others; else its commonest word."""
    known = _dictionary()
    stems = {near: stem for near in _one_step(word) if near[0] == word[0] for stem in terms(near)}
    counts = held(list(set(stems.values())))

    def rank(near: str) -> tuple[bool, bool, int, int]:
        passages = counts.get(stems[near], 0)
        return passages > 0, near in known, passages, known.get(near, 0)

    found = [near for near, stem in stems.items() if near in known or near == stem and stem in counts]
    return max(sorted(found), key=rank, default=None)


def _one_step(word: str) -> set[str]:
    """A letter added, left out, changed, or swapped with the next one."""
    halves = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    return {
        near
        for left, right in halves
        for near in (
            *(left + letter + right for letter in ascii_lowercase),
            *(left + letter + right[1:] for letter in ascii_lowercase),
            left + right[1:],
            left + right[1:2] + right[:1] + right[2:],
        )
    }


@functools.cache
def _dictionary() -> Mapping[str, int]:
    """English words, of both sides of the Atlantic, with how often they are written."""
    listed = (resources.files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    return {word: int(count) for word, count in map(str.split, listed.splitlines())}
