"""A question that would be refused, in the words of the documents: who asks for a laptop may mean their notebooks.

The embedding knows which words are near to each other, but opposites are as near as words that mean the same (landlord
and tenant 0.85, laptop and notebook 0.81). The generator tells them apart, but does not think of the other word. So the
one proposes, and the other agrees or not (docs/evaluation.md). English alone; names and numbers stay.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from rag import spelling
from rag.embedders import Vectors
from rag.evidence import Line, in_context
from rag.generators import Message, Scorer
from rag.phrases import ENGLISH, phrases_for
from rag.terms import terms
from rag.types import Hit

NEAR = 0.5  # the least cosine of two words, each read alone
_SAME = 1.0  # the least log odds of "yes"
_KIN = 4  # letters of a word of which others are made
_ENDINGS = frozenset(
    ("", "y", "e", "er", "ers", "or", "ors", "ing", "ed", "al", "als", "ment", "ance", "ence", "ion", "ation")
)
_NO_OTHER = frozenset(  # near to many words, and no other word for any
    ("own", "due", "able", "same", "other", "more", "most", "less", "very", "only", "still")
)
_PROPOSED = 2  # words for one of the question
_STRANGE = 4  # words of the question that others are proposed for
_LINES = 6  # whose words are proposed
_WORD = re.compile(r"(?<![\w'\u2019-])[a-z]{3,}(?![\w'\u2019-])")  # no part of another, and no name
_STATEMENT = re.compile(  # "The station does not find the gateway."
    r"(?P<subject>the|my|our|a|an|I|we|it|there|some(?:body|one|thing)|no(?:body|thing))"
    r"(?P<rest> (?=[^?]*\b(?:am|is|are|was|were|has|have|had|do|does|did|can|cannot|will|\w+n't|\w+ed|keeps?|stays?"
    r"|shows?|says?|lost|stole|broke|fell|forgot|left|got|went|hit|made)\b)[^?.!]{8,}?)[.!]?",
    re.IGNORECASE,
)
_SYSTEM = "You know English well."
Likeness = Callable[[Sequence[str], Sequence[str]], Vectors]


def reworded(
    question: str, hits: Sequence[Hit], lines: Sequence[Line], likeness: Likeness, scorer: Scorer
) -> Iterator[str]:
    """The question with a word that no passage has in their words, then with one more, the most alike first.

    Args:
        lines: of the hits, nearest first: words come from the first of them and the headings above those.
        likeness: cosines, float32[n, m], of n words and m others.
        scorer: asked whether two words mean the same; needs its turn while this goes on.
    """
    strange, offered = _strange(question, hits), _offered(question, hits, lines[:_LINES])
    if not strange or not offered or phrases_for(question) is not ENGLISH:
        return
    cosines = likeness(strange, offered)
    for row in np.argsort(-cosines.max(axis=1))[:_STRANGE].tolist():
        word = strange[row]
        others = [place for place, other in enumerate(offered) if not _is_of_its_kin(word, other)]
        near = _nearest([offered[place] for place in others], cosines[row][others])
        odds = {other: _sameness(word, other, scorer) for other in near}
        same = max(odds, key=lambda other: odds[other], default="")
        if same and odds[same] >= _SAME:
            question = _replaced(question, word, same)
            yield question


def mean_the_same(word: str, other: str, scorer: Scorer) -> bool:
    """Whether the generator says so."""
    return _sameness(word, other, scorer) >= _SAME


def of_statement(text: str) -> str | None:
    """What a person who only tells what is wrong wants to know; None of questions, key words and other languages."""
    told = _STATEMENT.fullmatch(text.strip())
    if told is None or phrases_for(text) is not ENGLISH:
        return None
    subject = told["subject"]
    return f"What do I do when {subject if subject == 'I' else subject.lower()}{told['rest']}?"


def is_reworded(question: str, standalone: str) -> bool:
    """Whether a question was understood in other words, and not as a follow-up is."""
    if of_statement(question) == standalone:
        return True
    return len(question.split()) == len(standalone.split()) and not {*terms(question)} <= {*terms(standalone)}


def _sameness(word: str, other: str, scorer: Scorer) -> float:
    """The log odds of two words meaning the same."""
    asked = f'Does "{word}" mean the same as "{other}"? Answer only yes or no.'
    yes, no = scorer.likelihoods([Message("system", _SYSTEM), Message("user", asked)], ["yes", "no"])
    return yes - no


def _strange(question: str, hits: Sequence[Hit]) -> list[str]:
    """The words of a question that stand in no passage, nor in what stands over it."""
    held = {term for hit in hits for term in terms(f"{hit.chunk.context} {hit.chunk.text}", parts=True)}
    words = dict.fromkeys(_WORD.findall(question))
    return [word for word in words if (own := set(terms(word))) and not own & held]


def _offered(question: str, hits: Sequence[Hit], lines: Sequence[Line]) -> list[str]:
    """The words of lines and the headings above them that the question lacks, of plurals the singular, too."""
    asked = set(terms(question, parts=True))
    texts = (in_context(hits[line.number - 1].chunk, line).lower() for line in lines)
    words = dict.fromkeys(word for text in texts for word in _WORD.findall(text) if terms(word))
    forms = dict.fromkeys(form for word in words for form in (word, _singular(word)))
    return [form for form in forms if form not in _NO_OTHER and not asked & set(terms(form))]


def _singular(word: str) -> str:
    """The word without the "s" of a plural, where that is a word."""
    short = word.removesuffix("s")
    return short if terms(short) == terms(word) and spelling.is_known(short) else word


def _nearest(words: Sequence[str], cosines: Vectors) -> list[str]:
    """The nearest words, one form of each."""
    order = (int(place) for place in np.argsort(-cosines) if cosines[place] >= NEAR)
    found: dict[str, str] = {}
    for place in order:
        found.setdefault(" ".join(terms(words[place])), words[place])
    return list(found.values())[:_PROPOSED]


def _is_of_its_kin(word: str, other: str) -> bool:
    """Whether both are made of one word, as other parts of speech: who delivers does not "delivery"."""
    shared = len(os.path.commonprefix([word, other]))
    return shared >= _KIN and {word[shared:], other[shared:]} <= _ENDINGS


def _replaced(question: str, word: str, other: str) -> str:
    return _WORD.sub(lambda found: other if found.group() == word else found.group(), question)
