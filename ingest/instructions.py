"""Sentences that speak to a language model instead of a reader: "ignore previous instructions". Pure functions.

A document that is asked is read by a model, which may take such a sentence for an order. The patterns are narrow: a
manual is full of instructions to people, and a text about language models names them without giving them orders.
"""

import re
import unicodedata
from collections.abc import Iterator

from rag.types import Span

_ORDERS = (
    r"(?:instruction|prompt|direction|directive|guideline|rule|command|order|constraint|safeguard|filter|training)s?"
)
_BEFORE = (
    r"(?:previous(?:ly)?|prior|preceding|foregoing|earlier|above|existing|original|initial|system|hidden|given|other)"
)
_MODEL = (
    r"(?:a\.?i\.?(?!\w)(?:[ -](?:model|assistant|agent|system|bot|reviewer|reader|summari[sz]er)s?)?"
    r"|l\.?l\.?m\.?s?(?!\w)|(?:large )?language models?|chat ?bots?|chat ?gpt|gpt(?:-?\d\w?)?|ai-?assistants?)"
    r"(?! (?:researcher|developer|engineer|expert|team|user|compan|vendor|provider|product|project|research|develop))"
)
_PATTERNS = (
    # ignore all previous instructions
    rf"\b(?:ignore|disregard|forget|override|overrule|bypass|discard|do not follow|don't follow|stop following)\b"
    rf"(?:\W+\w+){{0,4}}?\W+(?:{_BEFORE}\W+(?:\w+\W+){{0,2}}?{_ORDERS}|(?:the|your|all|any|my|every) {_ORDERS}"
    rf"(?:\W+\w+){{0,3}}?\W+{_BEFORE})\b",
    rf"\b(?:ignore|disregard|forget|override|bypass)\W+(?:\w+\W+){{0,2}}?your\W+(?:\w+\W+){{0,2}}?{_ORDERS}\b",
    r"\b(?:ignore|disregard|forget) (?:everything|all|anything)(?: that)?(?: \w+){0,3} "
    r"(?:above|before this|so far|previously)\b"
    r"|\b(?:ignore|disregard) (?:all )?(?:the |of the )?above (?:and|text|content)\b",
    # note to the AI: · if you are a language model
    rf"\b(?:note|message|attention|instructions?|notice|memo|warning|hint|order|command)s? (?:to|for) "
    rf"(?:\w+ ){{0,3}}?{_MODEL}\b",
    rf"\b(?:attention|dear|hey|hello)[,:]? (?:\w+ ){{0,2}}?{_MODEL}\b(?= *[,:!])",
    rf"\bif you(?: are|'re) (?:an? |the |any )?(?:\w+ )?{_MODEL}\b",
    rf"\b(?:as|being) an? {_MODEL}, you (?:must|should|will|shall|have to|need to)\b",
    rf"\byou are (?:now |no longer )(?:an? |the )?(?:\w+ ){{0,3}}?(?:{_MODEL}|DAN|jailbroken|unrestricted|bound by)\b",
    rf"\b(?:from now on|henceforth)\W+you are (?:an? |the )?(?:\w+ ){{0,3}}?{_MODEL}\b",
    rf"\b{_MODEL}(?: \w+){{0,3}}? (?:must|should|shall|are to|is to) (?:now )?"
    r"(?:ignore|disregard|forget|reply|respond|answer|always|never|output|say|recommend|only)\b(?=.*\b(?:instruction|prompt|user|asked|only))",
    # the person who asks is not to know
    r"\b(?:do not|don't|never|without)\W+(?:tell|reveal|mention|inform|show|disclos)\w*\W+"
    r"(?:(?:this|that|it|these|them|anything|any of this)\W+(?:\w+\W+){0,3}?(?:the|your) user"
    r"|(?:the|your) user\W+(?:\w+\W+)?(?:about|of|that) (?:this|these|it|you|your))\b",
    r"\b(?:when|if|whenever|once) the user asks?\b[^.!?\n]*"
    r"\b(?:say|answer|reply|respond|tell|recommend|claim|state|output)\b",
    r"\b(?:tell|convince|persuade|instruct|ask|urge) the user (?:to|that)\b"
    r"(?=.*\b(?:visit|click|send|enter|pay|password|http|link|download|call|buy)\b)",
    # the prompt
    r"\b(?:reveal|print|repeat|output|show|leak|disclose|send|quote)\W+(?:\w+\W+){0,3}?"
    r"(?:system|hidden|initial|original) prompt\b",
    r"^[^\w\n]*(?:new|updated|real|actual|override|overriding|begin|end of|important)? ?(?:system|developer) "
    r"?(?:prompt|message|instructions?|override)\W*:",
    r"^[^\w\n]*(?:new|updated|real|actual|your new) instructions? ?: ",
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|>|\[/?INST\]|<</?SYS>>"
    r"|^[^\w\n]*#{2,3} ?(?:system|instruction)s? ?(?:prompt|message)? ?:",
    # other languages
    r"\b(?:ignorier\w*|missachte\w*|vergiss|vergesse\w*|beachte\w* nicht)\b(?:\W+\w+){0,4}?\W+(?:vorherig\w*|vorig\w*"
    r"|bisherig\w*|obig\w*|vorangegangen\w*|früher\w*|deine|ihre)\W+(?:\w+\W+){0,2}?(?:anweisung|instruktion|befehl|vorgabe|prompt)",
    r"\b(?:ignor\w+|oubli\w+)\b(?:\W+\w+){0,4}?\W+(?:instructions?|consignes?|directives?)\W+(?:\w+\W+){0,2}?(?:précédent\w*"
    r"|antérieur\w*|ci-dessus)",
    r"\b(?:ignor\w+|olvid\w+)\b(?:\W+\w+){0,4}?\W+(?:instrucciones|órdenes|indicaciones)\W+(?:\w+\W+){0,2}?(?:anterior\w*|previas?"
    r"|precedentes?)",
    r"(?:忽略|无视|忘记|不要理会)[^。！？\n]{0,12}(?:指令|指示|提示|说明|規則|规则|命令)",  # noqa: RUF001
)
_GAP = r"[^\w.!?。]+"  # between the words of one sentence
_MATCH = re.compile(
    "|".join(f"(?:{pattern})" for pattern in _PATTERNS).replace(r"\W+", _GAP), re.IGNORECASE | re.MULTILINE
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\u180e\ufeff\U000e0000-\U000e007f\ufe00-\ufe0f]")
_ENDS = re.compile(
    r"[.!?。！？](?=\s|$|[\"'”’)\]])[\"'”’)\]]*|\n[^\S\n]*\n|\n(?=[^\S\n]*(?:[-*•|#>]|\d{1,3}[.)]\s))|[。！？]|(?P<line>\n)"
)  # noqa: RUF001
_ROW = re.compile(r"\s\|(?:\s|$)", re.MULTILINE)  # between the cells of a line
_LONGEST = 600  # characters of a sentence on either side of what was found


