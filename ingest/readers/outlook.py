"""E-mails as Outlook saves them (.msg), through python-oxmsg."""

import struct
from email.header import decode_header, make_header

from oxmsg import Message

from ingest.readers.blocks import Block, page_of
from ingest.readers.cleaning import clean
from ingest.readers.hypertext import read_hypertext
from ingest.readers.letters import Attachment, Letter, letter_pages
from ingest.readers.source import Content, Reader, Source, one_line
from rag.errors import UnreadableDocument
from rag.types import Page

# What olefile and python-oxmsg raise on damaged files.
_DAMAGE = (
    OSError,  # olefile's own errors too
    EOFError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    struct.error,
    RecursionError,
    AssertionError,
)


def read_outlook(source: Source, read_attachment: Reader) -> Content:
    """Pages without a number: heads and text (the plain one, where there is one), then those that are attached.

    Raises:
        UnreadableDocument: it is damaged.
    """
    try:
        letter = _letter(Message.load(source.data), source.name)
    except _DAMAGE as exc:
        remedy = "Open it in Outlook, save it again and add that."
        raise UnreadableDocument(source.name, "it is damaged or not an Outlook message", remedy) from exc
    return Content(letter.subject, *letter_pages(letter, source, read_attachment))


def _letter(message: Message, name: str) -> Letter:
    sent = message.sent_date
    recipients = (f"{one.name} <{one.email_address}>" if one.name else one.email_address for one in message.recipients)
    heads = (
        ("From", one_line(clean(str(make_header(decode_header(message.sender or "")))))),
        ("To", one_line(clean(", ".join(filter(None, recipients))))),
        ("Date", f"{sent:%a, %d %b %Y %H:%M:%S %z}".strip() if sent else ""),
    )
    attachments = tuple(
        Attachment(one_line(clean(one.file_name or "message.msg")), one.file_bytes) for one in message.attachments
    )
    return Letter(one_line(clean(message.subject)), heads, _body(message, name), attachments)


def _body(message: Message, name: str) -> Page:
    if (text := message.body or "").strip():
        return page_of([Block(text)])
    return read_hypertext(Source(name, (message.html_body or "").encode("utf-8", errors="replace")))
