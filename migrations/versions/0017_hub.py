"""Our own WebSub hub: who asked, who subscribes and what they have; what hubs of others were told."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.BigInteger()  # whole seconds since 1970, UTC


def upgrade() -> None:
    op.create_table(
        "websub_requests",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("callback", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False, server_default=""),
        sa.Column("lease_seconds", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_websub_requests"),
    )
    op.create_index("ix_websub_requests_asked_at", "websub_requests", ["asked_at"])
    op.create_table(
        "websub_subscribers",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("callback", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False, server_default=""),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("etag", sa.String(), nullable=False, server_default=""),
        sa.Column("due_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("failures", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("failing_since", MOMENT),
        sa.Column("deliveries", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("delivered_at", MOMENT),
        sa.Column("detail", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("key", name="pk_websub_subscribers"),
    )
    op.create_index("ix_websub_subscribers_feed_id", "websub_subscribers", ["feed_id"])
    op.create_index("ix_websub_subscribers_host", "websub_subscribers", ["host"])
    op.create_table(
        "websub_hubs",
        sa.Column("hub", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("failures", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("pings", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("pinged_at", MOMENT),
        sa.Column("detail", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("hub", name="pk_websub_hubs"),
    )
    op.create_table(
        "websub_pings",
        sa.Column("hub", sa.String(), nullable=False),
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hub", "feed_id", name="pk_websub_pings"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("websub_pings", "websub_hubs", "websub_subscribers", "websub_requests"):
        op.drop_table(table)
