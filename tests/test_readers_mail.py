"""E-mails, alone, in mailboxes and as Outlook saves them."""

import io
import time
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from ingest.chunker import chunk
from ingest.readers import letters
from rag.types import Chunk
from tests.documents import JAPANESE, fill_talk, old_office_bytes, write_pdf, write_slides
from tests.outlook_file import write_outlook
from tests.reading import headings, read_bytes, read_here, refusal_of, whole_text


def letter(subject: str = "Pump order", text: str = "Please order two pumps.\n") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ada Lovelace <ada@example.org>"
    message["To"] = "Jörg <joerg@example.org>, bo@example.org"
    message["Date"] = "Tue, 05 Mar 2024 14:22:00 +0100"
    message["Subject"] = subject
    message.set_content(text)
    return message


HEADS = (
    "From: Ada Lovelace <ada@example.org>\nTo: Jörg <joerg@example.org>, bo@example.org\n"
    "Date: Tue, 05 Mar 2024 14:22:00 +0100"
)


def test_html_is_read_where_the_plain_text_only_says_that_there_is_more(tmp_path: Path) -> None:
    message = letter(text="Your program cannot show this e-mail.\n")
    words = "".join(f"<p>Pump {number} is delivered to the harbour on Friday.</p>" for number in range(9))
    message.add_alternative(words, subtype="html")
    assert "Pump 8 is delivered" in whole_text(read_bytes(tmp_path, "a.eml", message.as_bytes()))


def test_an_e_mail_is_its_subject_heads_and_text(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "a.eml", letter("Größe der Pumpe").as_bytes())
    assert document.title == "Größe der Pumpe"
    assert whole_text(document) == f"Größe der Pumpe\n\n{HEADS}\n\nPlease order two pumps."


def test_the_plain_text_is_preferred_and_html_is_read_where_there_is_none(tmp_path: Path) -> None:
    both = letter()
    both.add_alternative("<p>Please order <b>three</b> pumps.</p>", subtype="html")
    assert "three" not in whole_text(read_bytes(tmp_path, "a.eml", both.as_bytes()))
    markup = letter(text=" \n")
    markup.add_alternative("<h1>News</h1><table><tr><td>Pump</td><td>2</td></tr></table>", subtype="html")
    document = read_bytes(tmp_path, "b.eml", markup.as_bytes())
    assert whole_text(document).endswith("\n\nNews\n\nPump | 2")
    assert headings(document) == [(1, "Pump order"), (2, "News")]


@pytest.mark.parametrize("encoding", ["iso-2022-jp", "shift_jis", "utf-8"])
def test_text_is_decoded_as_the_e_mail_says(tmp_path: Path, encoding: str) -> None:
    message = letter()
    message.set_content(JAPANESE, charset=encoding)
    assert whole_text(read_bytes(tmp_path, "a.eml", message.as_bytes())).endswith(JAPANESE.strip())


def test_text_in_an_encoding_that_the_e_mail_does_not_name_rightly_is_still_read(tmp_path: Path) -> None:
    head = b"From: a@b.c\r\nSubject: x\r\nContent-Type: text/plain; charset=%s\r\n\r\nSch\xf6ne Gr\xfc\xdfe"
    for charset in (b"us-ascii", b"x-unknown", b""):
        assert whole_text(read_bytes(tmp_path, "a.eml", head % charset)).endswith("Schöne Grüße")


def test_attachments_are_read_by_their_own_readers_with_their_pages(tmp_path: Path) -> None:
    message = letter()
    manual = write_pdf(tmp_path / "manual.pdf", ["Close the valve.", "Open the valve."]).read_bytes()
    talk = write_slides(tmp_path / "talk.pptx", fill_talk).read_bytes()
    message.add_attachment(manual, maintype="application", subtype="pdf", filename="manual.pdf")
    message.add_attachment(talk, maintype="application", subtype="octet-stream", filename="talk.pptx")
    message.add_attachment("City;Limit\nBerlin;120\n", filename="limits.csv")
    document = read_bytes(tmp_path, "a.eml", message.as_bytes())
    assert headings(document)[1:] == [
        (1, "Attachment manual.pdf, p. 1"),
        (1, "Attachment manual.pdf, p. 2"),
        (1, "Attachment talk.pptx, slide 1"),
        (2, "Pump maintenance"),
        (3, "Notes"),
        (1, "Attachment talk.pptx, slide 2"),
        (2, "Prices"),
        (1, "Attachment limits.csv"),
        (2, "rows 1–2"),
    ]
    assert [page.number for page in document.pages] == [None] * 6
    passage = chunk(document, count_tokens=len, chunk_tokens=500, overlap_tokens=0, max_tokens=2_000)[2]
    assert passage.label == "a.eml, attached manual.pdf, p. 2"
    assert "Attachment manual.pdf, p. 2\n\nOpen the valve.\n\n" in whole_text(document)
    assert not document.gaps


