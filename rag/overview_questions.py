"""Questions for an overview: of a document, of all of them, of a matter that they treat. Pure functions.

"Summarise the manual" asks for no fact: no line answers it, and the passages that are nearest to its words are any.
"""

import re
from collections.abc import Sequence
from pathlib import PurePath

from rag.catalog import NamedDocument
from rag.terms import terms

_WHAT = r"(?:summary|overview|outline|synopsis|gist|recap|rundown)"
_POLITE = (
    r"(?:please\s+|(?:can|could|would|will)\s+you\s+(?:please\s+)?|(?:can|could|may)\s+i\s+have\s+"
    r"|i(?:'d like| want| need)\s+)?"
)
_SIZE = r"(?:(?:short|brief|quick|concise|general|detailed|executive|high-level|rough)\s+)?"
_OF = r"(?:\s+(?:of|on|about|for)\s+(?P<subject>.+))?"
_MAIN = r"(?:(?:main|key|most important|major|central|essential)\s+)"
_POINTS = (
    r"(?:points?(?!\s+of\s+(?:contact|difference|sale|entry|failure|view|departure|interest|origin|reference|access"
    r"|delivery)\b)|ideas?|topics?|takeaways?|messages?)"
)
_TOPICS = r"(?:topics?|subjects?|matters?)"
_FILES = r"(?:documents|files|uploads|pdfs)"
_THERE = (  # after "which documents"
    r"(?:do\s+(?:you|i|we)\s+have(?:\s+access\s+to)?|have\s+(?:(?:i|we)\s+|been\s+)(?:uploaded|added)"
    r"|did\s+(?:i|we)\s+(?:upload|add)"
    r"|can\s+you\s+(?:see|read|access|search)|do\s+you\s+know"
    r"|are\s+(?:(?:there|here)(?:\s+in\s+the\s+library)?|uploaded|loaded|available"
    r"|in\s+(?:the|my|our|your)\s+(?:library|collection)))"
)
_VERSION = (  # with a few words of what: "the Skua firmware 4.1"; nothing follows its number
    r"(?P<subject>(?:(?!(?:since|seit|vs|versus|than|between)\b)[\w-]+\s+){0,4}?"
    r"(?:(?:version|release|edition|update|firmware|ausgabe)\s+v?\d[\w.]*|v\d[\w.]*|\d+(?:\.\d+)+))"
)
_IN = r"(?:\s+(?:of|in|from)\s+(?P<subject>.+))?"
_KINDLY = r"(?:(?:mir|uns|bitte|kurz|mal|doch)\s+)*"
_ASKED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_POLITE}(?:briefly\s+)?(?:summari[sz]e|sum\s+up|outline|recap)(?:\s+(?:for me\s+)?(?P<subject>.+))?",
        rf"{_POLITE}sum\s+(?P<subject>.+)\s+up",
        rf"{_POLITE}(?:(?:give|write|make|show|provide|create)\s+(?:me\s+|us\s+)?)?(?:(?:a|an|the)\s+)?{_SIZE}{_WHAT}{_OF}",
        rf"(?:what\s+(?:is|are)|what's)\s+(?:the\s+)?{_MAIN}{_POINTS}{_IN}",
        rf"{_POLITE}(?:list\s+|give\s+(?:me\s+)?)?(?:the\s+)?{_MAIN}{_POINTS}{_IN}",
        rf"{_POLITE}tell\s+me\s+(?:all\s+|something\s+|more\s+)?about\s+(?P<subject>.+)",
        r"(?:what\s+(?:is|are)|what's)\s+(?P<subject>.+?)\s+(?:all\s+)?about",
        r"what\s+do(?:es)?\s+(?P<subject>.+?)\s+(?:say|contain|deal with|talk about)",
        r"what\s+do(?:es)?\s+(?P<subject>(?!.*(?:policy|contract|agreement|plan|insurance|warranty)\b).+?)\s+"
        r"(?:cover|describe)",
        rf"(?:what|which)\s+{_TOPICS}\s+do(?:es)?\s+(?P<subject>.+?)\s+(?:cover|treat|discuss|describe|deal with)",
        rf"(?:what|which)\s+{_TOPICS}\s+are\s+(?:covered|treated|discussed|described)\s+(?:in|by)\s+(?P<subject>.+)",
        r"what\s+can\s+(?:i|we|you)\s+find\s+in\s+(?P<subject>.+)",
        r"what\s+(?:can\s+you\s+tell\s+(?:me|us)|do\s+you\s+know)\s+about\s+(?P<subject>.+)",
        rf"(?:what\s+(?:is|was)|what's)\s+new\s+(?:in|with)\s+{_VERSION}",
        rf"what\s+(?:(?:has|was|were)\s+(?:been\s+)?)?changed\s+(?:in|with)\s+{_VERSION}",
        rf"(?:what\s+(?:are|were)\s+)?(?:the\s+)?changes\s+(?:in|of|with)\s+{_VERSION}",
        rf"was\s+(?:ist|war)\s+(?:neu\s+)?(?:in|an|bei)\s+(?:der\s+)?{_VERSION}(?:\s+neu)?",
        rf"was\s+hat\s+sich\s+(?:in|an|bei|mit)\s+(?:der\s+)?{_VERSION}\s+(?:ge|ver)ändert",
        rf"(?:die\s+)?(?:änderungen|neuerungen)\s+(?:in|an|bei|mit)\s+(?:der\s+)?{_VERSION}",
        r"(?P<subject>.{0,20}?\d+(?:\.\d+)*版本?)(?:中|里)?(?:有|做了)?(?:什么|哪些)(?:新功能|新内容|变化|更新|改动)",
        rf"{_POLITE}(?:list|name|show(?:\s+me)?)\s+(?P<subject>(?:all\s+)?(?:(?:my|our|the|your)\s+)?{_FILES})",
        rf"(?:what|which)\s+(?P<subject>{_FILES})\s+{_THERE}",
        r"welche\s+(?P<subject>dokumente|dateien|unterlagen)\s+(?:gibt\s+es|hast\s+du|kennst\s+du|haben\s+sie"
        r"|haben?\s+(?:ich|wir)(?:\s+hochgeladen)?)",
        r"welche\s+themen\s+behandelt\s+(?P<subject>.+)",
        r"was\s+wei(?:ß|ss)t\s+du\s+über\s+(?P<subject>.+)",
        r"(?:(?:这里|库里)?有|我上传了|你有)(?:哪些|什么)(?P<subject>文档|文件|资料)",
        r"(?:what\s+(?:is|stands)|what's)\s+in\s+(?P<subject>.+)",
        r"(?:what\s+(?:is|stands)|what's)\s+(?:written\s+)?on\s+(?P<subject>(?:the\s+)?(?:page|slide)s?\s.+)",
        r"tl;?dr(?:\s+(?:of\s+)?(?P<subject>.+))?",
        rf"(?:bitte\s+)?fass(?:e|en\s+sie)?\s+{_KINDLY}(?P<subject>.+?)\s+{_KINDLY}zusammen",
        rf"(?:kannst\s+du|können\s+sie|könntest\s+du|könnten\s+sie|bitte)\s+{_KINDLY}(?P<subject>.+?)\s+{_KINDLY}"
        r"zusammenfassen",
        rf"(?:(?:gib|geben\s+sie)\s+{_KINDLY})?(?:eine?n?\s+)?(?:kurzen?\s+)?(?:zusammenfassung|überblick|übersicht)"
        r"(?:\s+(?:über|von|vom|zu[mr]?|des|der)\s+(?P<subject>.+))?",
        r"was\s+(?:sind|ist)\s+(?:die|das)\s+(?:wichtigsten?|wesentlichen?)\s+(?:punkte?|themen|inhalte?|aussagen?)"
        r"(?:\s+(?:in|im|aus|von|vom|des|der)\s+(?P<subject>.+))?",
        r"worum\s+geht\s+es\s+(?:in|im|bei|beim)\s+(?P<subject>.+)",
        r"wovon\s+handel[nt]+\s+(?P<subject>.+)",
        r"was\s+steht\s+(?:in|im|auf)\s+(?P<subject>.+)",
        r"请?(?:能不能|可以|能)?(?:请|帮我|给我)?(?:简要|简单)?(?:地)?(?:总结|概括|概述|归纳)(?:一下)?(?P<subject>[^谁哪几]*?)吗?",
        r"(?P<subject>[^谁哪几]+?)的?(?:主要内容|内容概要|摘要|概要|大意)(?:是什么|有哪些)?",
        r"(?P<subject>[^谁哪几]+?)(?:主要)?(?:讲|写)(?:了|的是)?什么(?:内容)?",
    )
)
_TAIL = re.compile(  # of a question; it says how, not of what
    r"(?:[,\s]+(?:please|for me|briefly|bitte|kurz|in (?:more )?detail|in plain \w+"
    r"|in (?:a few|one|two|three|four|five|\d+)"
    r" (?:sentences?|words|bullet points|lines|paragraphs?)))+$",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(  # of a subject; it tells no matter from another
    rf"^(?:the\s+)?(?:{_MAIN}?{_POINTS}|rules?|steps?|details?|information|facts?|sections?|chapters?|polic(?:y|ies))"
    r"\s+(?:of|in|from|for|on|about|regarding)\s+",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"^[这那本该此]?[份个篇]|[里中内]$")  # of a subject: "this", and "in"
_ANY = frozenset(  # words for documents of any name
    terms(
        "document documents file files text texts paper papers report reports book article pdf pdfs library collection "
        "upload uploads uploaded everything all whole entire dokument dokumente dokumenten dokuments datei dateien "
        "text bericht alles unterlagen"
    )
)
_CHANGED = (
    r"(?:\s+(?:(?:has|was|were)\s+(?:been\s+)?)?changed|(?:'s|\s+(?:is|was))\s+new"
    r"|\s+(?:are|were)\s+(?:the\s+)?changes)\b"
)
_KNOWN = r"\s+(?:can\s+you\s+tell|do\s+you\s+know)\b"
# Forms that ask for a fact unless their subject is a document: "What is in the warranty?" is no such question.
_OF_DOCUMENTS = re.compile(
    rf"what(?!(?:'s|\s+(?:is|are))\s+(?:the\s+)?{_MAIN}|{_KNOWN}|{_CHANGED})|was steht|worum|wovon", re.IGNORECASE
)
_OF_TEXTS = re.compile(r"worum|wovon", re.IGNORECASE)  # which ask for no fact
_KINDS = frozenset(  # words that are part of the names of documents
    terms(
        "handbook manual policy guide guideline instructions notes minutes contract agreement faq plan specification "
        "presentation slides sheet spreadsheet brochure leaflet thesis study newsletter handbuch anleitung richtlinie "
        "vertrag protokoll leitfaden broschüre"
    )
)
_ANY_CHINESE = re.compile(r"(?:这|那|此|该|本|份|篇|个|些|我|们|的|所|有|全|部|文|档|件|章|资|料|书|库|报|告)+")
_SMALL = frozenset(  # words of a subject that name nothing
    terms(
        "every each both one das die der den dem des ein eine einen diese dieses diesem dieser meine meinen meines "
        "meiner unser unsere unserem unseren unserer unseres ganze mit von vom zum zur im für über"
    )
)
_SEVERAL = re.compile(
    r"\b(?:my|our|all|every\w*|each|these|(?:document|file|report|paper|text|upload)s|dokumente\w*|alles?|unterlagen)\b",
    re.IGNORECASE,
)
_BACK = re.compile(r"(?:(?-i:[iI]t)|that|this|these|those|them|him|her|das|dies|es|这|那|它)", re.IGNORECASE)
_LEANING = re.compile(r"\b(?:(?-i:[iI]ts?)|that|those|they|them|their)\b", re.IGNORECASE)
_THIS_ONE = re.compile(
    r"(?:this|that|the|das|dem|des|die|der|diese[mnrs]?)\s+(?:document|file|pdf|dokuments?|datei)"
    r"|(?:this|that|diese[mnrs]?)\s+(?:report|paper|text|bericht)|[这那该此][份个篇]?(?:文档|文件|报告|文章)",
    re.IGNORECASE,
)
_ABOUT_WHAT = re.compile(r"^(?:and\s+|but\s+|so\s+)?(?:what|how)\s+about\s+", re.IGNORECASE)
_SIGNS = " ?.!。？！"  # at the end of a question
_SEPARATORS = re.compile(r"[\W_]+")


def subject(question: str) -> str | None:
    """What an overview is asked of, "" where nothing is named; None of other questions."""
    asked = _asked(question)
    return None if asked is None else _LEAD_IN.sub("", _CHINESE.sub("", _named(asked).strip(f"\"“”'{_SIGNS}")))


def whole(question: str, before: str) -> str | None:
    """A question for an overview that follows another question, as it is understood alone; None of all others.

    One that only points back is of what was asked before.
    """
    asked = _asked(question)
    if asked is None or not may_be_of_matter(question):
        return None
    if not _BACK.fullmatch(_named(asked)):
        return None if _LEANING.search(_named(asked)) else question
    meant = subject(before)
    if meant == "":
        return before
    start, end = asked.span("subject")
    return f"{asked.string[:start]}“{_ABOUT_WHAT.sub('', meant or before).rstrip(_SIGNS)}”{asked.string[end:]}"


def is_of_one(question: str) -> bool:
    """Whether an overview is asked of "this document", which is that of the answer before."""
    asked = _asked(question)
    return asked is not None and _THIS_ONE.fullmatch(_named(asked)) is not None


def may_be_of_matter(question: str) -> bool:
    """Whether it is a question for an overview also where no document is called like its subject."""
    return not _OF_DOCUMENTS.match(question.strip())


def documents(question: str, about: str, asked: Sequence[NamedDocument], *, is_part: bool = False) -> tuple[str, ...]:
    """Ids of those of the documents that an overview is asked of; `about`: its subject.

    They are those whose name or title holds every word of the subject. A single word, unless it is one for a document
    ("the manual"), has to be the whole name: "Summarise sales" is of a matter, though a file is "sales 2023.csv". What
    asks for a fact, too, is of a document where several words are just its name ("What is in the house rules?"). Where
    the subject means any document ("my documents", "this"), they are the only one of just that name, or all.

    Args:
        is_part: a page or section of `about` is asked for, so that it is a document.
    """
    words = _words(about) - _SMALL
    stems = {one.id: _words(PurePath(one.name).stem) for one in asked}
    exactly = tuple(document for document, stem in stems.items() if words and stem == words)
    if not about or _BACK.fullmatch(about) or _ANY_CHINESE.fullmatch(about) or (words and words <= _ANY):
        return tuple(stems) if _SEVERAL.search(about) or len(exactly) != 1 else exactly
    if exactly and (len(words) > 1 or _OF_TEXTS.match(question.strip())):
        return exactly
    if not words or not (is_part or may_be_of_matter(question) or words & (_ANY | _KINDS)):
        return ()
    named = words - _ANY
    if words <= _KINDS or len(words) > 1:
        held = {one.id: _words(f"{one.name} {one.title}") for one in asked}
        return tuple(document for document, name in held.items() if words <= name or named <= name)
    return exactly


def _asked(question: str) -> re.Match[str] | None:
    text = " ".join(question.replace("’", "'").split()).rstrip(_SIGNS)  # noqa: RUF001
    text = _TAIL.sub("", text).rstrip(_SIGNS)
    return next((found for pattern in _ASKED if (found := pattern.fullmatch(text))), None)


def _named(asked: re.Match[str]) -> str:
    return (asked.groupdict().get("subject") or "").strip()


def _words(text: str) -> set[str]:
    return set(terms(_SEPARATORS.sub(" ", text)))
