"""`python -m rag ask|search` with fakes for the models and the real library, and `make ask`."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import rag.build
from ingest.__main__ import main as add_documents
from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag.__main__ import main
from rag.library import Library
from rag.settings import load_settings
from tests.documents import write_encrypted_pdf
from tests.fakes import HashingEmbedder, ScriptedGenerator


@pytest.fixture
def generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedGenerator:
    """Answers from a library of two documents."""
    made, embedder = ScriptedGenerator(), HashingEmbedder(1_024)
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FOOTNOTE_MINIMUM_SCORE", "0.05")
    monkeypatch.setattr(rag.build, "load_embedder", lambda *_, **__: embedder)
    monkeypatch.setattr(rag.build, "load_generator", lambda *_, **__: made)
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    (documents / "lunch.txt").write_text("Lunch in the canteen costs 3.80 EUR.")
    settings = load_settings()
    with Library.open(settings, holder="test") as library:
        library.open_store(embedder)
        ingest(find_files([documents]), library=library, embedder=embedder, settings=settings)
    return made


def test_ask_prints_the_answer_its_source_and_timings(
    generator: ScriptedGenerator, capsys: pytest.CaptureFixture[str]
) -> None:
    generator.replies = ["Six days carry over [1]."]
    assert main(["ask", "--cited", "How many days of leave carry over?"]) == 0
    shown = capsys.readouterr().out
    assert "Six days carry over. [1]" in shown
    assert "[1] leave.txt" in shown
    assert "“Six days of leave carry over until 31 March.”" in shown
    assert "s in all" in shown


def test_ask_fails_where_a_citation_was_demanded_and_is_missing(
    generator: ScriptedGenerator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", "Zebra?"]) == 0
    assert main(["ask", "--cited", "Zebra?"]) == 1
    assert "1 of 1 answer has no citation" in capsys.readouterr().err


def test_an_empty_library_is_named_before_a_model_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path))
    assert main(["ask", "How many days?"]) == 1
    assert "The library is empty. Add documents" in capsys.readouterr().err


def test_search_shows_passages_of_the_named_documents(
    generator: ScriptedGenerator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", "lunch or leave"]) == 0
    assert {"leave.txt", "lunch.txt"} <= set(capsys.readouterr().out.split())
    assert main(["search", "lunch or leave", "--document", "lunch.txt"]) == 0
    assert "leave.txt" not in capsys.readouterr().out
    assert main(["ask", "lunch?", "--document", "dinner.txt"]) == 1
    assert "'dinner.txt' in the library. It holds: leave.txt, lunch.txt." in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["search", "x", "-k", "0"], ["search", " "], ["ask", "x", ""]])
def test_senseless_arguments_are_refused_before_anything_is_loaded(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2


@pytest.mark.skipif(not shutil.which("make"), reason="no make")
def test_what_could_not_be_added_is_named_with_its_path_and_the_way_out(
    generator: ScriptedGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTE_ISOLATE_READERS", "false")
    monkeypatch.chdir(tmp_path)
    assert add_documents(["notes/gone.txt"]) == 1
    told = capsys.readouterr().err
    assert f"gone.txt: there is no file {tmp_path / 'notes/gone.txt'}. Check its path and name." in told
    assert "--password" not in told
    write_encrypted_pdf(tmp_path / "locked.pdf", "A page about herons.", "heron")
    assert add_documents(["locked.pdf"]) == 1
    assert "`python -m ingest --password PATH`" in capsys.readouterr().err


def test_make_run_names_another_port_where_its_own_is_taken(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parents[1] / "Makefile", tmp_path)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").write_text(f'#!/bin/sh\n[ "$1" != -c ] || exec {sys.executable} "$@"\n')
    (tmp_path / ".venv/bin/streamlit").write_text('#!/bin/sh\necho "served at $4"\n')
    for name in ("python", "streamlit"):
        (tmp_path / ".venv/bin" / name).chmod(0o755)
    for name in ("requirements.txt", ".stamps/requirements"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = {"cwd": tmp_path, "env": {**os.environ, "PORT": str(port)}, "capture_output": True, "text": True}
        refused = subprocess.run(["make", "-s", "run"], **run)
    assert refused.returncode == 2
    assert f"Port {port} cannot be used" in refused.stdout and "PORT=8502 make run" in refused.stdout
    assert subprocess.run(["make", "-s", "run"], **run).stdout == f"served at {port}\n"
    run["env"]["PORT"] = "eight"
    assert "Port eight cannot be used" in subprocess.run(["make", "-s", "run"], **run).stdout


@pytest.mark.skipif(not shutil.which("make"), reason="no make")
def test_make_hands_the_question_over_as_it_was_typed(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parents[1] / "Makefile", tmp_path)
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    python.chmod(0o755)
    for name in ("requirements.txt", ".stamps/requirements"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    question = "What does \"E-14\" cost in $HOME, `date`, $(shell date) and 'quotes'; #1?"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "-s", "ask", f"Q={question}"]
    shown = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True).stdout
    assert shown.endswith(f"-m|rag|ask|--|{question}|")
    assert subprocess.run(command[:3], cwd=tmp_path, env=environment, capture_output=True).returncode == 2


def test_no_password_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ended(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", ended)
    assert add_documents(["--password", str(tmp_path)]) == 1
    assert "No password was given" in capsys.readouterr().err
