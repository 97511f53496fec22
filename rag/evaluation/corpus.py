"""Libraries for evaluation, of passages in JSON lines or of a folder of documents; each is made once and kept."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag import lines
from rag.embedders import Embedder
from rag.errors import FootnoteError
from rag.library import Library
from rag.progress import OnProgress
from rag.settings import Settings
from rag.types import Chunk

_BATCH = 512  # passages embedded and written at once
_WHOLE = "evaluation corpus is whole"  # mark of a library that needs nothing more
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Passage:
    """One row of a corpus."""

    id: str
    title: str
    text: str

    @property
    def chunk(self) -> Chunk:
        return Chunk(self.id, self.id, self.title, None, "", 0, len(self.text), 0, self.text)

    @property
    def embedded(self) -> str:
        """What the embedding sees: title and text, as the published figures do."""
        return " ".join(filter(None, (self.title, self.text)))


def settings_of(corpus: Path, settings: Settings, work: Path, *, titles: bool = True) -> Settings:
    """Settings whose library, under `work`, is that of the corpus, the embedding model and the chunking."""
    marks = [settings.embedding_model, "titles" if titles else "texts"]
    if corpus.is_dir():
        files = sorted(file for file in corpus.rglob("*") if file.is_file())
        marks += [f"{file.relative_to(corpus)} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files]
        marks += [str(settings.chunk_tokens), str(settings.chunk_overlap)]
    else:
        marks.append(hashlib.sha256(_read(corpus)).hexdigest())
    name = hashlib.sha256("\n".join(marks).encode()).hexdigest()[:16]
    return replace(settings, library=work / name)


def ingest_folder(corpus: Path, settings: Settings) -> None:
    """Puts the documents of a folder into the library of `settings`, through the ingest command.

    Raises:
        FootnoteError: nothing could be added. A file that cannot be read is named on the terminal and left out.
    """
    environment = {**os.environ, "FOOTNOTE_LIBRARY": str(settings.library), "FOOTNOTE_HOME": str(settings.home)}
    for name in ("embedding_model", "chunk_tokens", "chunk_overlap", "device", "dtype"):
        environment[f"FOOTNOTE_{name.upper()}"] = str(getattr(settings, name))
    ran = subprocess.run(
        [sys.executable, "-m", "ingest", str(corpus.resolve())], cwd=_ROOT, env=environment, check=False
    )
    if ran.returncode not in (0, 1):  # 1: some files failed and were named
        raise FootnoteError(f"The documents of {corpus} could not be added: see above.")


def fill(library: Library, embedder: Embedder, file: Path, on_progress: OnProgress, *, titles: bool = True) -> int:
    """Embeds the passages of a JSON lines file into an open library; goes on where it was cut.

    Known lines: {id, title, text}, or of questions with contexts of {document_id, text}.

    Args:
        titles: whether the title of a passage is embedded with its text.

    Returns:
        How many passages are longer than what the embedding model reads.
    """
    passages = _passages(file, titles)
    if library.catalog.is_marked(_WHOLE):
        return _too_long(passages, embedder)
    done = library.store.count()
    for start in range(done - done % _BATCH, len(passages), _BATCH):
        batch = passages[start : start + _BATCH]
        told = f"embedding {file.parent.name}"
        on_progress(start, len(passages), told)

        def tell(done: int, start: int = start, told: str = told) -> None:
            on_progress(start + done, len(passages), told)

        chunks = [passage.chunk for passage in batch]
        library.lexical.add(chunks)
        texts = [(passage.text, passage.embedded) for passage in batch]
        library.store.upsert(chunks, *lines.encode_texts(texts, embedder, on_batch=tell))
    library.catalog.mark(_WHOLE)
    return _too_long(passages, embedder)


def _too_long(passages: Sequence[Passage], embedder: Embedder) -> int:
    return sum(embedder.count_tokens(passage.embedded) > embedder.max_tokens for passage in passages)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as exc:
        raise FootnoteError(f"The corpus {file} cannot be read: {exc.strerror}.") from exc


def _passages(file: Path, titles: bool) -> list[Passage]:
    """In their order, each once; those of a set of questions are the contexts that its lines give."""
    found: dict[str, Passage] = {}
    for number, line in enumerate(_read(file).decode("utf-8", "replace").split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
                for one in row["contexts"] or () if "contexts" in row else (row,):
                    own = one["document_id"] if "contexts" in row else one.get("id", one.get("_id", number))
                    title = str(one.get("title") or "") if titles else ""
                    passage = Passage(str(own), title, str(one["text"]))
                    if found.setdefault(passage.id, passage).text != passage.text:
                        raise ValueError(f"{passage.id} has another text before")
            except (ValueError, KeyError, AttributeError, TypeError) as exc:
                raise FootnoteError(f"{file}, line {number}: this is no passage ({exc!r}).") from exc
    return list(found.values())
