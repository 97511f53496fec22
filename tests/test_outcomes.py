"""The program that says what becomes of the files in a folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import write_pdf

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it forks")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zoo")
    write_pdf(folder / "a.pdf", ["Some words."])
    (folder / "b.txt").write_text("Some words.")
    (folder / "c.xyz").write_text("Some words.")
    (folder / "d.jsonl").write_text('{"a": 1}\nbroken\n')
    return folder


def run(folder: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "benchmarks.outcomes", str(folder), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_files_are_counted_by_format_and_outcome(folder: Path) -> None:
    code, printed = run(folder)
    assert code == 0
    assert "| .pdf | 1 | 1 |  |  |  |  |" in printed
    assert "| all | 4 | 2 | 1 | 1 |  |  |" in printed
    assert "| files ending in .xyz are not supported | 1 |" in printed
    assert "| left out, because damaged: line N | 1 |" in printed


def test_a_file_that_takes_too_long_or_too_much_memory_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("City,Limit,Note\n" * 400_000)
    code, printed = run(tmp_path, "--seconds", "0.02")
    assert code == 1
    assert "| all | 1 |  |  |  |  | 1 |" in printed
    code, printed = run(tmp_path, "--gigabytes", "0.01")
    assert code == 1
    assert "MemoryError" in printed or "the process ended with" in printed
