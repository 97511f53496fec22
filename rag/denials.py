"""Whether a text says that something is not so, in English or German. Pure functions."""

import re

_DENIES = re.compile(
    r"\b(?:not|never|cannot|forbidden|prohibited|nicht|niemals|nie|verboten|untersagt|unzulässig)\b|n['’]t\b",  # noqa: RUF001
    re.IGNORECASE,
)
_UNCLEAR = re.compile(  # limits, conditions, requests, and what denies less than a "not"
    r"\b(?:no|nor|neither|none|nobody|nothing|without|free\s+of|unless|until|before|only|exceed\w*|if|whether|who|which"
    r"|whose|hesitate|forget|fail|miss|than|but|except|other|just|yet|kein\w*|ohne|bis|vor|nur|als|wenn|falls|sofern"
    r"|ob|über\w*|unter\w+|mehr|sondern|außer|noch)\b",
    re.IGNORECASE,
)
_NO = re.compile(r"^\W*(?:no|nein|yes|ja)\b\W*", re.IGNORECASE)  # begins an answer


def denies(text: str) -> bool | None:
    """Whether a clause denies what it speaks of; None where that cannot be told from its words.

    "Dogs are not allowed" does. It cannot be told of limits ("must not exceed 500 EUR"), conditions ("not until 9",
    "whether or not"), and of what is denied twice or by other words ("no charge", "without").
    """
    plain = _NO.sub("", text)
    if _UNCLEAR.search(plain):
        return None
    count = len(_DENIES.findall(plain))
    return None if count > 1 else count == 1
