"""E-mails through the standard library: single ones (.eml) and mailboxes of many (.mbox)."""

import email
import mimetypes
import re
from collections.abc import Iterator
from email.message import MIMEPart
from email.policy import EmailPolicy
from pathlib import Path
from typing import Any

from ingest.readers.blocks import Block, page_of, stacked
from ingest.readers.cleaning import clean
from ingest.readers.encoding import decode
from ingest.readers.hypertext import read_hypertext
from ingest.readers.letters import Attachment, Letter, letter_pages
from ingest.readers.source import Content, Reader, Source, left_out, one_line
from rag.errors import UnreadableDocument
from rag.types import Page

_REMEDY = "Open it in the mail program, save it again as .eml and add that."
_HEADS = ("From", "To", "Cc", "Date")
_HEAD_CHARACTERS = 10_000
_ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
# What the module is known to raise on heads and bodies that follow no rule.
_MALFORMED = (ValueError, LookupError, AttributeError, TypeError, AssertionError, ArithmeticError)
_PAGES = ("text/html", "application/xhtml+xml")
_STUB = 60  # words that a text has at most which only says that there is more: "View this e-mail in a browser"
_RICHER = 4  # times as many words have the others then
_MARKUP = re.compile(rb"<[^<>]*>")
_RAW = re.compile("[\udc80-\udcff]")  # how the module keeps such bytes
_POSTMARK = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\n(?=[!-9;-~]+:)")  # begins an e-mail of a mailbox
_QUOTED_POSTMARK = re.compile(rb"^>(>*From )", re.MULTILINE)


