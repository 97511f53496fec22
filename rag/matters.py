"""What a question for issues of a series is about, without the words that only ask. Pure functions.

"What was the margin as stated in the report?" is of the margin: "stated" and "report" tell no line of it from another.
"""

import re
from collections.abc import Collection

from rag.terms import terms

_PLAINLY = r"notable|significant|considerable|substantial|identifiable|any"  # no part of a name, as "new" may be
_KINDS = rf"{_PLAINLY}|new|specific|major|material|important|consistent|key|main|primary"
_CHANGES = r"changes?|shifts?|alterations?|trends?|developments?|variations?|fluctuations?|differences?|disclosures?"
_CHANGED = r"(?:chang|evolv|vari|shift|fluctuat|trend|transform|progress|develop)ed"
_TELLS = r"(?:report|disclose|mention|reveal|highlight|describe|indicate|announce)"
_TOLD = r"(?:report|disclos|mention|stat|reveal|present|highlight|describ|indicat|announc|outlin)ed"
_OF_IT = (  # what is left of who tells it, and where
    r"(?:\s+by\s+(?!the\b)[\w.-]+)?(?:\s+(?:by|in|for|of|the|its|their|this|these|report))*[\s,;.?!]*$"
)
_LEFT = (  # before a period or name that was taken out
    r"(?:(?<=\w),?\s+(?:in den jahren|im jahr|or|oder|since|before|after|between|from|until|till|during|for|in|of|by|at"
    r"|and|to|the|its|their|seit|ab|vor|nach|zwischen|und|bis|im?))+"
)
_OF_CHANGE = rf"(?:(?:the\s+)?(?:{_CHANGES}|growth|increase|decrease|decline|rise|drop)\s+(?:in|of)\s+)"
_NAME = r"(?:[\w.-]+\s+){0,3}?"
_ASKING = tuple(  # what is taken out of a question, one after the other
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"[,;.?!]?\s*(?:\b(?:and\s+)?if so\b|\band\s+why\b|[,;.?!]\s*why\b).*",
        r"[,;.?!]?\s*\band\s+(?:how|what)\s+(?:(?:implications?|effects?|impacts?)\s+)?"
        r"(?:might|may|could|would|does|do|has|have|are|is)\b.*\b"
        r"(?:this|these|those|they|it|implications?|effects?|impacts?|affects?)\b.*",
        r"[,;.?!]?\s*\band\s+(?:describe\s+)?how\s+(?:they|it|these|those|this)\b.*",
        r"(?:[;.?!]|,\s*and\b)\s*(?:please\s+)?(?:list|describe|provide)\b.*",
        r",?\s*\b(?:especially|particularly|in particular|including)\s+(?:those|ones|the ones)\b.*",
        r",?\s*\bif any\b,?",
        r"^(?:in|for|during|of)(?:\s+(?:the|its))?\s*(?:,|(?=\s(?:how|what|which|did|does|do|is|are|was|were)\b))\s*",
        r"^(?:please\s+)?(?:summari[sz]e|outline|describe|list|discuss|explain|compare)\s+",
        r"^(?:(?:are|were|is|was)\s+there|(?:has|have)\s+there\s+been)\s+(?:an?\s+)?",
        r"^can\s+.{0,40}?\b(?:identified|seen|found|observed)\s+in\s+",
        r"^(?:what\s+)?(?:does|do|did)\s+(?:[\w.-]+\s+){0,6}?say\s+(?:about|on|of)\s+",
        r"^was\s+(?:steht|sagt)\s+.{0,60}?\b(?:über|zu[mr]?)\s+",
        rf"^(?:(?:what\s+)?(?:does|do|did)\s+{_NAME}{_TELLS}|(?:has|have)\s+{_NAME}{_TOLD})\s+(?:(?:about|on|of)\s+)?",
        rf"(?<=\w)\s+(?:did|does|do)\s+{_NAME}{_TELLS}{_OF_IT}",
        rf"(?<=\w)\s+(?:(?:has|have|had|was|were|is|are)\s+)?(?:been\s+)?(?:as\s+)?{_TOLD}{_OF_IT}",
        rf"^(?:what\s+(?:are|were|is|was)\s+|what\s+)?(?:the\s+)?(?:(?:{_KINDS})\s+)*(?:{_CHANGES})"
        rf"(?:\s+(?:or|and)\s+(?:(?:{_KINDS})\s+)*(?:{_CHANGES})?)?,?\s*\b(?:in|of|to|for|from)\s+",
        rf"^(?:(?:{_PLAINLY})\s+)+in\s+",
        rf"^(?:what\s+(?:are|were|is|was)\s+)?(?:the\s+)?(?:(?:{_KINDS})\s+)*"
        rf"(?:(?:factors?\s+(?:contributing|leading)\s+to|contributors?\s+to|drivers?\s+(?:of|behind))\s+{_OF_CHANGE}?"
        rf"|(?:reasons?|causes?)\s+(?:of|for|behind)\s+{_OF_CHANGE})(?:the\s+)?",
        r"^what\s+(?:percentage|proportion|share|portion|part|fraction)\s+of\s+(?:the\s+)?",
        rf"(?<=\w)\s+(?:(?:been\s+)?{_CHANGED}|seen\s+(?:{_CHANGES}))[\s,;.?!]*$",
        rf"(?:{_LEFT})?(?<=\w)\s+compared?(?:\s+(?:to|with))?(?:\s+the)?[\s,;.?!]*$",
        rf"{_LEFT}[\s,;.?!]*$",
        r"^(?:how\s+does|(?:how|what|which)\s+(?:has|have|had|is|are|was|were)|what|which)\s+(?:the\s+)?",
        rf"^(?:(?:{_PLAINLY})\s+)+",
        r"^wie\s+entwickelten?\s+sich\s+",
        "(?:的)?(?:如何|怎么|怎样|有何|有什么|发生了什么)(?:变化|演变|发展|趋势)?[？。]?$",  # noqa: RUF001
    )
)
_CHANGE = frozenset(
    terms("how what did do does change develop evolve vary shift fluctuate it they this these often much many")
)
_DID = re.compile(
    r"how\s+(?:did|do)\s+(?:the\s+)?(?P<matter>.+?)\s+(?:change|evolve|develop|vary|shift|fluctuate)[\s,;.?!]*",
    re.IGNORECASE,
)
_WIE = re.compile(
    r"wie\s+(?:hat|haben)\s+sich\s+(?P<matter>.+?)\s+(?:verändert|entwickelt|geändert)[\s?.]*", re.IGNORECASE
)
_HOW = re.compile(r"^how\s+(?:did|do)\s+(?:the\s+)?", re.IGNORECASE)
_RELATES = re.compile(  # one matter to another
    rf"^(?:how\s+(?:did|do)\s+)?(?:the\s+)?(?P<matter>.+?)(?:{_LEFT})?\s+"
    r"(?:(?:relat|compar)(?:e|es|ed)\s+(?:to|with)|reflect(?:s|ed)?\s+(?:on|in)|adapt(?:s|ed)?\s+to)"
    r"\s+(?:(?:the|its|their)\s+)?(?P<other>.+?)(?:\s+(?:for|in)\s+(?:the\s+)?same\s+\w+)?[\s,;.?!]*$",
    re.IGNORECASE,
)
_OR = re.compile(r"\s+(?:or|oder)\s+", re.IGNORECASE)
_CLAUSE = re.compile(r"(?:did|does|do|is|are|was|were|has|have|who|how|when|where|why)\b", re.IGNORECASE)
_OF_BOTH = re.compile(r"\s(?:of|in|for|from|by|at|von|vom|für|im|bei)\s.*$", re.IGNORECASE)
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
    """The matters of which one is enough: "profit or loss of pumps" are "profit of pumps" and "loss of pumps".

    What has a verb is one: of "Does the tenant or the landlord pay" neither half says what is asked.
    """
    parts = _OR.split(matter)
    if _CLAUSE.match(matter) or not all(map(terms, parts)):
        return [matter]
    of = _OF_BOTH.search(parts[-1])
    return [part if of is None or _OF_BOTH.search(part) else f"{part}{of.group()}" for part in parts]


def joined(text: str) -> str:
    """A text that words were taken out of: one blank between the others, and none before a sign."""
    return _LOOSE.sub(r"\1", " ".join(text.split()))


def _without_asking(topic: str) -> str:
    """The topic without the words that only ask; "" where nothing else is left."""
    wie = _WIE.fullmatch(topic.strip())
    text = wie["matter"] if wie else topic
    for pattern in _ASKING:
        text = pattern.sub(" ", text).strip()
    if did := _DID.fullmatch(text):
        text = did["matter"]
    elif relates := _RELATES.fullmatch(text):
        text, other = relates["matter"], relates["other"]
        text = f"{text} and {other}" if set(terms(other)) - set(terms(text)) else text
    text = _HOW.sub("", text)
    short = joined(text).strip(" ,;.?？。，")  # noqa: RUF001
    return "" if set(terms(short)) <= _CHANGE else short
