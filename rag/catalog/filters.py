"""Which documents are asked for and in what order, as SQL."""

from typing import Any

import sqlalchemy as sql

from rag.catalog.quarantine import Release
from rag.catalog.records import DocumentOrder, DocumentQuery, DocumentState
from rag.catalog.tables import alike as _alike
from rag.catalog.tables import documents as _documents
from rag.catalog.tables import quarantine as _quarantine
from rag.catalog.tables import sources as _sources
from rag.catalog.tables import tags as _tags

_BY_NAME = (sql.func.casefold(_documents.c.name), _documents.c.id)
ORDERS: dict[DocumentOrder, tuple[sql.ColumnElement[Any], ...]] = {
    DocumentOrder.NEWEST: (_documents.c.added_at.desc(), *_BY_NAME),
    DocumentOrder.OLDEST: (_documents.c.added_at.asc(), *_BY_NAME),
    DocumentOrder.NAME: _BY_NAME,
    DocumentOrder.NAME_BACKWARDS: tuple(column.desc() for column in _BY_NAME),
    DocumentOrder.STATE: (_documents.c.state == DocumentState.READY.value, _documents.c.gaps == "", *_BY_NAME),
    DocumentOrder.LARGEST: (_documents.c.size.desc(), *_BY_NAME),
    DocumentOrder.SMALLEST: (_documents.c.size.asc(), *_BY_NAME),
    DocumentOrder.LONGEST: (_documents.c.pages.desc(), *_BY_NAME),
    DocumentOrder.SHORTEST: (_documents.c.pages.asc(), *_BY_NAME),
    DocumentOrder.MOST_PASSAGES: (_documents.c.chunks.desc(), *_BY_NAME),
    DocumentOrder.FEWEST_PASSAGES: (_documents.c.chunks.asc(), *_BY_NAME),
}


def ending() -> sql.ColumnElement[str]:
    """How the name of a document ends: ".pdf", "" where it has no ending."""
    return sql.func.ending(_documents.c.name)


def conditions(collection: str, query: DocumentQuery) -> list[sql.ColumnElement[bool]]:
    """The conditions that the documents of a collection meet which are asked for."""
    found = [_documents.c.collection == collection, *(_called(collection, word) for word in query.words.split())]
    if query.states:
        found.append(_documents.c.state.in_([state.value for state in query.states]))
    if query.ending:
        found.append(ending() == query.ending)
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


def _called(collection: str, word: str) -> sql.ColumnElement[bool]:
    """Whether a word stands in the name or the title of a document, or in the name of another file with its bytes."""
    name, source, file = (
        sql.func.casefold(text).contains(word.casefold(), autoescape=True)
        for text in (
            _documents.c.name + "\n" + _documents.c.title,
            _sources.c.source,  # first: what a file is called takes ten times as long to say
            sql.func.source_name(_sources.c.source),
        )
    )
    files = sql.select(_sources.c.document_id).where(_sources.c.collection == collection, source, file)
    return sql.or_(name, _documents.c.id.in_(files))
