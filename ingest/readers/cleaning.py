"""One form for all text, so that equal words are equal characters, whatever file they came from."""

import re
import unicodedata

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
# Soft hyphens, byte-order marks and characters that are not text: controls other than tab and line feed, lone
# surrogates (no encoding can write them), noncharacters.
_INVISIBLE = re.compile("[\u00ad\ufeff\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# Between letters of scripts that part words by spaces these only say where a line may break.
_LETTER = "[0-9A-Za-z\u00c0-\u024f\u0370-\u052f]"
_BREAKS = re.compile(f"(?<={_LETTER})[\u200b\u200d\u2060](?={_LETTER})")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # the direction of writing: "gpj.exe" is shown as "exe.jpg"
_STRAY_BYTE = re.compile("[\udc80-\udcff]")  # how Python holds a byte of a file name that is not UTF-8
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def clean(text: str) -> str:
    """`text` in NFC, lines ended by \\n, without NULs, lone surrogates, typographic ligatures, soft hyphens and other
    places inside words where a line may break.
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _BREAKS.sub("", _INVISIBLE.sub("", text))
    return unicodedata.normalize("NFC", text.translate(_LIGATURES))


def clean_name(name: str) -> str:
    """The name of a file in one line of printable characters; bytes of an older encoding are read as windows-1252."""
    name = _STRAY_BYTE.sub(lambda byte: bytes([ord(byte[0]) - 0xDC00]).decode("cp1252", "replace"), name)
    return " ".join(clean(_TURNS.sub("", name)).split())
