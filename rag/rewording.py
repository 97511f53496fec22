"""A question that nothing answers, in the words of the documents: who asks for a laptop may mean their notebooks.

The embedding knows which words are near to each other, but opposites are as near as words that mean the same (landlord
and tenant 0.85, laptop and notebook 0.81). The generator tells them apart, but does not think of the other word. So the
one proposes, and the other agrees or not (docs/evaluation.md). Names and numbers stay.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from rag.embedders import Vectors
from rag.evidence import Line, in_context
from rag.generators import Message, Scorer
from rag.terms import terms
from rag.types import Hit

_NEAR = 0.5  # the least cosine of two words, each read alone
_SAME = 1.0  # the least log odds of "yes"
_PROPOSED = 2  # words for one of the question
_STRANGE = 4  # words of the question that are looked at
_LINES = 6  # whose words are proposed
_WORD = re.compile(r"[^\W\d_]{3,}")
_SYSTEM = "You know English well."
Likeness = Callable[[Sequence[str], Sequence[str]], Vectors]


def reworded(
    question: str, hits: Sequence[Hit], lines: Sequence[Line], likeness: Likeness, scorer: Scorer
) -> Iterator[str]:
    """The question with a word that no passage has in their words, then with one more, the most alike first.

    Args:
        lines: of the hits, nearest first: words come from the first of them and the headings above those.
        likeness: cosines, float32[n, m], of n words and m others.
        scorer: asked whether two words mean the same; needs its turn.
    """
    strange, offered = _strange(question, hits)[:_STRANGE], _offered(question, hits, lines[:_LINES])
    if not strange or not offered:
        return
    cosines = likeness([word.lower() for word in strange], offered)
    for row in sorted(range(len(strange)), key=lambda row: -cosines[row].max()):
        nearest = sorted(range(len(offered)), key=lambda place: -cosines[row][place])[:_PROPOSED]
        near = (offered[place] for place in nearest if cosines[row][place] >= _NEAR)
        if same := next((word for word in near if _mean_the_same(strange[row], word, scorer)), None):
            question = re.sub(rf"\b{strange[row]}\b", same, question)
            yield question[0].upper() + question[1:]


def _strange(question: str, hits: Sequence[Hit]) -> list[str]:
    """The words of a question that stand in no passage, nor in what stands over it."""
    held = {term for hit in hits for term in terms(f"{hit.chunk.context} {hit.chunk.text}", parts=True)}
    found = _WORD.finditer(question)
    words = (word.group() for word in found if word.group()[0].islower() or word.start() == 0)
    return list(dict.fromkeys(word for word in words if (own := set(terms(word))) and not own & held))


def _offered(question: str, hits: Sequence[Hit], lines: Sequence[Line]) -> list[str]:
    """The words of lines and the headings above them that the question lacks, of plurals the singular, too."""
    asked = set(terms(question, parts=True))
    texts = (in_context(hits[line.number - 1].chunk, line) for line in lines)
    words = (word.group().lower() for text in texts for word in _WORD.finditer(text))
    forms = (form for word in words for form in (word, word.removesuffix("s")) if terms(form) == terms(word))
    return list(dict.fromkeys(form for form in forms if (own := set(terms(form))) and not own & asked))


def _mean_the_same(word: str, other: str, scorer: Scorer) -> bool:
    asked = f'Does "{word}" mean the same as "{other}"? Answer only yes or no.'
    yes, no = scorer.likelihoods([Message("system", _SYSTEM), Message("user", asked)], ["yes", "no"])
    return yes - no >= _SAME
