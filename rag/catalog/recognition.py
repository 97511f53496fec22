"""Pages whose text was recognised in their picture: how sure it is, and where its lines stand."""

import json
from collections.abc import Sequence

import sqlalchemy as sql

from rag.catalog.database import Database
from rag.catalog.tables import recognised as _recognised
from rag.types import RecognisedLine, RecognisedPage

_NO_PAGE = 0  # pages are counted from 1


class Recognition(Database):
    """The recognised pages of every document."""

    def set_recognised(self, collection: str, document_id: str, pages: Sequence[RecognisedPage]) -> None:
        """Notes which pages of a document were recognised, in the place of those noted before."""
        rows = [
            {
                "collection": collection,
                "document_id": document_id,
                "page": page.number or _NO_PAGE,
                "confidence": page.confidence,
                "lines": json.dumps(
                    [[line.text, line.confidence, line.left, line.top, line.right, line.bottom] for line in page.lines],
                    ensure_ascii=False,
                ),
            }
            for page in pages
        ]
        with self._transaction() as run:
            run.execute(sql.delete(_recognised).where(*_of(collection, document_id)))
            if rows:
                run.execute(sql.insert(_recognised), rows)

    def recognised(self, collection: str, document_id: str) -> dict[int | None, float]:
        """How sure the text of each recognised page of a document is, 0 to 1; the key is None without pages."""
        columns = (_recognised.c.page, _recognised.c.confidence)
        query = sql.select(*columns).where(*_of(collection, document_id)).order_by(_recognised.c.page)
        with self._transaction() as run:
            return {page or None: confidence for page, confidence in run.execute(query)}

    def recognised_lines(self, collection: str, document_id: str, page: int | None) -> tuple[RecognisedLine, ...]:
        """The lines of a recognised page, none for other pages."""
        query = sql.select(_recognised.c.lines).where(
            *_of(collection, document_id), _recognised.c.page == (page or _NO_PAGE)
        )
        with self._transaction() as run:
            lines = run.execute(query).scalar_one_or_none()
        return tuple(RecognisedLine(*line) for line in json.loads(lines)) if lines else ()


def _of(collection: str, document_id: str) -> list[sql.ColumnElement[bool]]:
    return [_recognised.c.collection == collection, _recognised.c.document_id == document_id]
