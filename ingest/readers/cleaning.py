"""One form for all text, so that equal words are equal characters, whatever file they came from."""

import re
import unicodedata

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
# Soft hyphens, byte-order marks and characters that are not text: controls other than tab and line feed, lone
# surrogates (no encoding can write them), noncharacters.
_INVISIBLE = re.compile("[\u00ad\ufeff\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def clean(text: str) -> str:
    """`text` in NFC, lines ended by \\n, without NULs, lone surrogates, soft hyphens and typographic ligatures."""
    text = _LINE_ENDS.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    return unicodedata.normalize("NFC", text.translate(_LIGATURES))
