"""What a question for issues of a series is about, without the words that only ask. Pure functions.

"What was the margin as stated in the report?" is of the margin: "stated" and "report" tell no line of it from another.
"""

import re
from collections.abc import Collection

from rag.terms import terms

_MUCH = r"notable|significant|considerable|substantial|major|identifiable|specific|any|new"
_KINDS = rf"{_MUCH}|material|important|consistent|key|main|primary"
_CHANGES = r"changes?|shifts?|alterations?|trends?|developments?|variations?|fluctuations?|differences?|disclosures?"
_CHANGED = r"(?:chang|evolv|vari|shift|fluctuat|trend|transform|progress|develop)ed"
_TELLS = r"(?:report|disclose|mention|state|reveal|present|highlight|describe|indicate|announce|provide|outline)"
_TOLD = r"(?:report|disclos|mention|stat|reveal|present|highlight|describ|indicat|announc|provid|outlin)ed"
_OF_IT = (  # what is left of who tells it, and where
    r"(?:\s+by\s+(?!the\b)[\w.-]+)?(?:\s+(?:by|in|for|of|the|its|their|this|these|report))*[\s,;.?!]*$"
)
_LEFT = (  # before a period or name that was taken out
    r"(?:(?<=\w)\s+(?:since|before|after|between|from|until|till|during|for|in|of|by|at|and|to|the|its|their|seit|ab|vor"
    r"|nach|zwischen|und|bis|im?))+"
)
_NAME = r"(?:[\w.-]+\s+){0,3}?"
_ASKING = tuple(  # what is taken out of a question, one after the other
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"[,;.?!]?\s*(?:\b(?:and\s+)?if so\b|\band\s+why\b|[,;.?!]\s*why\b).*",
        r"[,;.?!]?\s*\band\s+(?:how|what)\s+(?:(?:implications?|effects?|impacts?)\s+)?"
        r"(?:might|may|could|would|does|do|has|have|are|is)\b.*\b"
        r"(?:this|these|those|they|it|implications?|effects?|impacts?|affects?)\b.*",
        r"[,;.?!]?\s*\band\s+(?:describe\s+)?how\s+(?:they|it|these|those|this)\b.*",
        r"[,;.?!]\s*(?:and\s+)?(?:please\s+)?(?:list|describe|provide)\b.*",
        r",?\s*\b(?:especially|particularly|in particular|including)\s+(?:those|ones|the ones|any)\b.*",
        r",?\s*\bif any\b,?",
        r"^(?:in|for|during|of)(?:\s+(?:the|its))?\s*(?:,|(?=\s(?:how|what|which|did|does|do|is|are|was|were)\b))\s*",
        r"^(?:please\s+)?(?:summari[sz]e|outline|describe|list|discuss|explain|compare)\s+",
        r"^(?:(?:are|were|is|was)\s+there|(?:has|have)\s+there\s+been)\s+(?:an?\s+)?",
        r"^can\s+.{0,40}?\b(?:identified|seen|found|observed)\s+in\s+",
        rf"^(?:(?:what\s+)?(?:does|do|did)\s+{_NAME}(?:say|{_TELLS})|(?:has|have)\s+{_NAME}{_TOLD})\s+(?:(?:about|on|of)\s+)?",
        rf"(?<=\w)\s+(?:did|does|do)\s+{_NAME}{_TELLS}{_OF_IT}",
        rf"(?<=\w)\s+(?:(?:has|have|had|was|were|is|are)\s+)?(?:been\s+)?(?:as\s+)?{_TOLD}{_OF_IT}",
        rf"^(?:what\s+(?:are|were|is|was)\s+|what\s+)?(?:the\s+)?(?:(?:{_KINDS})\s+)*(?:{_CHANGES})"
        rf"(?:\s+(?:or|and)\s+(?:(?:{_KINDS})\s+)*(?:{_CHANGES})?)?,?\s*\b(?:in|of|to|for|from)\s+",
        rf"^(?:(?:{_MUCH})\s+)+in\s+",
        rf"^(?:what\s+(?:are|were|is|was)\s+)?(?:the\s+)?(?:(?:{_KINDS})\s+)*"
        r"(?:factors?\s+(?:contributing|leading)\s+to|contributors?\s+to|drivers?\s+(?:of|behind)"
        r"|(?:reasons?|causes?)\s+(?:of|for|behind))\s+(?:the\s+)?"
        rf"(?:(?:{_CHANGES}|growth|increase|decrease|decline|rise|drop)\s+(?:in|of)\s+)?(?:the\s+)?",
        r"^what\s+(?:percentage|proportion|share|portion|part|fraction)\s+of\s+(?:the\s+)?",
        rf"(?<=\w)\s+(?:(?:been\s+)?{_CHANGED}|seen\s+(?:{_CHANGES}))[\s,;.?!]*$",
        r"(?<=\w)\s+(?:in|for)\s+the\s+(?:compar|relat)\w+\s+(?:to|with)(?:\s+the)?[\s,;.?!]*$",
        rf"{_LEFT}[\s,;.?!]*$",
        r"^(?:how\s+does|(?:how|what|which)\s+(?:has|have|had|is|are|was|were)|what|which)\s+(?:the\s+)?",
        rf"^(?:(?:{_MUCH})\s+)+",
        r"^wie\s+(?:hat|haben)\s+sich\s+|^wie\s+entwickelten?\s+sich\s+|\s(?:verändert|entwickelt|geändert)[\s?.]*$",
        "(?:的)?(?:如何|怎么|怎样|有何|有什么|发生了什么)(?:变化|演变|发展|趋势)?[？。]?$",  # noqa: RUF001
    )
)
_CHANGE = frozenset(terms("how what did do does change develop evolve vary shift fluctuate it they this these"))
_DID = re.compile(
    r"how\s+(?:did|do)\s+(?:the\s+)?(?P<matter>.+?)\s+(?:change|evolve|develop|vary|shift|fluctuate)[\s,;.?!]*",
    re.IGNORECASE,
)
_RELATES = re.compile(  # one matter to another
    rf"^(?:how\s+(?:did|do)\s+)?(?:the\s+)?(?P<matter>.+?)(?:{_LEFT})?\s+"
    r"(?:(?:relat|compar)(?:e|es|ed)\s+(?:to|with)|reflect(?:s|ed)?\s+(?:on|in)|adapt(?:s|ed)?\s+to)"
    r"\s+(?:(?:the|its|their)\s+)?(?P<other>.+?)(?:\s+(?:for|in)\s+(?:the\s+)?same\s+\w+)?[\s,;.?!]*$",
    re.IGNORECASE,
)
_OR = re.compile(r"\s+(?:or|oder)\s+", re.IGNORECASE)
_LOOSE = re.compile(r"\s+([?.!,;:])")  # a sign behind words that were taken out


def matter(topic: str, names: Collection[str] = ()) -> str:
    """What a question for issues is about: its topic without asking how that changed, who says so, and what may follow.

    "Has there been a notable shift in Heron's costs? If so, why?" is of costs, where "Heron" names the series.

    Args:
        topic: of `rag.series.topic`.
        names: terms that name the series; in all its issues they tell no passage from another.
    """
    bare = " ".join(word for word in topic.split() if not (own := set(terms(word))) or own - set(names))
    return _without_asking(bare) or _without_asking(topic) or topic


def alternatives(matter: str) -> list[str]:
    """The matters of which one is enough: "acquisitions or divestitures" are both."""
    return _OR.split(matter)


def _without_asking(topic: str) -> str:
    """The topic without the words that only ask; "" where nothing else is left."""
    text = topic
    for pattern in _ASKING:
        text = pattern.sub(" ", text).strip()
    if did := _DID.fullmatch(text):
        text = did["matter"]
    elif relates := _RELATES.fullmatch(text):
        text = f"{relates['matter']} or {relates['other']}"
    short = _LOOSE.sub(r"\1", " ".join(text.split())).strip(" ,;.?？。，")  # noqa: RUF001
    return "" if set(terms(short)) <= _CHANGE else short
