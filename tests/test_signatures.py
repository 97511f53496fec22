"""The documents whose signatures agree most are those of a comparison with every signature in the catalog."""

import random
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sql

from rag.catalog import ANSWERING, Catalog
from rag.catalog.likeness import forget_likeness
from rag.catalog.tables import documents
from rag.signatures import NUMBERS, Signatures

IDS = [f"{number:02}" for number in range(40)]


def expected(catalog: Catalog, collection: str, own: bytes, besides: str) -> list[str]:
    """Every signature is read from the catalog and compared."""
    found = []
    for one in catalog.signatures():
        record = catalog.document(one.collection, one.document_id)
        if one.collection == collection and one.document_id != besides and record and record.state in ANSWERING:
            agree = float((np.frombuffer(own, "<u4") == np.frombuffer(one.numbers, "<u4")).mean())
            found.append((-agree, one.document_id))
    return [identifier for agree, identifier in sorted(found) if -agree >= 0.5][:3]


def put(catalog: Catalog, collection: str, identifier: str, state: str) -> None:
    row = {"collection": collection, "id": identifier, "name": identifier, "title": "", "pages": 1, "chunks": 1}
    with catalog._transaction() as run:
        its = (documents.c.collection == collection, documents.c.id == identifier)
        run.execute(sql.delete(documents).where(*its))
        run.execute(sql.insert(documents).values(**row, size=1, added_at=0.0, state=state))


def like(chance: random.Random, numbers: list[int]) -> bytes:
    """A signature that agrees with this one in some of its numbers."""
    changed = set(chance.sample(range(NUMBERS), chance.choice((5, 20, 60, 64, 65, 90))))
    return np.array([chance.randrange(2**22) if n in changed else x for n, x in enumerate(numbers)], "<u4").tobytes()


@pytest.mark.parametrize("seed", range(6))
def test_it_finds_what_a_comparison_with_all_finds_whatever_came_and_went(tmp_path: Path, seed: int) -> None:
    chance, catalog = random.Random(seed), Catalog(tmp_path / "catalog.db")
    texts = [[chance.randrange(2**22) for _ in range(NUMBERS)] for _ in range(2)]
    signatures = Signatures(catalog)
    found = 0
    for _ in range(150):
        collection, identifier = chance.choice(("library", "library", "other")), chance.choice(IDS)
        if chance.random() < 0.25:
            last = max(catalog.signatures(), key=lambda one: one.number, default=None)
            if last is not None and chance.random() < 0.5:
                collection, identifier = last.collection, last.document_id  # whose number is given again
            with catalog._transaction() as run:
                forget_likeness(run, collection, identifier)
        else:
            put(catalog, collection, identifier, chance.choice(("ready", "ready", "embedding", "leaving")))
            catalog.compared(collection, identifier, like(chance, chance.choice(texts)), ())
        own, besides = like(chance, chance.choice(texts)), chance.choice(IDS)
        near = signatures.nearest("library", own, besides=besides)
        assert near == expected(catalog, "library", own, besides)
        found += len(near)
    assert found > 100
    catalog.close()
