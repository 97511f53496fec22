"""The model store: names, sources, hashes, conversion. See `table` for what is known by name.

Import is light: torch, transformers and the hub's library are loaded by nothing in here.
"""

from rag.models.store import (
    ModelState,
    State,
    add_model,
    ensure_model,
    file_hashes,
    find_model,
    known_models,
    model_name,
    model_states,
    verify_model,
)
from rag.models.table import MODELS, Model, Role, find_row

__all__ = [
    "MODELS",
    "Model",
    "ModelState",
    "Role",
    "State",
    "add_model",
    "ensure_model",
    "file_hashes",
    "find_model",
    "find_row",
    "known_models",
    "model_name",
    "model_states",
    "verify_model",
]
