"""Archived documents of feeds (RFC 5005) and tombstones of withdrawn entries (RFC 6721)."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.BigInteger()  # whole seconds since 1970, UTC


def upgrade() -> None:
    op.add_column("feeds", sa.Column("archives", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("feeds", sa.Column("archived_key", sa.BigInteger()))
    op.add_column("feeds", sa.Column("archived_entry", ID))
    op.create_table(
        "archive_pages",
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "entry_id", name="pk_archive_pages"),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_archive_pages_feed_id_feeds", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name="fk_archive_pages_entry_id_entries", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_archive_pages_feed_id_number", "archive_pages", ["feed_id", "number"])
    op.create_index("ix_archive_pages_entry_id", "archive_pages", ["entry_id"])
    op.create_table(
        "tombstones",
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("original_id", sa.String(), nullable=False, server_default=""),
        sa.Column("name", sa.String(), nullable=False, server_default=""),
        sa.Column("source_slug", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("feed_id", "at", "entry_id", name="pk_tombstones"),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_tombstones_feed_id_feeds", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("tombstones")
    op.drop_table("archive_pages")
    for name in ("archived_entry", "archived_key", "archives"):
        op.drop_column("feeds", name)
