"""What an answer says in words of Footnote's own, in the language of the question."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from rag.terms import is_unspaced


@dataclass(frozen=True)
class Phrases:
    """Those of one language.

    Attributes:
        refusal: the whole answer where there is none.
        nearest: before lines that are near to the question and may not answer it.
        otherwise: before a line of another document, with a place for `added`.
        added: when that document was added, with a place for the day.
        not_quoted: after an overview, with places for names of documents and for `others`.
        one_more, more: documents that are not named, with a place for their number.
        comma: between names.
    """

    refusal: str
    nearest: str
    otherwise: str
    added: str
    not_quoted: str
    one_more: str
    more: str
    comma: str = ", "


ENGLISH = Phrases(
    refusal="I could not find an answer to this in your documents.",
    nearest="No document answers this outright. What is nearest to it:",
    otherwise="Another document{added} says otherwise: ",
    added=", added on {day},",
    not_quoted="Not quoted: {names}{others}.",
    one_more=" and 1 other",
    more=" and {count} others",
)
GERMAN = Phrases(
    refusal="Dazu habe ich in Ihren Dokumenten keine Antwort gefunden.",
    nearest="Kein Dokument beantwortet das ausdrücklich. Am nächsten kommt dem:",
    otherwise="In einem anderen Dokument{added} steht etwas anderes: ",
    added=", hinzugefügt am {day},",
    not_quoted="Nicht zitiert: {names}{others}.",
    one_more=" und 1 weiteres",
    more=" und {count} weitere",
)
CHINESE = Phrases(
    refusal="在您的文档中没有找到这个问题的答案。",
    nearest="没有文档直接回答这个问题。最接近的内容：",  # noqa: RUF001
    otherwise="另一份文档{added}的说法不同：",  # noqa: RUF001
    added="（{day} 添加）",  # noqa: RUF001
    not_quoted="未引用：{names}{others}。",  # noqa: RUF001
    one_more="以及另外 1 份",
    more="以及另外 {count} 份",
    comma="、",
)
_KANA = re.compile("[\u3040-\u30ff]")  # Japanese, of which nothing is known here
_HAN = re.compile("[\u4e00-\u9fff]")
_GERMAN = (  # words that are no others in English, nor in the languages beside German
    r"und|ist|nicht|keine?n?|wie|wann|wer|we[nm]|wo|warum|wieso|weshalb|wieviel|wo(?:hin|her|mit|für)|für|mit|gibt|kosten?t?"
    r"|bedeutet|heißt|passiert|gilt|steht|macht|geschieht|öffnet|schließt|eine[nmrs]?|das|ich|wir|sich|auf|aus|bei|zu[mr]?"
    r"|vo[nm]|nach|über|sind|wird|werden|wurde|kann|darf|muss|soll|haben|hat|habe|dürfen|können|müssen|sollen|viele?|lange"
    r"|welche[rsnm]?|wenn|unsere?|meine?|ihre?|mir|mich|uns|es"
)
_ALSO_GERMAN = "was|der|die|de[nms]|ein|im|a[mn]|als|pro|nur|er|so"
_ENGLISH = (
    "the|of|is|are|what|when|where|who|whom|whose|which|why|how|does|do|did|can|may|must|should|would|could|will|shall|and|or"
    "|for|with|to|from|my|ours?|your|their|there|its?|this|that|be|has|have|not|on|at|by|if|about|i|we|you|s?he|they|an?|much"
    "|many|long|any"
)
_NORTHERN = "hvad|hvor|hvordan|hvilken?|hvem|hvornår"  # Danish and Norwegian have "der" and "er"


def _counter(words: str) -> Callable[[str], int]:
    pattern = re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    return lambda text: len(pattern.findall(text))


_german, _also_german, _english, _northern = map(_counter, (_GERMAN, _ALSO_GERMAN, _ENGLISH, _NORTHERN))


def phrases_for(question: str) -> Phrases:
    """Those in the language of a question; English where that is not told, or not known.

    One in Chinese characters alone is taken for Chinese. German is what has more of its words than of those of English:
    names of persons and places have some of them, too.
    """
    if is_unspaced(question) and _HAN.search(question) and not _KANA.search(question):
        return CHINESE
    sure, begins = _german(question), question.split(maxsplit=1)[:1]
    is_german = sure and sure + _also_german(question) > _english(question) and not _northern(question)
    return GERMAN if is_german and not _english(*begins) else ENGLISH


def is_refusal(text: str) -> bool:
    """Whether what a generator wrote is the sentence that there is no answer, whatever it put around it."""
    written = text.strip()
    return any(written.startswith(one.refusal.rstrip(".。")) for one in (ENGLISH, GERMAN, CHINESE))
