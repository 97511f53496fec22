"""One frozen Settings, read once from footnote.toml and FOOTNOTE_* variables, passed as an argument."""

import math
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from rag.errors import SettingsError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NAME = r"[A-Za-z_][A-Za-z0-9_]{0,99}"  # of a collection


_SWITCH = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


@dataclass(frozen=True)
class Settings:
    """Every setting with its default. The evaluation behind a default is named beside it."""

    home: Path = user_data_path("footnote", appauthor=False)  # folder of the weights and of the library
    library: Path | None = None  # folder of documents and vectors; None: "library" under home
    collection: str = "library"  # collection that is filled and asked: letters, digits, _
    embedding_model: str = "all-mpnet-base-v2"  # of new collections: name of `models list`, hub id or folder
    reranker_model: str = ""  # cross-encoder that orders what was found: hub id or folder; "": none
    entailment_model: str = ""  # model of natural language inference that weighs sentences: hub id or folder; "": none
    generator_model: str = "qwen2.5-coder-1.5b-instruct"  # name of `models list`, hub id or folder
    device: str = "auto"  # auto, cpu or cuda
    dtype: str = "auto"  # auto, float32 or bfloat16; auto: bfloat16 where the hardware multiplies it
    generator_bits: str = "auto"  # of its weights: 8, 16 or auto: 8 for the default one where the processor has AVX2
    chunk_tokens: int = 200  # tokens of the embedding model in a chunk, header not counted
    chunk_overlap: int = 40  # tokens repeated from the chunk before
    file_megabytes: int = 200  # larger files are refused
    ocr_pages: int = 200  # of one document, whose pictures are read as text (seconds each); 0: none
    isolate_readers: bool = True  # whether files are read in a process of their own, with limits of time and memory
    private_addresses: bool = False  # whether pages of this machine and its own network are fetched, if asked for
    kept_versions: int = 5  # old versions of a document that are kept with text and file; 0: none
    version_days: int = 0  # days after which an old version is not kept any more; 0: without end
    top_k: int = 6  # passages retrieved for a question
    prompt_passages: int = 3  # of them, those with the nearest lines; the generator reads the likely ones
    word_weight: float = 0.6  # what the words of a question count beside its meaning; 0: only meaning is searched
    diversity: float = 0.0  # what likeness to passages that are taken counts against another, 0 to 1
    minimum_score: float = 0.3  # score under which a passage counts as not found
    minimum_evidence: float = 1.2  # certainty of the nearest line under which a question is not answered
    minimum_answerable: float = 0.25  # probability that the lines hold an answer below which it is not answered; 0: any
    generator_refuses: bool | None = None  # tell the generator how to; None: unless it is a small one of ours
    exact_rows: int = 1_000_000  # up to this many chunks the search is exact, above it HNSW
    prompt_tokens: int = 2_048  # tokens of the generator for instruction, passages and question
    answer_tokens: int = 384  # tokens at which an answer is cut, with a mark

    def __post_init__(self) -> None:
        for name in ("chunk_tokens", "file_megabytes", "top_k", "prompt_passages", "prompt_tokens", "answer_tokens"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} is {getattr(self, name)}, but must be at least 1.")
        for name in ("ocr_pages", "kept_versions", "version_days"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} is {getattr(self, name)}, but must be at least 0.")
        for name in ("word_weight", "minimum_score", "minimum_evidence", "minimum_answerable", "diversity"):
            if not math.isfinite(getattr(self, name)):
                raise SettingsError(f"{name} is {getattr(self, name)}, but must be a number.")
        if not 0 <= self.diversity <= 1:
            raise SettingsError(f"diversity is {self.diversity:g}, but must be from 0 to 1.")
        if not re.fullmatch(NAME, self.collection):
            raise SettingsError(
                f"collection is {self.collection!r}, but must begin with a letter and hold letters, digits and _ only."
            )
        if not 0 <= self.chunk_overlap < self.chunk_tokens:
            raise SettingsError(
                f"chunk_overlap is {self.chunk_overlap}, but must be at least 0 and below chunk_tokens "
                f"({self.chunk_tokens})."
            )

    @property
    def models(self) -> tuple[str, ...]:
        """Names of all models that are used."""
        named = (self.embedding_model, self.generator_model, self.reranker_model, self.entailment_model)
        return tuple(name for name in named if name)

    @property
    def names_cross_encoder(self) -> bool:
        """Whether a model is named that reads two texts together."""
        return bool(self.reranker_model or self.entailment_model)

    @property
    def library_folder(self) -> Path:
        """Where documents, catalog and vectors are kept."""
        return self.library or self.home / "library"

    @property
    def max_bytes(self) -> int:
        """Of a file; larger ones are refused."""
        return self.file_megabytes * 1_000_000

    @property
    def models_folder(self) -> Path:
        """Where verified weights are kept."""
        return self.home / "models"

    @property
    def backups_folder(self) -> Path:
        """Where the page puts backups and exported collections, and looks for them."""
        return self.home / "backups"


