"""Words as they are compared: stems, codes kept whole, Chinese in pairs. The only file that imports snowballstemmer."""

import re
import threading
import unicodedata
from functools import lru_cache

import snowballstemmer

_TERM = re.compile(r"[^\W_]+(?:[.,\-/'’_][^\W_]+)*")  # E-14, 3.80, co-op, firmware_v2
_PARTS = re.compile(r"[.,\-/'’_]")
# Scripts that put no spaces between words: pairs of characters stand for words there
# (BM25 over character bigrams: Foo and Li, 2004, https://doi.org/10.1016/S0306-4573(03)00074-5).
UNSPACED = "぀-ヿ㐀-䶿一-鿿豈-﫿฀-๿"
_UNSPACED = re.compile(rf"[{UNSPACED}]+")
_STOP = frozenset(
    word
    for line in (
        "a about am an and any are as at be been but by can could did do does for from get had has have he her his how",
        "i if in into is it its may me might must my no not of on or our out shall she should so than that the their",
        "them then there these they this to under up upon was we were what when where which while who why will with",
        "within would you your",
    )
    for word in line.split()
)
_GERMAN = frozenset(
    word
    for line in (
        "der das dem eine einen einem einer und oder aber ist sind wird werden wurde wurden haben nicht kein keine",
        "für von vom zum zur auf nach durch sich sie ihr ihre wir auch dürfen darf muss müssen kann können sollen wenn",
        "zu keinen",
    )
    for word in line.split()
)
_ALSO_GERMAN = frozenset(("die", "den", "des", "ein", "hat", "im", "am", "an", "mit", "bei", "als", "pro", "nur", "er"))
_local = threading.local()


def terms(text: str, *, parts: bool = False) -> list[str]:
    """The terms of a text in its order, without the commonest English words.

    Args:
        parts: a compound is followed by its parts, so that "PPR-9087" is also found by "9087".
    """
    found: list[str] = []
    for match in _TERM.finditer(unicodedata.normalize("NFKC", text).lower().replace("’", "'")):
        term = match.group()
        if _UNSPACED.search(term):
            found += _pairs(term)
            continue
        if term in _STOP:
            continue
        term = term.removesuffix("'s")
        found.append(_stem(term))
        if parts and (pieces := _PARTS.split(term))[1:]:
            found += [_stem(piece) for piece in pieces if piece not in _STOP and len(piece) > 1]
    return found


def is_unspaced(text: str) -> bool:
    """Whether a text is written in a script without spaces between words: Chinese, Japanese, Thai.

    A foreign name does not change that: its characters are set against the words of other scripts.
    """
    others = _UNSPACED.sub(" ", text)
    return sum(map(len, _UNSPACED.findall(text))) > len(_TERM.findall(others))


def is_german(text: str) -> bool:
    """Whether a text is plainly German, by its commonest words; some of those are words of other languages, too."""
    found = set(re.findall(r"[^\W\d_]+", text.lower()))
    sure, others = len(found & _GERMAN), len(found & _ALSO_GERMAN)
    return (
        sure > 1 or sure + others > 2 or (sure == 1 and (others > 0 or re.search("[äöüß]", text.lower()) is not None))
    )


def _pairs(text: str) -> list[str]:
    found: list[str] = []
    end = 0
    for match in _UNSPACED.finditer(text):
        run = match.group()
        found += terms(text[end : match.start()])
        found += [run[index : index + 2] for index in range(len(run) - 1)] or [run]
        end = match.end()
    return found + terms(text[end:])


def _without_accent(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    """The stem of a word; Latin letters lose their accents, which a question often leaves out."""
    if not word.isascii():
        word = "".join(map(_without_accent, word))
    if not word.isalpha() or not word.isascii():
        return word
    if not hasattr(_local, "stemmer"):
        _local.stemmer = snowballstemmer.stemmer("english")  # keeps state: one per thread
    return str(_local.stemmer.stemWord(word))