def test_attachments_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    message = letter()
    message.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="photo.png")
    message.add_attachment(b"%PDF-1.7 half", maintype="application", subtype="pdf", filename="half.pdf")
    message.add_attachment(b"Words.", maintype="text", subtype="plain", filename="note")
    document = read_bytes(tmp_path, "a.eml", message.as_bytes())
    assert document.gaps == (
        "left out: the attachment photo.png, because it is a picture, and text recognition is switched off",
        "left out: the attachment half.pdf, because it is damaged or not a PDF",
    )
    assert whole_text(document).endswith("Attachment note.txt\n\nWords.")


def test_pictures_that_the_text_shows_are_not_named(tmp_path: Path) -> None:
    message = letter()
    message.add_alternative("<p>See <img src='cid:logo'></p>", subtype="html")
    markup = message.get_payload()[1]
    markup.add_related(b"\x89PNG\r\n", maintype="image", subtype="png", cid="<logo>", disposition="inline")
    assert not read_bytes(tmp_path, "a.eml", message.as_bytes()).gaps


def test_e_mails_in_e_mails_are_opened_to_a_depth_and_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = letter("Innermost", "The secret of the innermost.")
    for depth in range(4, 0, -1):
        outer = letter(f"Level {depth}", f"Text {depth}.")
        outer.add_attachment(message)
        message = outer
    document = read_bytes(tmp_path, "a.eml", message.as_bytes())
    assert "Text 4." in whole_text(document)
    assert "secret" not in whole_text(document)
    assert "Innermost.eml, because it lies too deep" in document.gaps[0]
    monkeypatch.setattr(letters, "ATTACHMENTS", 2)
    for number in range(5):
        message.add_attachment(f"Note {number}.", filename=f"{number}.txt")
    document = read_bytes(tmp_path, "b.eml", message.as_bytes())
    assert "Note 0." in whole_text(document)
    assert "Note 1." not in whole_text(document)
    assert document.gaps[-1] == "left out: 4 of 6 attachments"


def test_an_encrypted_e_mail_says_so(tmp_path: Path) -> None:
    data = letter().as_bytes().replace(b'text/plain; charset="utf-8"', b"application/pkcs7-mime; name=smime.p7m")
    document = read_bytes(tmp_path, "a.eml", data)
    assert whole_text(document).endswith(HEADS)
    assert document.gaps[0] == "left out: its text, because it is encrypted"


def test_heads_that_follow_no_rule_are_shown_as_they_are(tmp_path: Path) -> None:
    data = b"Subject: x\r\nFrom: a@b.c\r\nDate: Tue, 05 Mar 99999999999999 14:22:00 +0100\r\n\r\nWords."
    assert "Date: Tue, 05 Mar 99999999999999" in whole_text(read_bytes(tmp_path, "a.eml", data))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_heads_in_bytes_that_name_no_encoding_keep_their_letters(tmp_path: Path, encoding: str) -> None:
    data = "Subject: Grüße\r\nFrom: Jörg <j@b.example>\r\n\r\nGrüße aus Köln, es kostet 5 Euro.\r\n".encode(encoding)
    document = read_bytes(tmp_path, "a.eml", data)
    assert document.title == "Grüße"
    assert "From: Jörg <j@b.example>\n\nGrüße aus Köln, es kostet 5 Euro." in whole_text(document)


def test_what_is_no_e_mail_is_refused(tmp_path: Path) -> None:
    assert "not an e-mail" in refusal_of(tmp_path, "a.eml", b"Just some words.\n").reason
    assert "not a mailbox" in refusal_of(tmp_path, "a.mbox", b"Just some words.\n").reason
    assert "ends in .txt" in refusal_of(tmp_path, "a.msg", b"Just some words.\n").remedy


def test_the_e_mails_of_a_mailbox_are_pages(tmp_path: Path) -> None:
    broken = letter("Second", "One.\n\nFrom here on it is quoted.\n")
    broken.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="photo.png")
    box = b"".join(
        b"From ada@example.org Tue Mar  5 14:22:00 2024\n"
        + message.as_bytes().replace(b"\nFrom here", b"\n>From here")
        + b"\n"
        for message in (letter("First"), broken)
    )
    document = read_bytes(tmp_path, "a.mbox", box)
    assert [page.number for page in document.pages] == [1, 2]
    assert headings(document) == [(1, "First"), (1, "Second")]
    assert document.pages[1].text.endswith("One.\n\nFrom here on it is quoted.")
    assert document.gaps == (
        "message 2: left out: the attachment photo.png, because it is a picture, and text recognition is switched off",
    )
    assert Chunk("d", "a.mbox", "a", 2, "", 0, 1, 0, "x").label == "a.mbox, message 2"


def test_a_damaged_e_mail_of_a_mailbox_costs_only_itself(tmp_path: Path) -> None:
    postmark = b"From ada@example.org Tue Mar  5 14:22:00 2024\n"
    box = postmark + b"X-Other: no head that says anything\n\nWords.\n\n" + postmark + letter("Second").as_bytes()
    document = read_bytes(tmp_path, "a.mbox", box)
    assert [page.number for page in document.pages] == [2]
    assert document.gaps == ("left out, because damaged: message 1",)


