"""Child processes that are watched."""

from pathlib import Path

from rag.models.child import run_module


def test_what_a_child_says_takes_no_room_on_the_disk(tmp_path: Path) -> None:
    outcome = run_module(["json.tool", "missing.json"], scratch=tmp_path)
    assert outcome.code != 0
    assert "missing.json" in outcome.last_line
    assert list(tmp_path.iterdir()) == []


def test_a_child_is_ended_at_its_limit_and_what_it_said_is_kept(tmp_path: Path) -> None:
    (tmp_path / "download").write_bytes(b"12345")
    sizes: list[int] = []
    command = ["timeit", "-n", "1", "import time; print('begun', flush=True); time.sleep(60)"]
    outcome = run_module(command, scratch=tmp_path, watched=tmp_path, on_bytes=sizes.append, seconds=2)
    assert outcome.code is None
    assert outcome.output.strip() == "begun"
    assert sizes[-1] == 5
