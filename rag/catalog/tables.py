"""The tables of the catalog, and how those of an older Footnote are brought up to date."""

import sqlalchemy as sql

VERSION = 10  # of the tables; a newer catalog is refused instead of being spoiled

metadata = sql.MetaData()
collections = sql.Table(
    "collections",
    metadata,
    sql.Column("name", sql.String, primary_key=True),
    sql.Column("embedding_model", sql.String, nullable=False),
    sql.Column("dimension", sql.Integer, nullable=False),
    sql.Column("title", sql.String, nullable=False, server_default=""),
    sql.Column("description", sql.Text, nullable=False, server_default=""),
    sql.Column("opened_at", sql.Float, nullable=False, server_default="0"),
    sql.Column("vectors", sql.String, nullable=False, server_default=""),
    sql.Column("settings", sql.Text, nullable=False, server_default=""),
)
reembeddings = sql.Table(
    "reembeddings",
    metadata,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("embedding_model", sql.String, nullable=False),
    sql.Column("vectors", sql.String, nullable=False),
    sql.Column("dimension", sql.Integer, nullable=False),
    sql.Column("is_paused", sql.Boolean, nullable=False),
)
leftovers = sql.Table(
    "leftovers",
    metadata,
    sql.Column("vectors", sql.String, primary_key=True),
    sql.Column("dimension", sql.Integer, nullable=False),
)
documents = sql.Table(
    "documents",
    metadata,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("id", sql.String, primary_key=True),
    sql.Column("name", sql.String, nullable=False),
    sql.Column("title", sql.String, nullable=False),
    sql.Column("pages", sql.Integer, nullable=False),
    sql.Column("chunks", sql.Integer, nullable=False),
    sql.Column("size", sql.Integer, nullable=False),
    sql.Column("added_at", sql.Float, nullable=False),
    sql.Column("state", sql.String, nullable=False, index=True),
    sql.Column("gaps", sql.Text, nullable=False, server_default=""),
    sql.Column("begun_from", sql.Text, nullable=False, server_default=""),
)
unembedded = sql.Table(
    "unembedded",
    metadata,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("id", sql.String, primary_key=True),
    sql.Column("document_id", sql.String, nullable=False, index=True),
    sql.Column("position", sql.Integer, nullable=False),
    sql.Column("passage", sql.Text, nullable=False),
)
sources = sql.Table(
    "sources",
    metadata,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("source", sql.String, primary_key=True),
    sql.Column("document_id", sql.String, nullable=False, index=True),
)
versions = sql.Table(
    "versions",
    metadata,
    sql.Column("id", sql.Integer, primary_key=True, autoincrement=True),
    sql.Column("collection", sql.String, nullable=False),
    sql.Column("current", sql.String, nullable=False, index=True),
    sql.Column("document_id", sql.String, nullable=False, index=True),
    sql.Column("name", sql.String, nullable=False),
    sql.Column("pages", sql.Integer, nullable=False),
    sql.Column("chunks", sql.Integer, nullable=False),
    sql.Column("size", sql.Integer, nullable=False),
    sql.Column("added_at", sql.Float, nullable=False),
    sql.Column("left_at", sql.Float, nullable=False),
    sql.Column("came", sql.Integer, nullable=False),
    sql.Column("went", sql.Integer, nullable=False),
    sql.Column("state", sql.String, nullable=False, index=True),
    sql.Column("passages", sql.LargeBinary),
)
signatures = sql.Table(
    "signatures",
    metadata,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("document_id", sql.String, primary_key=True),
    sql.Column("signature", sql.LargeBinary, nullable=False),
)
alike = sql.Table(
    "alike",
    metadata,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("document_id", sql.String, primary_key=True),
    sql.Column("other", sql.String, primary_key=True, index=True),
    sql.Column("share", sql.Float, nullable=False),
    sql.Column("is_accepted", sql.Boolean, nullable=False),
)
tags = sql.Table(
    "tags",
    metadata,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("document_id", sql.String, primary_key=True),
    sql.Column("tag", sql.String, primary_key=True, index=True),
)
folders = sql.Table(
    "folders",
    metadata,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("folder", sql.String, primary_key=True),
)
seen = sql.Table(
    "seen",
    metadata,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("folder", sql.String, primary_key=True),
    sql.Column("path", sql.String, primary_key=True),
    sql.Column("state", sql.String, nullable=False),
)
queue = sql.Table(
    "queue",
    metadata,
    sql.Column("id", sql.Integer, primary_key=True, autoincrement=True),
    sql.Column("collection", sql.String, nullable=False),
    sql.Column("path", sql.String, nullable=False),
    sql.Column("name", sql.String, nullable=False),
    sql.Column("source", sql.String, nullable=False),
    sql.Column("size", sql.Integer, nullable=False),
    sql.Column("is_copy", sql.Boolean, nullable=False),
    sql.Column("state", sql.String, nullable=False, index=True),
    sql.Column("message", sql.String, nullable=False, default=""),
    sql.Column("note", sql.Text, nullable=False, server_default=""),
    sql.Column("documents", sql.Text, nullable=False, server_default=""),
    sql.Column("urgency", sql.Integer, nullable=False, server_default="0"),
)
conversations = sql.Table(
    "conversations",
    metadata,
    sql.Column("id", sql.String, primary_key=True),
    sql.Column("title", sql.String, nullable=False),
    sql.Column("created_at", sql.Float, nullable=False),
    sql.Column("updated_at", sql.Float, nullable=False),
    sql.Column("asked", sql.Text, nullable=False, server_default=""),
)
messages = sql.Table(
    "messages",
    metadata,
    sql.Column("position", sql.Integer, primary_key=True, autoincrement=True),
    sql.Column("conversation", sql.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    sql.Column("answer", sql.Text, nullable=False),
)
feedback = sql.Table(
    "feedback",
    metadata,
    sql.Column("answer", sql.ForeignKey("messages.position", ondelete="CASCADE"), primary_key=True),
    sql.Column("good", sql.Boolean, nullable=False),
    sql.Column("given_at", sql.Float, nullable=False),
    sql.Column("correction", sql.Text, nullable=False, server_default=""),
)
quarantine = sql.Table(
    "quarantine",
    metadata,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("document_id", sql.String, primary_key=True),
    sql.Column("id", sql.String, primary_key=True),
    sql.Column("position", sql.Integer, nullable=False),
    sql.Column("page", sql.Integer),
    sql.Column("reason", sql.String, nullable=False),
    sql.Column("text", sql.Text, nullable=False),
    sql.Column("release", sql.String, nullable=False),
)
recognised = sql.Table(
    "recognised",
    metadata,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("document_id", sql.String, primary_key=True),
    sql.Column("page", sql.Integer, primary_key=True),
    sql.Column("confidence", sql.Float, nullable=False),
    sql.Column("lines", sql.Text, nullable=False),
)
marks = sql.Table("marks", metadata, sql.Column("name", sql.String, primary_key=True))


def add_missing_columns(run: sql.Connection) -> None:
    """Brings the tables of an older Footnote up to date: columns that came later have a default."""
    for table in metadata.sorted_tables:
        there = {column["name"] for column in sql.inspect(run).get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                made = sql.schema.CreateColumn(column).compile(dialect=run.dialect)
                run.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {made}")