def orders(text: str) -> Iterator[Span]:
    """The sentences of the text that speak to a language model, in order, none overlapping."""
    plain, places = _plain(text)
    end = 0
    for match in _MATCH.finditer(plain):
        if match.start() < end:
            continue
        start, end = _sentence(plain, match.start(), match.end())
        yield Span(places[start], places[end - 1] + 1)


def _plain(text: str) -> tuple[str, list[int]]:
    """The text without what is not seen and with letters as they look, and where each character stands in `text`."""
    if text.isascii():
        return text, list(range(len(text)))
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if not _INVISIBLE.match(character):
            folded = unicodedata.normalize("NFKC", character)
            characters.append(folded if len(folded) == 1 else character)
            places.append(place)
    return "".join(characters), places


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence around a match, to the end of what it says."""
    before = list(_ends(text, max(0, start - _LONGEST), start))
    first = before[-1] if before else max(0, start - _LONGEST) if start > _LONGEST else 0
    last = next(_ends(text, end, min(len(text), end + _LONGEST)), min(len(text), end + _LONGEST))
    stretch = text[first:last]
    return first + len(stretch) - len(stretch.lstrip()), last - (len(stretch) - len(stretch.rstrip()))


def _ends(text: str, start: int, end: int) -> Iterator[int]:
    """Where sentences end between two places; an end of a line is one where a row of a table ends or begins."""
    for match in _ENDS.finditer(text, start, end):
        place = match.start()
        if match["line"] is None or any(map(_ROW.search, _lines_around(text, place))):
            yield match.end()


def _lines_around(text: str, place: int) -> tuple[str, str]:
    """The lines, or what of them is near, before and after the end of a line."""
    before = text[max(0, place - _LONGEST) : place].rpartition("\n")[2]
    return before, text[place + 1 : place + _LONGEST].partition("\n")[0]
