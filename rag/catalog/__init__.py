"""The catalog: what the library holds, what waits to be added, what was asked. Only this folder imports SQLAlchemy.

Vectors live in the store, files in the library folder; the catalog says which documents are whole. A document is
`writing` until all its chunks are kept, `embedding` while its words are found and its vectors fill in, `ready` when all
is there, `leaving` until its chunks are gone. Only `embedding` and `ready` ones are shown to a question, so that a
crash between two steps never shows half a document. The catalog keeps the chunks that the store has no vectors of yet.
"""

from rag.catalog.collections import Collection, Collections
from rag.catalog.conversations import Conversation, Conversations, KeptAnswer
from rag.catalog.database import REMEDY, CatalogDamaged, CatalogError
from rag.catalog.documents import Documents
from rag.catalog.folders import Folders
from rag.catalog.likeness import Alike, Likeness, Signature
from rag.catalog.marks import Marks
from rag.catalog.quarantine import Quarantine, Quarantined, Release
from rag.catalog.queue import Queue, QueuedFile, QueueState
from rag.catalog.recognition import Recognition
from rag.catalog.records import (
    ANSWERING,
    DocumentOrder,
    DocumentQuery,
    DocumentRecord,
    DocumentState,
    NamedDocument,
    Totals,
)
from rag.catalog.reembeddings import Reembedding, Reembeddings
from rag.catalog.salvage import Salvage
from rag.catalog.tags import Tags
from rag.catalog.unembedded import Embedded, Unembedded
from rag.catalog.versions import Succession, Version, Versions, VersionState

__all__ = [
    "ANSWERING",
    "REMEDY",
    "Alike",
    "Catalog",
    "CatalogDamaged",
    "CatalogError",
    "Collection",
    "Conversation",
    "DocumentOrder",
    "DocumentQuery",
    "DocumentRecord",
    "DocumentState",
    "Embedded",
    "KeptAnswer",
    "Quarantined",
    "NamedDocument",
    "QueueState",
    "QueuedFile",
    "Reembedding",
    "Release",
    "Signature",
    "Succession",
    "Totals",
    "Version",
    "VersionState",
]


class Catalog(
    Collections,
    Reembeddings,
    Documents,
    Unembedded,
    Versions,
    Likeness,
    Quarantine,
    Recognition,
    Tags,
    Folders,
    Queue,
    Conversations,
    Marks,
    Salvage,
):
    """The catalog in one SQLite file. Thread-safe; every method is one transaction, on disk when it returns.

    Raises:
        CatalogDamaged: the file is no catalog, or is damaged.
        CatalogError: it belongs to a newer Footnote, or the disk is full.
    """
