"""Bytes to text, for files that do not say how they were written."""

import codecs
import re
import unicodedata

import chardet

from rag.errors import UnreadableDocument

_MARKS = (  # the four-byte marks begin with the two-byte ones, so they come first
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = "cp1252"  # windows-1252, the commonest old encoding, taken where nothing speaks for another
_ACCENTS = re.compile(rb"[\x80-\xff]+")  # a run of bytes that are not ASCII
_ACCENT_SHARE = 0.3  # of such bytes, above which a text is not in Latin letters
_SAMPLE = 200_000  # bytes from which an encoding is guessed
_STRANGE = re.compile(
    "[\ufffd\x01-\x08\x0e-\x19\x1c-\x1f\x7f-\x84\x86-\x9f]"
)  # controls but zeros, which programs leave where they reserve room; and marks of broken characters
_STRANGE_SHARE = 0.005  # of all characters, above which bytes are not text
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)


def declared_encoding(data: bytes) -> str | None:
    """The encoding that a web page names in its first 4,096 bytes, if Python knows it."""
    match = _DECLARED.search(data[:4096])
    try:
        return codecs.lookup(match[1].decode("ascii")).name if match else None
    except LookupError:
        return None


def decode(data: bytes, name: str, declared: str | None = None) -> str:
    """The text in `data`: by its mark, else UTF-8, else as `declared`, else by the likeliest old encoding. Zeros in it
    are left out: a log has thousands of them where the machine went down.

    Raises:
        UnreadableDocument: when the bytes are not text in any encoding.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(data.decode(encoding, errors="replace"), name)
    text = _unmarked(data) or _utf8(data)
    if text is None and declared is not None:
        text = _strict(data, declared)
    if text is None:
        text = _guess(data)
    return _checked(text, name)


def is_text(data: bytes) -> bool:
    """Whether `data` holds words in any encoding."""
    try:
        return bool(decode(data, "").strip())
    except UnreadableDocument:
        return False


def _unmarked(data: bytes) -> str | None:
    """UTF-16 that says nothing of it: there every other byte of what is ASCII is zero."""
    sample = data[:_SAMPLE]
    zeros = sample[0::2].count(0), sample[1::2].count(0)
    if max(zeros) * 4 < len(sample) or min(zeros) * 40 > len(sample):
        return None
    return data.decode("utf-16-be" if zeros[0] > zeros[1] else "utf-16-le", errors="replace")


def _utf8(data: bytes) -> str | None:
    """Also with a few broken bytes, as where a file was cut off in the middle of a character."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    if not broken:
        return text
    foreign = len(text) - len(text.encode("ascii", errors="ignore"))
    return text if broken * 50 <= foreign or (broken == 1 < foreign and text.endswith("\ufffd")) else None


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):  # LookupError: a codec that is not for text, such as "hex"
        return None


def _guess(data: bytes) -> str:
    """By the statistics of the bytes; the sample ends at a line end, so that no character is cut in two."""
    sample = data
    if len(data) > _SAMPLE:
        end = data.rfind(b"\n", 0, _SAMPLE)
        sample = data[: end if end > 0 else _SAMPLE]
    found = chardet.detect(sample)["encoding"] or _WESTERN
    text, western = sample.decode(found, errors="replace"), sample.decode(_WESTERN, errors="replace")
    if _looks_latin(sample) and not _is_latin(text):
        found = _WESTERN
    if _is_mostly_ascii(sample) and _holds_signs(text) and not _holds_signs(western):  # "Gr¸þe", where it is "Grüße"
        found = _WESTERN
    return data.decode(found, errors="replace")


def _looks_latin(data: bytes) -> bool:
    """Whether accents stand singly among ASCII letters; in a few words statistics see Hebrew or Chinese in them."""
    runs = _ACCENTS.findall(data)
    alone = sum(1 for run in runs if len(run) == 1)
    return alone * 2 >= len(runs) and _is_mostly_ascii(data)


def _is_mostly_ascii(data: bytes) -> bool:
    return sum(map(len, _ACCENTS.findall(data))) <= _ACCENT_SHARE * len(data)


def _holds_signs(text: str) -> bool:
    """Whether something beyond ASCII is no letter."""
    return any(one > "\x7f" and unicodedata.category(one) not in ("Lu", "Ll", "Lo") for one in text)


def _is_latin(text: str) -> bool:
    foreign = {character for character in text if character > "\x7f" and character.isalpha()}
    return all("LATIN" in unicodedata.name(character, "") or character in "ªº" for character in foreign)


def _checked(text: str, name: str) -> str:
    written = text.replace("\0", "")
    strange = sum(1 for _ in _STRANGE.finditer(written))
    if strange > len(written) * _STRANGE_SHARE or (text and not written):
        reason = "it is not text, or in an encoding that could not be recognised"
        raise UnreadableDocument(
            name, reason, "Open it in an editor, save it with the encoding UTF-8 and add it again."
        )
    return written
