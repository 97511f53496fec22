"""Documents whose text is nearly another's: pointed out, never decided. The only file that imports datasketch.

Each document has a MinHash signature over runs of four words, half a kilobyte that is compared with all others at
once. What looks alike is then compared run by run, so that the share that is told is that of the texts. Where a script
sets no words apart, each sign is one.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from rag.catalog import Alike
from rag.library import Library
from rag.sheets import texts
from rag.signatures import NUMBERS as _NUMBERS
from rag.terms import UNSPACED
from rag.types import Chunk

NEARLY = 0.8  # share of the runs in common from which two documents are pointed out
_RUN = 4  # words
_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")


def runs(text: str) -> Counter[str]:
    """The runs of words of a text, how often each; of a shorter text all of it."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    count = max(1, len(words) - _RUN + 1)
    return Counter(" ".join(words[start : start + _RUN]) for start in range(count)) if words else Counter()


def signature(found: Iterable[str]) -> bytes:
    """Numbers in which two texts agree about as often as they have runs in common."""
    from datasketch import MinHash  # half a second to import, for scipy

    made = MinHash(num_perm=_NUMBERS, scheme="affine32")
    made.update_batch([run.encode() for run in found])
    return bytes(made.hashvalues.astype("<u4").tobytes())


def share(one: Counter[str], two: Counter[str]) -> float:
    """How much of two texts is the same, 0 to 1: the runs that they have in common, of all runs of both."""
    return 2 * (one & two).total() / ((one.total() + two.total()) or 1)


def compare_document(library: Library, document_id: str, passages: Iterable[Chunk]) -> list[Alike]:
    """Compares a document that answers with the others of its collection, and keeps what it is like.

    The library's store must be open.
    """
    catalog, collection = library.catalog, library.collection
    own = runs("\n".join(text for _, text in texts(passages)))
    made = signature(own)
    found = []
    if own:
        near = library.signatures.nearest(collection, made, besides=document_id)
        shares = ((other, share(own, _runs_of(library, other))) for other in near)
        found = [(other, common) for other, common in shares if common >= NEARLY]
    catalog.compared(collection, document_id, made, found)
    told = catalog.alike(collection, document_id=document_id) if found else []
    return [pair for pair in told if pair.document_id == document_id]


def catch_up(library: Library, *, limit: int | None = None) -> int:
    """Compares documents that were not yet, because they came with an earlier version or from elsewhere."""
    waiting = library.catalog.without_signature(library.collection, limit=limit)
    for document_id in waiting:
        compare_document(library, document_id, library.passages(document_id))
    return len(waiting)


def sentence(pair: Alike) -> str:
    """ "report-final-v2.pdf is 97 % the same as report-final.pdf"; what is not wholly the same is at most 99 %."""
    percent = 100 if pair.share == 1 else min(99, round(100 * pair.share))
    return f"{pair.name} is {percent} % the same as {pair.other_name}"


def _runs_of(library: Library, document_id: str) -> Counter[str]:
    return runs("\n".join(text for _, text in texts(library.passages(document_id))))
