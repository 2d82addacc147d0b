"""The full-text index. Entries that are stored already are brought into it later, some at a time."""

import sqlalchemy as sa
from alembic import op

from feedhub.search.words import VERSION

revision = "0010"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # No text is kept here but the index itself: "delete" is told the old tokens, made again from the stored entry.
        op.execute("CREATE VIRTUAL TABLE search USING fts5(title, text, content='', tokenize=\"ascii tokenchars '_'\")")
    else:
        op.execute("CREATE TABLE search (place BIGINT PRIMARY KEY, document TSVECTOR NOT NULL)")
        op.execute("CREATE INDEX ix_search_document ON search USING gin (document)")
    counters = sa.table("counters", sa.column("name", sa.String), sa.column("value", sa.BigInteger))
    entries = sa.table("entries", sa.column("id", sa.BigInteger))
    newest = op.get_bind().scalar(sa.select(sa.func.max(entries.c.id))) or 0
    op.bulk_insert(
        counters, [{"name": "search_version", "value": VERSION}, {"name": "search_waiting", "value": newest}]
    )


def downgrade() -> None:
    op.execute("DROP TABLE search")
    op.execute("DELETE FROM counters WHERE name IN ('search_version', 'search_waiting')")
