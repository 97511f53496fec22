"""Questions that are answered by yes or no, in English, German and Chinese. Pure functions."""

import re

from rag import sentences

_N = r"(?:n't)?"
_VERBS = (
    rf"(?:(?:is|are|were|do|does|did|has|have|had|could|must|should|would){_N}|can(?:'t)?|may|might|shall|will|won't"
    r"|(?:am|was(?:n't)?)(?=\s+(?:i|he|she|it|we|you|they|the|there|this|that|these|an?|my|our|any|all|both|(?-i:[A-Z]))\b"
    r"|\s+(?-i:[A-Z])))"  # "Was ist ...?" is German
)
_TAG_VERBS = rf"(?:(?:is|are|was|were|do|does|did|has|have|had|could|must|should|would|ca|wo){_N}|can|will)"
_GERMAN_VERBS = (
    r"(?:bin|ist|sind|war|waren|habe|hat|haben|hatte|hatten|wird|werden|würde|würden|wurde|wurden|kann|können|könnte"
    r"|könnten|darf|dürfen|dürfte|muss|müssen|müsste|soll|sollen|sollte|sollten|gibt|gab|gilt|gelten|braucht|brauche"
    r"|brauchen|bekomme|bekommt|bekommen|zahlt|zahlen|stimmt|gehört|gehören|reicht)"
)
_GERMAN_SUBJECT = (
    r"(?:ich|du|er|sie|es|wir|ihr|man|das|dies\w*|der|die|den|dem|ein\w*|kein\w*|mein\w*|unser\w*|alle|beide|jeder"
    r"|(?-i:[A-ZÄÖÜ])\w*)"
)
_LEAD = r"(?:(?:and|but|so|or|also|then|ok(?:ay)?|hi|hello|please|sorry|und|aber|also|oder|denn)\b[\s,]*)*"
_FIRST = re.compile(rf"{_LEAD}(?:{_VERBS}\s+[^\W\d]|{_GERMAN_VERBS}\s+{_GERMAN_SUBJECT}\b)", re.IGNORECASE)
_AFTER = re.compile(  # "With the old mast, can I ...?"
    rf".*,\s+(?:{_VERBS}\s+(?:i|we|you|he|she|it|they|the|an?|my|our|there|this|that)"
    rf"|{_GERMAN_VERBS}\s+(?:ich|wir|sie|er|es|man|der|die|das|ein\w*|mein\w*|unser\w*))\b",
    re.IGNORECASE,
)
_TAG = re.compile(
    rf".*[,\-\u2013]\s*(?:right|correct|true|yes|no|or not|is that (?:so|right|true|correct)|am i right"
    rf"|{_TAG_VERBS}\s+(?:i|we|you|he|she|it|they|there)(?:\s+not)?|oder|nicht wahr|stimmt(?:'s|\s+das)?|gell)\s*\?+",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r".*\b(?:wonder(?:ing)?|know|tell\s+me|ask|asking|sure|check|find\s+out|say|see|unclear)\s+(?:whether|if)\b"
    r"|.*\b(?:wissen|sagen|prüfen|frage\s+mich|unklar|sicher)\b,?\s+ob\b"
    r"|(?:whether|ob)\b",
    re.IGNORECASE,
)
_ASKING = r"(?:how|what|who|whom|whose|why|which|wie|wer|was|warum|wieso|welche\w*)"
_ASSISTANT = re.compile(  # what somebody is asked to do or to tell; not whether something is so
    rf"{_LEAD}(?:{_VERBS}|{_GERMAN_VERBS})\s+(?:you|someone|somebody|anyone|du|sie|mir\s+jemand)\s+(?:\w+\s+){{0,3}}?"
    r"(?:tell|say|explain|list|show|give|name|describe|find|summari[sz]e|help|know|remind|walk|guide|send|sagen|erklären"
    rf"|zeigen|nennen|auflisten|mitteilen|{_ASKING}|when|where|wann|wo)\b"
    rf"|{_LEAD}(?:{_VERBS}|{_GERMAN_VERBS})\s+(?:i|we|ich|wir)\s+(?:ask|know|fragen|wissen|erfahren),?\s+"
    rf"(?:{_ASKING}|when|where|wann|wo)\b",
    re.IGNORECASE,
)
_FOR_A_FACT = re.compile(
    rf"{_LEAD}(?:(?:in|on|at|for|from|to|of|with|by|under|until|since|bis|seit|mit|für|von|am|im|zu|ab)\s+)?(?:{_ASKING}|when"
    r"|where|wann|wo)\b(?!ever)",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"\w\s+(?:or|oder)\s+(?!not\b|nicht\b)\w", re.IGNORECASE)
_CHINESE = re.compile("吗[?？。]?$|是否|能不能|可不可以|是不是|有没有|会不会|要不要|需不需要|对吗|对不对")  # noqa: RUF001
_CHINESE_FACT = re.compile("多久|谁|什么|哪|怎么|几|多少|何时|为何")


def asks_yes_or_no(question: str) -> bool:
    """Whether a question is answered by yes or no, perhaps with a condition; a choice of two things is not."""
    parts = [part.text for part in sentences.split(question.replace("’", "'"))]  # noqa: RUF001
    asking = next((part for part in reversed(parts) if part.endswith(("?", "\uff1f"))), parts[-1] if parts else "")
    if _CHINESE.search(asking):
        return _CHINESE_FACT.search(asking) is None
    is_clause_first = asking.casefold().startswith(("when ", "where "))  # "When it rains, can I ...?"
    if _TAG.fullmatch(asking) or (_FIRST.match(asking) and not _is_for_another(asking)):
        return True
    if _FOR_A_FACT.match(asking) and not is_clause_first:
        return False
    if _WHETHER.match(asking):
        return not _FOR_A_FACT.match(asking)
    return bool(_AFTER.match(asking)) and not _is_for_another(asking)


def _is_for_another(asking: str) -> bool:
    """Whether it asks for a choice, or for what is told, though it begins with a verb."""
    return bool(_CHOICE.search(asking) or (_ASSISTANT.match(asking) and not _WHETHER.match(asking)))