def load_settings(
    environment: Mapping[str, str] = os.environ, file: Path = Path("footnote.toml"), **overrides: object
) -> Settings:
    """Settings from `file`, then FOOTNOTE_* of the environment, then `overrides`; later ones win.

    Raises:
        SettingsError: for an unknown name or a value of the wrong type, naming its place.
    """
    known = {entry.name: entry.type for entry in fields(Settings)}
    values: dict[str, Any] = {}
    for name, raw in _read_toml(file).items():
        values[name] = _convert(name, raw, known, str(file))
    for variable, raw in environment.items():
        if variable.startswith("FOOTNOTE_"):
            name = variable.removeprefix("FOOTNOTE_").lower()
            values[name] = _convert(name, raw, known, variable)
    for name, raw in overrides.items():
        values[name] = _convert(name, raw, known, name)
    return Settings(**values)


def changed(settings: Settings, values: Mapping[str, object], place: str) -> Settings:
    """Settings with some others, whose values may be text.

    Args:
        place: where they come from, for the message.

    Raises:
        SettingsError: for an unknown name, a value of the wrong type, or one that does not go with the others.
    """
    known = {entry.name: entry.type for entry in fields(Settings)}
    try:
        converted: dict[str, Any] = {name: _convert(name, raw, known, place) for name, raw in values.items()}
        return replace(settings, **converted)
    except SettingsError as exc:
        raise SettingsError(str(exc) if str(exc).startswith(f"{place}: ") else f"{place}: {exc}") from exc


def origins(environment: Mapping[str, str] = os.environ, file: Path = Path("footnote.toml")) -> dict[str, str]:
    """Where the value of each setting comes from: a variable, the file or "default"."""
    in_file = _read_toml(file)
    found = {}
    for entry in fields(Settings):
        variable = f"FOOTNOTE_{entry.name.upper()}"
        found[entry.name] = variable if variable in environment else str(file) if entry.name in in_file else "default"
    return found


def _read_toml(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{file} is not valid TOML: {exc}. Correct it or move it away.") from exc


def _convert(name: str, raw: object, known: Mapping[str, object], place: str) -> object:
    if name not in known:
        raise SettingsError(f"{place}: there is no setting {name!r}. Known: {', '.join(sorted(known))}.")
    kind = known[name]
    try:
        if kind is Path and raw == "":
            return getattr(Settings, name)
        if kind in (Path, Path | None):
            return None if raw in ("", None) else Path(str(raw)).expanduser()
        if kind is int:
            return int(str(raw))
        if kind is float:
            return float(str(raw))
        if kind == bool | None and (raw is None or str(raw).strip().lower() == "auto"):
            return None
        if kind in (bool, bool | None):
            return _SWITCH[str(raw).strip().lower()]
    except ValueError as exc:
        raise SettingsError(f"{place}: {name} needs a number, got {raw!r}.") from exc
    except KeyError as exc:
        raise SettingsError(f"{place}: {name} needs true or false, got {raw!r}.") from exc
    return str(raw)