def test_heads_of_any_length_take_no_time(tmp_path: Path) -> None:
    subject = b"Subject: " + b"=?utf-8?q?a?= " * 100_000
    started = time.perf_counter()
    document = read_bytes(tmp_path, "a.eml", b"From: a@b.c\n" + subject + b"\n\nWords.")
    assert time.perf_counter() - started < 10
    assert whole_text(document).endswith("Words.")


def test_an_outlook_message_is_read_like_any_other(tmp_path: Path) -> None:
    path = write_outlook(
        tmp_path / "a.msg",
        subject="Pump order",
        sender="Ada Lovelace",
        recipients=["Jörg", "Bo"],
        body="Please order two pumps.",
        attachments=[("limits.csv", b"City;Limit\nBerlin;120\n" * 400), ("photo.png", b"\x89PNG\r\n")],
    )
    document = read_here(path)
    assert document.title == "Pump order"
    assert whole_text(document).startswith(
        'Pump order\n\nFrom: "Ada Lovelace" <sender@example.org>\nTo: Jörg <jörg@example.org>, Bo <bo@example.org>\n'
        "Date: Tue, 05 Mar 2024 14:22:00 +0000\n\nPlease order two pumps.\n\nAttachment limits.csv\n\nrows 1–"
    )
    assert document.gaps == (
        "left out: the attachment photo.png, because it is a picture, and text recognition is switched off",
    )


def test_the_html_of_an_outlook_message_is_read_where_it_has_no_plain_text(tmp_path: Path) -> None:
    markup = "<p>Schöne Grüße</p><p>Ada</p>"
    path = write_outlook(tmp_path / "a.msg", subject="Hello", sender="Ada", recipients=["Bo"], markup=markup)
    assert whole_text(read_here(path)).endswith("Schöne Grüße\n\nAda")


def test_half_an_outlook_message_is_refused(tmp_path: Path) -> None:
    data = old_office_bytes("__properties_version1.0")
    assert "not an Outlook message" in refusal_of(tmp_path, "a.msg", data).reason


def packed(parts: dict[str, bytes]) -> bytes:
    """The bytes of a ZIP archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return made.getvalue()


def test_the_files_in_an_attached_archive_are_read_with_their_pages(tmp_path: Path) -> None:
    manual = write_pdf(tmp_path / "manual.pdf", ["About herons.", "About terns."]).read_bytes()
    inner = packed({"deep.txt": b"About skuas."})
    parts = {"a/manual.pdf": manual, "half.pdf": b"%PDF-1.7 half", "more/inner.zip": inner, ".hidden/x.txt": b"x"}
    message = letter()
    message.add_attachment(packed(parts), maintype="application", subtype="zip", filename="papers.zip")
    message.add_attachment("About auks.", filename="note.txt")
    document = read_bytes(tmp_path, "a.eml", message.as_bytes())
    assert [page.text.splitlines()[0] for page in document.pages[1:]] == [
        "Attachment papers.zip/a/manual.pdf, p. 1",
        "Attachment papers.zip/a/manual.pdf, p. 2",
        "Attachment papers.zip/more/inner.zip/deep.txt",
        "Attachment note.txt",
    ]
    assert document.gaps == ("left out: the attachment papers.zip/half.pdf, because it is damaged or not a PDF",)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (packed({"a.txt": b"About gulls."})[:40], "it is a damaged ZIP archive"),
        (packed({"../a.txt": b"About gulls."}), "it holds a path that leads out of it (../a.txt)"),
        (packed({"a.gif": b"x"}), "no file in it can be read"),
        (packed({"a.txt": bytes(60_000_000)}), "it has 0.1 MB and unpacks to 60 MB, more than is safe to open"),
        (packed({"1.txt": bytes(5_000), "2.txt": bytes(5_000)}), "it has 0.0 MB and unpacks to 0 MB, more than is"),
    ],
    ids=["damaged", "leads out", "nothing to read", "bomb", "large"],
)
def test_an_attached_archive_that_is_refused_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, reason: str
) -> None:
    if "unpacks to 0 MB" in reason:
        monkeypatch.setattr(letters, "_ARCHIVE_BYTES", 9_000)
    message = letter()
    message.add_attachment(data, maintype="application", subtype="zip", filename="papers.zip")
    document = read_bytes(tmp_path, "a.eml", message.as_bytes())
    (gap,) = document.gaps
    assert gap.startswith(f"left out: the attachment papers.zip, because {reason}")
    assert len(document.pages) == 1


def test_the_files_of_attached_archives_count_as_attachments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "ATTACHMENTS", 3)
    message = letter()
    many = packed({f"{number}.txt": f"About gull {number}.".encode() for number in range(5)})
    message.add_attachment(many, maintype="application", subtype="zip", filename="papers.zip")
    document = read_bytes(tmp_path, "a.eml", message.as_bytes())
    assert len(document.pages) == 4
    assert document.gaps == ("left out: 2 of 5 attachments",)
