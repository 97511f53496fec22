"""One form for all text, and for names."""

import pytest

from ingest.readers.cleaning import clean_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("a\u202egpj.exe.txt", "agpj.exe.txt"),
        ("red\x1b[31m\x07.txt", "red[31m.txt"),
        ("two\nlines\t.txt", "two lines .txt"),
        ("caf\udce9.txt", "café.txt"),
        ("cafe\u0301.txt", "café.txt"),
        ("emoji 🦓 日本語.txt", "emoji 🦓 日本語.txt"),
    ],
)
def test_a_name_is_one_line_that_can_be_printed(name: str, shown: str) -> None:
    assert clean_name(name) == shown
