"""Tags: words that people give to documents, to find and to ask them together."""

from collections.abc import Sequence

import sqlalchemy as sql

from rag.catalog.database import Database
from rag.catalog.documents import add_tags
from rag.catalog.records import ANSWERING
from rag.catalog.tables import documents as _documents
from rag.catalog.tables import tags as _tags


class Tags(Database):
    """The tags of documents."""

    def tag(self, collection: str, document_ids: Sequence[str], tags: Sequence[str]) -> None:
        """Gives documents more tags; one that they have already is theirs once."""
        with self._transaction() as run:
            for document_id in document_ids:
                add_tags(run, collection, document_id, tags)

    def untag(self, collection: str, document_ids: Sequence[str], tags: Sequence[str]) -> None:
        """Takes tags from documents."""
        these = (_tags.c.collection == collection, _tags.c.document_id.in_(document_ids), _tags.c.tag.in_(tags))
        with self._transaction() as run:
            run.execute(sql.delete(_tags).where(*these))

    def tags(self, collection: str) -> dict[str, int]:
        """Every tag of a collection with the number of its documents, in the order of letters."""
        query = (
            sql.select(_tags.c.tag, sql.func.count())
            .where(_tags.c.collection == collection)
            .group_by(_tags.c.tag)
            .order_by(sql.func.casefold(_tags.c.tag))
        )
        with self._transaction() as run:
            return {tag: count for tag, count in run.execute(query)}

    def tagged(self, collection: str, tags: Sequence[str]) -> list[str]:
        """Ids of the documents that answer and have at least one of the tags."""
        query = (
            sql.select(_documents.c.id)
            .join(_tags, sql.and_(_tags.c.collection == collection, _tags.c.document_id == _documents.c.id))
            .where(_documents.c.collection == collection, _documents.c.state.in_([state.value for state in ANSWERING]))
            .where(_tags.c.tag.in_(tags))
            .distinct()
        )
        with self._transaction() as run:
            return list(run.execute(query).scalars())
