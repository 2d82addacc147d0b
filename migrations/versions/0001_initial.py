"""The first schema: sources, entries, feeds and what joins them.

Names of constraints come from the naming convention of ``feedhub.store.tables``; a test holds the two equal.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.BigInteger()  # whole seconds since 1970, UTC


def upgrade() -> None:
    op.create_table(
        "authors",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_organisation", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name="pk_authors"),
        sa.UniqueConstraint("key", name="uq_authors_key"),
    )
    op.create_table(
        "categories",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("term", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_categories"),
        sa.UniqueConstraint("key", "term", "scheme", "label", name="uq_categories_key_term_scheme_label"),
    )
    op.create_table(
        "cluster_keys",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("cluster", ID, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_cluster_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_cluster_keys_cluster", "cluster_keys", ["cluster"])
    op.create_table(
        "counters",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "feeds",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("updated", MOMENT, nullable=False, server_default="0"),
        sa.Column("withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("size", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
        sa.UniqueConstraint("kind", "key", name="uq_feeds_kind_key"),
        sa.UniqueConstraint("kind", "slug", name="uq_feeds_kind_slug"),
    )
    op.create_table(
        "forgotten",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_forgotten"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "memory",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_memory"),
    )
    op.create_table(
        "sources",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False, server_default=""),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("configured_url", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("configured", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("content", sa.String(), nullable=False, server_default="full"),
        sa.Column("rights", sa.String(), nullable=False, server_default=""),
        sa.Column("etag", sa.String()),
        sa.Column("last_modified", sa.String()),
        sa.Column("validators_url", sa.String()),
        sa.Column("body_digest", sa.LargeBinary()),
        sa.Column("next_poll_at", MOMENT, nullable=False, server_default="0"),
        sa.Column("leased_until", MOMENT, nullable=False, server_default="0"),
        sa.Column("last_poll_at", MOMENT),
        sa.Column("last_success_at", MOMENT),
        sa.Column("last_change_at", MOMENT),
        sa.Column("failing_since", MOMENT),
        sa.Column("failures", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("last_failure", sa.String()),
        sa.Column("last_detail", sa.String(), nullable=False, server_default=""),
        sa.Column("last_status", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("health", sa.String(), nullable=False, server_default="new"),
        sa.Column("rate", sa.Float(), nullable=False, server_default="0"),
        sa.Column("rate_at", MOMENT),
        sa.Column("habit", sa.String()),
        sa.Column("same_body", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("has_validators", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("fresh_until", MOMENT),
        sa.Column("retry_at", MOMENT),
        sa.Column("hint_ttl", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("hint_interval", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("hint_hours", sa.String(), nullable=False, server_default=""),
        sa.Column("hint_days", sa.String(), nullable=False, server_default=""),
        sa.Column("move_target", sa.String()),
        sa.Column("move_since", MOMENT),
        sa.Column("move_count", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("window", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("listed_at", MOMENT),
        sa.Column("feed_title", sa.String(), nullable=False, server_default=""),
        sa.Column("feed_id", sa.String(), nullable=False, server_default=""),
        sa.Column("feed_link", sa.String(), nullable=False, server_default=""),
        sa.Column("feed_self", sa.String(), nullable=False, server_default=""),
        sa.Column("feed_hub", sa.String(), nullable=False, server_default=""),
        sa.Column("feed_subtitle", sa.String(), nullable=False, server_default=""),
        sa.Column("feed_updated", MOMENT),
        sa.Column("feed_rights", sa.String(), nullable=False, server_default=""),
        sa.Column("feed_language", sa.String(), nullable=False, server_default=""),
        sa.Column("feed_image", sa.String(), nullable=False, server_default=""),
        sa.Column("feed_authors", sa.String(), nullable=False, server_default="[]"),
        sa.Column("feed_format", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
        sa.UniqueConstraint("slug", name="uq_sources_slug"),
    )
    op.create_index("ix_sources_enabled_next_poll_at", "sources", ["enabled", "next_poll_at"])
    op.create_table(
        "entries",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cluster", ID, nullable=False),
        sa.Column("original_id", sa.String(), nullable=False, server_default=""),
        sa.Column("link", sa.String(), nullable=False, server_default=""),
        sa.Column("canonical_link", sa.String(), nullable=False, server_default=""),
        sa.Column("title", sa.String(), nullable=False, server_default=""),
        sa.Column("published", MOMENT, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.Column("date_origin", sa.String(), nullable=False),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.Column("sort_key", sa.BigInteger(), nullable=False),
        sa.Column("image", sa.String(), nullable=False, server_default=""),
        sa.Column("language", sa.String(), nullable=False, server_default=""),
        sa.Column("rights", sa.String(), nullable=False, server_default=""),
        sa.Column("publisher", sa.String(), nullable=False, server_default=""),
        sa.Column("comments", sa.String(), nullable=False, server_default=""),
        sa.Column("in_reply_to", sa.String(), nullable=False, server_default=""),
        sa.Column("via", sa.String()),
        sa.Column("source_updated", MOMENT),
        sa.Column("raw_digest", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("parts", sa.String(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["owner_id"], ["sources.id"], name="fk_entries_owner_id_sources"),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
    )
    op.create_index("ix_entries_cluster", "entries", ["cluster"])
    op.create_index("ix_entries_owner_id_sort_key", "entries", ["owner_id", "sort_key"])
    op.create_index("ix_entries_sort_key_id", "entries", ["sort_key", "id"])
    op.create_table(
        "polls",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("listed", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("new", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("updated", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("rejected", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("wire_bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("elapsed", sa.Float(), nullable=False, server_default="0"),
        sa.Column("detail", sa.String(), nullable=False, server_default=""),
        sa.Column("next_poll_at", MOMENT),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_polls_source_id_sources"),
        sa.PrimaryKeyConstraint("source_id", "number", name="pk_polls"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "redirects",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("feed_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_redirects_feed_id_feeds", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("kind", "slug", name="pk_redirects"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_redirects_feed_id", "redirects", ["feed_id"])
    op.create_table(
        "contents",
        sa.Column("entry_id", ID, autoincrement=False, nullable=False),
        sa.Column("summary", sa.String(), nullable=False, server_default=""),
        sa.Column("content", sa.String(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_contents_entry_id_entries", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id", name="pk_contents"),
    )
    op.create_table(
        "enclosures",
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False, server_default=""),
        sa.Column("length", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("title", sa.String(), nullable=False, server_default=""),
        sa.Column("duration", sa.BigInteger(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name="fk_enclosures_entry_id_entries", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", "position", name="pk_enclosures"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry_authors",
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("contributor", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False, server_default=""),
        sa.Column("organisation", sa.String(), nullable=False, server_default=""),
        sa.Column("uri", sa.String(), nullable=False, server_default=""),
        sa.Column("is_organisation", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name="fk_entry_authors_author_id_authors"),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name="fk_entry_authors_entry_id_entries", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", "contributor", "position", name="pk_entry_authors"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry_categories",
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("category_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name="fk_entry_categories_category_id_categories"),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name="fk_entry_categories_entry_id_entries", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", "position", name="pk_entry_categories"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry_keys",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name="fk_entry_keys_entry_id_entries", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_entry_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_entry_keys_entry_id", "entry_keys", ["entry_id"])
    op.create_table(
        "fragments",
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_fragments_entry_id_entries", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id", "version", "format", name="pk_fragments"),
    )
    op.create_table(
        "memberships",
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("sort_key", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("source_id", ID),
        sa.Column("rule", sa.String(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name="fk_memberships_entry_id_entries", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_memberships_feed_id_feeds", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "hidden", "sort_key", "entry_id", name="pk_memberships"),
        sa.UniqueConstraint("entry_id", "feed_id", name="uq_memberships_entry_id_feed_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sightings",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("original_id", sa.String(), nullable=False, server_default=""),
        sa.Column("link", sa.String(), nullable=False, server_default=""),
        sa.Column("title", sa.String(), nullable=False, server_default=""),
        sa.Column("raw_digest", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.Column("last_seen", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_sightings_entry_id_entries", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_sightings_source_id_sources"),
        sa.PrimaryKeyConstraint("source_id", "entry_id", name="pk_sightings"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sightings_entry_id", "sightings", ["entry_id"])
    op.create_index(
        "ix_sightings_source_id_last_seen_raw_digest", "sightings", ["source_id", "last_seen", "raw_digest"]
    )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)


_TABLES = (
    "sightings",
    "memberships",
    "fragments",
    "entry_keys",
    "entry_categories",
    "entry_authors",
    "enclosures",
    "contents",
    "redirects",
    "polls",
    "entries",
    "sources",
    "memory",
    "forgotten",
    "feeds",
    "counters",
    "cluster_keys",
    "categories",
    "authors",
)
