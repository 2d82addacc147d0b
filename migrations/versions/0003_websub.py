"""Our subscriptions at the hubs of others (WebSub)."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.BigInteger()  # whole seconds since 1970, UTC


def upgrade() -> None:
    op.create_table(
        "websub_subscriptions",
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("hub", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("callback", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False, server_default=""),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("pending", sa.String(), nullable=False, server_default=""),
        sa.Column("asked_at", MOMENT),
        sa.Column("due_at", MOMENT),
        sa.Column("since", MOMENT),
        sa.Column("lease_until", MOMENT),
        sa.Column("failures", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("detail", sa.String(), nullable=False, server_default=""),
        sa.Column("pushes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("ignored", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("missed", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("last_push_at", MOMENT),
        sa.Column("last_ping_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("token", name="pk_websub_subscriptions"),
    )
    op.create_index("ix_websub_subscriptions_due_at", "websub_subscriptions", ["due_at"])
    op.create_index("ix_websub_subscriptions_source_id", "websub_subscriptions", ["source_id"])


def downgrade() -> None:
    op.drop_table("websub_subscriptions")
