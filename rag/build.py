"""Builds the parts that the settings name. Importing it takes seconds: torch comes with it."""

from pathlib import Path

from rag.assistant import Assistant
from rag.cross_encoders import CrossEncoders
from rag.devices import choose_bits, choose_device
from rag.embedders import Embedder, universal
from rag.embedders.text import TextEmbedder
from rag.generators.local import LocalGenerator
from rag.library import Library
from rag.models import ensure_model, find_row
from rag.progress import OnProgress
from rag.retriever import Retriever
from rag.settings import Settings


def _silent(done: int, total: int, what: str) -> None:
    """Progress that nobody watches."""


def load_embedder(settings: Settings, *, on_progress: OnProgress = _silent) -> Embedder:
    """The embedding model, fetched first when it is missing."""
    folder = ensure_model(settings.embedding_model, settings, on_progress=on_progress)
    if (folder / universal.FILE).is_file():
        return universal.UniversalEmbedder(folder, name=settings.embedding_model)
    return TextEmbedder(folder, name=settings.embedding_model, device=settings.device, dtype=settings.dtype)


def load_generator(settings: Settings, *, on_progress: OnProgress = _silent) -> LocalGenerator:
    """The generator, fetched first when it is missing."""
    folder = ensure_model(settings.generator_model, settings, on_progress=on_progress)
    name, bits = settings.generator_model, bits_of_generator(settings)
    return LocalGenerator(folder, name=name, device=settings.device, dtype=settings.dtype, bits=bits)


def load_cross_encoders(settings: Settings, *, on_progress: OnProgress = _silent) -> CrossEncoders:
    """Those that the settings name, fetched first when they are missing."""
    if not settings.names_cross_encoder:
        return CrossEncoders()
    from rag.cross_encoders.local import LocalEntailment, LocalReranker  # transformers' classifiers take a second

    def folder(name: str) -> Path:
        return ensure_model(name, settings, on_progress=on_progress)

    where, dtype, reranker, entailment = (
        settings.device,
        settings.dtype,
        settings.reranker_model,
        settings.entailment_model,
    )
    return CrossEncoders(
        LocalReranker(folder(reranker), device=where, dtype=dtype) if reranker else None,
        LocalEntailment(folder(entailment), device=where, dtype=dtype) if entailment else None,
    )


def bits_of_generator(settings: Settings) -> int:
    """Of the weights of the generator that the settings name, as it is loaded on this machine."""
    row = find_row(settings.generator_model)
    evaluated = row is not None and row.eight_bits
    return choose_bits(settings.generator_bits, choose_device(settings.device), evaluated=evaluated)


def build_assistant(
    library: Library,
    embedder: Embedder,
    generator: LocalGenerator,
    settings: Settings,
    cross_encoders: CrossEncoders = CrossEncoders(),
) -> Assistant:
    """The assistant over an open library whose store is open too."""
    return Assistant(Retriever.of_library(library, embedder, settings, cross_encoders), generator, settings)
