"""Words that point back to what was said before."""

import re

_BACK = re.compile(
    r"^(and|but|or|so|what about|how about)\b|^(why|why not|since when|until when|how|who|where|when)\W*$"
    r"|\b((?-i:[iI]ts?)|they|them|their|these|those|there|then|he|she|him|her|his|one|ones|same|else|this)\b"
    r"|\b(of|for|with|about|after|before|does|do|is|was) that\b|\bthat (one|case)\b|\bthat\W*$",
    re.IGNORECASE,
)
_IDIOMS = re.compile(  # where such words point to nothing
    r"\b(is|are|was|were) there\b|\bthere (is|are|was|were)\b|\bthis (day|week|month|quarter|year)\b|\bone-",
    re.IGNORECASE,
)


def points_back(question: str) -> bool:
    """Whether it points back to what was said before, in English."""
    asked = question.lower() if question.isupper() else question  # otherwise "IT" is a department
    return bool(_BACK.search(_IDIOMS.sub(" ", asked)))
