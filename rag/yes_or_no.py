"""Questions that are answered by yes or no, in English, German and Chinese. Pure functions."""

import re

from rag import sentences

_VERBS = (
    r"(?:am|is|are|was|were|do|does|did|has|have|had|can|could|may|might|must|shall|should|will|would|need|ought"
    r"|(?:is|are|was|were|do|does|did|has|have|had|ca|could|must|should|wo|would|need)n't)"
)
_GERMAN_VERBS = (
    r"(?:bin|ist|sind|war|waren|habe|hat|haben|hatte|hatten|wird|werden|würde|würden|wurde|wurden|kann|können|könnte|könnten"
    r"|darf|dürfen|dürfte|muss|müssen|müsste|soll|sollen|sollte|sollten|gibt\s+es|gab\s+es|gilt|gelten|braucht|brauche"
    r"|brauchen|bekomme|bekommt|bekommen|zahlt|zahlen|stimmt|gehört|gehören|reicht|darfst|kannst)"
)
_LEAD = r"(?:(?:and|but|so|or|also|then|ok(?:ay)?|hi|hello|please|sorry|und|aber|also|oder|denn)\b[\s,]*)*"
_FIRST = re.compile(rf"{_LEAD}(?:{_VERBS}|{_GERMAN_VERBS})\s+\w", re.IGNORECASE)
_AFTER = re.compile(  # "With the old mast, can I ...?"
    rf".*,\s+(?:{_VERBS}\s+(?:i|we|you|he|she|it|they|the|an?|my|our|there|this|that)"
    rf"|{_GERMAN_VERBS}\s+(?:ich|wir|sie|er|es|man|der|die|das|ein\w*|mein\w*|unser\w*))\b",
    re.IGNORECASE,
)
_TAG = re.compile(
    rf".*[,\-\u2013]\s*(?:right|correct|true|yes|no|or not|is that (?:so|right|true|correct)|am i right"
    rf"|{_VERBS}(?:n't)?\s+(?:i|we|you|he|she|it|they|there)(?:\s+not)?|oder|nicht wahr|stimmt(?:'s|\s+das)?|gell)"
    r"\s*\?+",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r".*\b(?:wonder(?:ing)?|know|tell\s+me|ask|asking|sure|check|find\s+out|say|see|unclear)\s+(?:whether|if)\b"
    r"|.*\b(?:wissen|sagen|prüfen|frage\s+mich|unklar|sicher)\b,?\s+ob\b"
    r"|(?:whether|ob)\b",
    re.IGNORECASE,
)
_ASSISTANT = re.compile(  # what the one who answers is asked to do, or to tell; not whether something is so
    rf"{_LEAD}(?:can|could|would|will|do|kannst|könntest|können|könnten|weißt|wissen)\s+(?:you|du|sie)\s+(?:please\s+|bitte\s+|mir\s+)*"
    r"(?:tell|say|explain|list|show|give|name|describe|find|summari[sz]e|help|know|remind|sagen|erklären|zeigen|nennen"
    r"|auflisten|wann|wo|wie|wer|was|welche\w*)\b",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"\b(?:which|welche\w*)\b|\w\s+(?:or|oder)\s+(?!not\b|nicht\b)\w", re.IGNORECASE)
_FOR_A_FACT = re.compile(
    r"(?:\w+\s+)?(?:what|which|who|whom|whose|where|how|why|was|welche\w*|wer|wie|wo|warum|wieso)\b", re.IGNORECASE
)
_CHINESE = re.compile(
    "吗[?？。]?$|是否|能不能|可不可以|是不是|有没有|会不会|要不要|需不需要|对吗|对不对"  # noqa: RUF001
)


def asks_yes_or_no(question: str) -> bool:
    """Whether a question is answered by yes or no, perhaps with a condition; a choice of two things is not."""
    parts = [part.text for part in sentences.split(question.replace("’", "'"))]  # noqa: RUF001
    asking = next(
        (part for part in reversed(parts) if part.rstrip().endswith(("?", "\uff1f"))), parts[-1] if parts else ""
    )
    if _CHINESE.search(asking) or _TAG.fullmatch(asking) or _WHETHER.match(asking):
        return True
    is_asked = _FIRST.match(asking) or (_AFTER.match(asking) and not _FOR_A_FACT.match(asking))
    return bool(is_asked) and not (_ASSISTANT.match(asking) or _CHOICE.search(asking))
