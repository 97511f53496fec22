import pytest

from rag import sentences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Load the file SKUA4.BIN from the portal. Wait.", ["Load the file SKUA4.BIN from the portal.", "Wait."]),
        ("He left in 2023.The rest stayed.", ["He left in 2023.", "The rest stayed."]),
        ("It has 12. NASA has more.", ["It has 12.", "NASA has more."]),
        ("第一句。第二句！", ["第一句。", "第二句！"]),
        ("", []),
    ],
)
def test_a_stop_inside_the_name_of_a_file_ends_no_sentence(text: str, found: list[str]) -> None:
    split = sentences.split(text)
    assert [one.text for one in split] == found
    assert [text[one.start : one.end] for one in split] == found
