"""Which documents are asked for and in what order, as SQL."""

from typing import Any

import sqlalchemy as sql

from rag.catalog.quarantine import Release
from rag.catalog.records import DocumentOrder, DocumentQuery
from rag.catalog.tables import alike as _alike
from rag.catalog.tables import documents as _documents
from rag.catalog.tables import quarantine as _quarantine
from rag.catalog.tables import tags as _tags

_BY_NAME = (sql.func.casefold(_documents.c.name), _documents.c.id)
ORDERS: dict[DocumentOrder, tuple[sql.ColumnElement[Any], ...]] = {
    DocumentOrder.NEWEST: (_documents.c.added_at.desc(), *_BY_NAME),
    DocumentOrder.OLDEST: (_documents.c.added_at.asc(), *_BY_NAME),
    DocumentOrder.NAME: _BY_NAME,
    DocumentOrder.LARGEST: (_documents.c.size.desc(), *_BY_NAME),
    DocumentOrder.LONGEST: (_documents.c.pages.desc(), *_BY_NAME),
}


def conditions(collection: str, query: DocumentQuery) -> list[sql.ColumnElement[bool]]:
    """The conditions that the documents of a collection meet which are asked for."""
    searched = sql.func.casefold(_documents.c.name + "\n" + _documents.c.title)
    found = [_documents.c.collection == collection]
    found += [searched.contains(word.casefold(), autoescape=True) for word in query.words.split()]
    if query.states:
        found.append(_documents.c.state.in_([state.value for state in query.states]))
    if query.with_gaps:
        found.append(_documents.c.gaps != "")
    for tag in query.tags:
        tagged = sql.select(_tags.c.document_id).where(_tags.c.collection == collection, _tags.c.tag == tag)
        found.append(_documents.c.id.in_(tagged))
    if query.with_set_aside:
        held = sql.select(_quarantine.c.id).where(
            _quarantine.c.collection == collection,
            _quarantine.c.document_id == _documents.c.id,
            _quarantine.c.release == Release.HELD.value,
        )
        found.append(held.exists())
    if query.is_alike:
        pairs = (_alike.c.collection == collection, _alike.c.is_accepted.is_(False))
        one, two = (sql.select(column).where(*pairs) for column in (_alike.c.document_id, _alike.c.other))
        found.append(_documents.c.id.in_(one.union(two)))
    return found
