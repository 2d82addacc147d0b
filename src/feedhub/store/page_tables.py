"""Tables of sources that are read as pages, and of the articles that were asked for."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, String, Table

from feedhub.store.columns import Moment, metadata
from feedhub.store.columns import number as _number
from feedhub.store.columns import source as _source
from feedhub.store.columns import words as _words

pages = Table(
    "pages",
    metadata,
    # The last page of each source that is read as a page, for applying changed rules to it.
    _source(),
    Column("url", String, nullable=False),
    _words("content_type"),
    Column("charset", String),
    Column("at", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False),  # Zstandard
    PrimaryKeyConstraint("source_id"),
)

articles = Table(
    "articles",
    metadata,
    # What article pages said, so that none is asked for twice and a change of the list is laid over it again.
    _source(),
    Column("link", LargeBinary, nullable=False),  # digest of the entry's canonical link
    Column("at", Moment, nullable=False),
    _number("tries"),
    _words("remark"),
    Column("entry", LargeBinary),  # model.RawEntry as JSON in Zstandard; NULL: the page did not come
    PrimaryKeyConstraint("source_id", "link"),
    Index(None, "source_id", "at"),
    sqlite_with_rowid=False,
)
