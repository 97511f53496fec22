"""Progress in the terminal."""

import pytest

from rag.progress import terminal_bar


def test_work_that_does_not_tell_how_much_there_is_shows_no_amount(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal_bar(unit="B") as tell:
        tell(0, 0, "mpnet: unpacking")
        tell(50, 100, "mpnet: converting")
    shown = capsys.readouterr().err
    assert "mpnet: unpacking… 00:00" in shown
    assert "0.00B" not in shown.split("mpnet: converting")[0]
    assert "50.0/100" in shown
