"""Errors that a user can read.

FootnoteError                 shown as it stands: what happened, to which file, what to do next
├── UnreadableDocument        a file cannot be read; the others go on
│   └── LockedDocument        it needs a password, or another one
├── ModelUnavailable          weights are missing, damaged or cannot be fetched
├── GenerationError           the generator broke off
├── LibraryInUse              another process holds the library
├── StoreError                the vector store refused or lost its way
│   └── ModelMismatch         the collection was built with another embedding model
└── SettingsError             a setting has a value that cannot work

Foreign exceptions are mapped to these in the one file that owns the library, with `raise … from`.
Anything that is not a FootnoteError is a bug and is shown as one.
"""


class FootnoteError(Exception):
    """Base class: its text is meant for the user."""


class UnreadableDocument(FootnoteError):
    """A document that cannot be indexed. `reason` is a short word for reports, the text says the remedy."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        super().__init__(f"{name}: {reason}. {remedy}")
        self.name = name
        self.reason = reason
        self.remedy = remedy

    def __reduce__(self) -> tuple[type["UnreadableDocument"], tuple[str, str, str]]:
        return (type(self), (self.name, self.reason, self.remedy))


class LockedDocument(UnreadableDocument):
    """A document that opens only with a password, or another one than was given."""


class ModelUnavailable(FootnoteError):
    """Weights are missing, fail their checksum or cannot be fetched."""


class GenerationError(FootnoteError):
    """The generator broke off."""


class LibraryInUse(FootnoteError):
    """Another process has the library open."""


class StoreError(FootnoteError):
    """The vector store could not do what was asked."""


class ModelMismatch(StoreError):
    """A collection belongs to another embedding model or dimension."""


class SettingsError(FootnoteError):
    """A setting has a value that cannot work."""