class _Bounded(EmailPolicy):
    """Parses no more of a head than a person writes: the module takes minutes for some of 100,000 characters."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        return super().header_fetch_parse(name, value[:_HEAD_CHARACTERS])


_POLICY: Any = _Bounded()


def read_mail(source: Source, read_attachment: Reader) -> Content:
    """Pages without a number: heads and text (the plain one, where there is one), then those that are attached.

    Raises:
        UnreadableDocument: it is no e-mail.
    """
    letter = _letter(source.data, source.name)
    return Content(letter.subject, *letter_pages(letter, source, read_attachment))


def read_mailbox(source: Source, read_attachment: Reader) -> Content:
    """Every e-mail as in `read_mail`, its pages with its number in the order of the mailbox; damaged ones are named.

    Raises:
        UnreadableDocument: it is no mailbox, or every e-mail in it is damaged.
    """
    starts = list(_POSTMARK.finditer(source.data))
    if not starts:
        raise UnreadableDocument(source.name, "it is not a mailbox", "Export it again as mbox, or its e-mails as .eml.")
    pages: list[Page] = []
    gaps: list[str] = []
    damaged: list[int] = []
    ends = [*(match.start() for match in starts[1:]), len(source.data)]
    for number, (match, end) in enumerate(zip(starts, ends, strict=True), start=1):
        data = _QUOTED_POSTMARK.sub(rb"\1", source.data[match.end() : end])
        try:
            found, missing = letter_pages(_letter(data, source.name), source, read_attachment, number)
        except UnreadableDocument:
            damaged.append(number)
            continue
        pages += found
        gaps += (f"message {number}: {gap}" for gap in missing)
    if not pages:
        raise UnreadableDocument(source.name, "every e-mail in it is damaged", "Export it again as mbox.")
    return Content("", tuple(pages), (*left_out("message", damaged), *gaps))


def _letter(data: bytes, name: str) -> Letter:
    try:
        return _taken_apart(email.message_from_bytes(data, policy=_POLICY), name)
    except (*_MALFORMED, RecursionError) as exc:
        raise UnreadableDocument(name, "it is damaged or not an e-mail", _REMEDY) from exc


def saved_page(data: bytes, damaged: UnreadableDocument) -> tuple[bytes, str | None]:
    """The web page in an archive that a browser saved (MHTML), which is written as an e-mail; with its encoding.

    Raises:
        UnreadableDocument: `damaged`, where there is none.
    """
    try:
        message = email.message_from_bytes(data)
        page = next((part for part in message.walk() if part.get_content_type() in _PAGES), None)
        markup = page.get_payload(decode=True) if page is not None else None
        if page is None or not isinstance(markup, bytes):
            raise damaged
        return markup, page.get_content_charset()
    except (*_MALFORMED, RecursionError) as exc:
        raise damaged from exc


def _taken_apart(message: MIMEPart, name: str) -> Letter:
    parts = list(_parts(message))
    heads = tuple((head, _head(message, head)) for head in _HEADS)
    subject = _head(message, "Subject")
    if not subject and not any(value for _, value in heads):
        raise UnreadableDocument(name, "it is damaged or not an e-mail", _REMEDY)
    bodies = [_text(part, name) for part in parts if _is_text(part)]
    attachments = [_attachment(part, count) for count, part in enumerate(parts, start=1) if _is_attachment(part)]
    locked = any(part.get_content_type() in _ENCRYPTED for part in message.walk())
    gaps = ("left out: its text, because it is encrypted",) if locked else ()
    return Letter(subject, heads, stacked(bodies), tuple(attachments), gaps)


def _head(message: MIMEPart, name: str) -> str:
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    if _RAW.search(raw):  # old programs write letters beyond ASCII as they are, in an encoding that nothing names
        return one_line(clean(_guessed(raw.encode("utf-8", errors="surrogateescape"), message)))
    try:
        return one_line(clean(str(message.get(name) or "")))
    except _MALFORMED:
        return one_line(clean(raw))


def _guessed(head: bytes, message: MIMEPart) -> str:
    """A head in the encoding of the text below it, which has more letters to tell it by."""
    body = next((part for part in message.walk() if part.get_content_maintype() == "text"), None)
    below = body.get_payload(decode=True) if body is not None else None
    sample = below[:_HEAD_CHARACTERS] if isinstance(below, bytes) else b""
    line = b" ".join(head[:_HEAD_CHARACTERS].split())
    named = body.get_content_charset() if body is not None else None
    try:
        return decode(line + b"\n" + sample, "", named).partition("\n")[0]
    except UnreadableDocument:
        return line.decode("utf-8", errors="replace")


def _parts(message: MIMEPart) -> Iterator[MIMEPart]:
    """The parts that are shown: of alternatives one, of an attached e-mail the whole."""
    if message.get_content_type() == "multipart/alternative":
        yield from _chosen([list(_parts(part)) for part in message.iter_parts()])
    elif message.get_content_maintype() == "multipart" and message.get_content_type() not in _ENCRYPTED:
        for part in message.iter_parts():
            yield from _parts(part)
    else:
        yield message


def _chosen(alternatives: list[list[MIMEPart]]) -> list[MIMEPart]:
    """The plain text unless it is blank or only says that there is more, else the last one, which is the richest.

    With the attachments of all of them.
    """
    plain = [parts for parts in alternatives if any(map(_is_plain, parts))]
    chosen = (plain or alternatives[-1:] or [[]])[0]
    if plain and (said := _words(chosen)) < _STUB and _words(alternatives[-1]) > _RICHER * said:
        chosen = alternatives[-1]
    return chosen + [part for parts in alternatives if parts is not chosen for part in parts if _is_attachment(part)]


def _words(parts: list[MIMEPart]) -> int:
    """How many words are shown, by which alternatives are compared."""
    found = (part.get_payload(decode=True) for part in parts if _is_text(part))
    return sum(len(_MARKUP.sub(b" ", data).split()) for data in found if isinstance(data, bytes))


def _is_plain(part: MIMEPart) -> bool:
    return _is_text(part) and part.get_content_type() == "text/plain" and bool(str(part.get_payload()).strip())


def _is_text(part: MIMEPart) -> bool:
    return part.get_content_type() in ("text/plain", "text/html") and not _is_attachment(part)


def _is_attachment(part: MIMEPart) -> bool:
    """Pictures that the text shows are none, nor are signatures and parts without a name, which only programs read."""
    if part.get_content_type() in _SIGNATURES:
        return False
    if part.get_content_type() in ("message/rfc822", "message/global"):
        return True
    if part.get_content_disposition() == "attachment":
        return True
    return bool(part.get_filename()) and not (part.get_content_maintype() == "image" and part.get("Content-ID"))


def _text(part: MIMEPart, name: str) -> Page:
    data = part.get_payload(decode=True)
    text = _decoded(data if isinstance(data, bytes) else b"", part.get_content_charset(), name)
    if part.get_content_type() == "text/html":
        return read_hypertext(Source(name, text.encode("utf-8", errors="replace")))
    return page_of([Block(text)])


def _decoded(data: bytes, charset: str | None, name: str) -> str:
    """As the e-mail says, where that is possible: some encodings of the East look like plain ASCII."""
    try:
        return data.decode(charset or "utf-8")
    except (UnicodeError, LookupError):
        return decode(data, name)


def _attachment(part: MIMEPart, count: int) -> Attachment:
    if part.get_content_maintype() == "message":
        inner = part.get_payload()
        enclosed = inner[0] if isinstance(inner, list) and inner else None
        subject = _head(enclosed, "Subject") if isinstance(enclosed, MIMEPart) else ""
        data = enclosed.as_bytes() if isinstance(enclosed, MIMEPart) else None
        return Attachment(f"{subject or f'message {count}'}.eml", data)
    name = one_line(clean(part.get_filename() or f"part {count}"))
    if not Path(name).suffix:
        name += mimetypes.guess_extension(part.get_content_type()) or ""
    payload = part.get_payload(decode=True)
    return Attachment(name, payload if isinstance(payload, bytes) else b"")
