"""What an answer says in words of Footnote's own, in the language of the question."""

import re
from dataclasses import dataclass

from rag.terms import is_german, is_unspaced


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
    """

    refusal: str
    nearest: str
    otherwise: str
    added: str
    not_quoted: str
    one_more: str
    more: str


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
    nearest="Kein Dokument beantwortet das ausdrücklich. Am nächsten kommt:",
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
    one_more=" 以及另外 1 份",
    more=" 以及另外 {count} 份",
)
_KANA = re.compile("[\u3040-\u30ff]")  # Japanese, of which nothing is known here
_HAN = re.compile("[\u4e00-\u9fff]")


def phrases_for(question: str) -> Phrases:
    """Those in the language of a question; English where that is not told, or not known."""
    if is_unspaced(question) and _HAN.search(question) and not _KANA.search(question):
        return CHINESE
    return GERMAN if is_german(question) else ENGLISH


def is_refusal(text: str) -> bool:
    """Whether what a generator wrote is the sentence that there is no answer, whatever it put around it."""
    written = text.strip()
    return any(written.startswith(one.refusal.rstrip(".。")) for one in (ENGLISH, GERMAN, CHINESE))
