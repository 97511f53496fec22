"""Promises of the house: one-way imports, one library in one file, settings that are documented."""

import ast
import re
import subprocess
import sys
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from ingest.discovery import ACCEPTED
from rag.errors import SettingsError
from rag.settings import Settings, load_settings, origins

ROOT = Path(__file__).parents[1]
ROOMS = {"rag": set(), "ingest": {"rag"}, "ui": {"rag", "ingest"}}


@cache
def files(room: str) -> tuple[Path, ...]:
    return tuple((ROOT / room).rglob("*.py"))


@cache
def imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_one_way(room: str) -> None:
    for file in files(room):
        outside = imports(file) & ({"rag", "ingest", "ui", "app"} - ROOMS[room] - {room})
        assert not outside, f"{file} imports {outside}"


@pytest.mark.slow
def test_rag_and_ingest_never_load_streamlit_and_rag_never_ingest() -> None:
    code = (
        "import sys, rag.build, rag.__main__\nassert not any(name.startswith('ingest') for name in sys.modules)\n"
        "import ingest.pipeline, ingest.__main__\nassert 'streamlit' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_page_is_shown_before_slow_libraries_are_loaded() -> None:
    code = (
        "import sys, ui.chat, ui.library\n"
        "slow = {'torch', 'transformers', 'sentence_transformers', 'pymilvus', 'scipy', 'duckdb'}\n"
        "slow |= {'docx', 'openpyxl', 'trafilatura', 'langchain_text_splitters', 'rapidocr'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize(
    "library",
    [
        "pymilvus",
        "faiss",
        "sentence_transformers",
        "onnxruntime",
        "sentencex",
        "sqlite3",
        "snowballstemmer",
        "ir_measures",
        "scipy",
        "tqdm",
        "watchfiles",
        "rapidfuzz",
        "datasketch",
        "filelock",
        "markdown_it",
        "pypdf",
        "pypdfium2",
        "PIL",
        "docx",
        "pptx",
        "openpyxl",
        "duckdb",
        "lxml",
        "rapidocr",
        "oxmsg",
        "striprtf",
        "trafilatura",
        "chardet",
        "ironcalc",
        "python_calamine",
        "langchain_text_splitters",
        "huggingface_hub",
    ],
)
def test_one_file_owns_a_library(library: str) -> None:
    owners = [file for room in ROOMS for file in files(room) if library in imports(file)]
    assert len(owners) == 1, owners


def test_only_the_catalog_imports_sqlalchemy() -> None:
    owners = {file.parent for room in ROOMS for file in files(room) if "sqlalchemy" in imports(file)}
    assert owners == {ROOT / "rag" / "catalog"}


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `?([^|`]*)`? \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    for field in fields(Settings):
        assert field.name in rows, f"README's settings table lacks {field.name}"
        if field.name not in ("home", "library"):
            assert rows[field.name].strip() == str(field.default), field.name


def test_every_format_is_documented() -> None:
    table = (ROOT / "docs/formats.md").read_text()
    rows = set(re.findall(r"`(\.\w+)`", "".join(line for line in table.splitlines() if line.startswith("|"))))
    assert rows == set(ACCEPTED)


def test_the_settings_page_explains_every_setting_like_the_readme() -> None:
    from ui.settings import MEANINGS

    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| (.*?) \|$", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert {field.name: rows[field.name] for field in fields(Settings)} == MEANINGS


def test_the_origin_of_each_setting_is_known(tmp_path: Path) -> None:
    file = tmp_path / "footnote.toml"
    file.write_text("top_k = 3\nminimum_score = 0.5\n")
    found = origins({"FOOTNOTE_TOP_K": "9"}, file)
    assert (found["top_k"], found["minimum_score"], found["dtype"]) == ("FOOTNOTE_TOP_K", str(file), "default")


def test_settings_come_from_file_then_environment(tmp_path: Path) -> None:
    file = tmp_path / "footnote.toml"
    file.write_text("top_k = 3\nminimum_score = 0.5\n")
    settings = load_settings({"FOOTNOTE_TOP_K": "9", "FOOTNOTE_HOME": str(tmp_path)}, file)
    assert (settings.top_k, settings.minimum_score, settings.home) == (9, 0.5, tmp_path)


@pytest.mark.parametrize(
    "environment",
    [{"FOOTNOTE_TOPK": "3"}, {"FOOTNOTE_TOP_K": "many"}, {"FOOTNOTE_TOP_K": "0"}, {"FOOTNOTE_CHUNK_OVERLAP": "900"}],
    ids=["unknown", "no number", "too small", "too large"],
)
def test_a_wrong_setting_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"(?i)top_?k|chunk_overlap"):
        load_settings(environment, tmp_path / "none.toml")


def test_a_switch_is_true_or_false(tmp_path: Path) -> None:
    none = tmp_path / "none.toml"
    assert load_settings({"FOOTNOTE_HOME": "", "FOOTNOTE_LIBRARY": ""}, none) == Settings()
    assert load_settings({"FOOTNOTE_GENERATOR_REFUSES": "true"}, none).generator_refuses
    assert load_settings({"FOOTNOTE_GENERATOR_REFUSES": "0"}, none).generator_refuses is False
    assert load_settings({"FOOTNOTE_GENERATOR_REFUSES": "auto"}, none).generator_refuses is None
    with pytest.raises(SettingsError, match="true or false"):
        load_settings({"FOOTNOTE_GENERATOR_REFUSES": "perhaps"}, none)
