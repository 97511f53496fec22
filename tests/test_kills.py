"""A library that is killed again and again while a folder changes equals one that was filled at once.

A few rounds; `make kills` runs a hundred.
"""

import sys
from pathlib import Path

import pytest

from benchmarks.kills import run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


@pytest.mark.slow
def test_a_library_survives_being_killed(tmp_path: Path) -> None:
    outcome = run(tmp_path, rounds=5, seed=7)
    assert outcome.differences == ()
    assert outcome.killed >= 3
    assert outcome.documents > 10
    assert outcome.passages > 100
