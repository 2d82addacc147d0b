"""What happened to sources: changes of state, and entries that were probably missed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.BigInteger()  # whole seconds since 1970, UTC


def upgrade() -> None:
    op.add_column("sources", sa.Column("newest_listed", MOMENT))
    op.add_column("sources", sa.Column("gap", sa.String()))
    op.create_table(
        "source_changes",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False, server_default=""),
        sa.Column("detail", sa.String(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_source_changes_source_id_sources"),
        sa.PrimaryKeyConstraint("number", name="pk_source_changes"),
    )
    op.create_index("ix_source_changes_source_id_number", "source_changes", ["source_id", "number"])
    op.create_table(
        "service_events",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("number", name="pk_service_events"),
    )
    op.create_table(
        "gaps",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("noticed_at", MOMENT, nullable=False),
        sa.Column("after", MOMENT, nullable=False),
        sa.Column("before", MOMENT, nullable=False),
        sa.Column("older", sa.String(), nullable=False, server_default=""),
        sa.Column("pages", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("brought", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("tried_at", MOMENT),
        sa.Column("filled_at", MOMENT),
        sa.Column("remark", sa.String(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_gaps_source_id_sources"),
        sa.PrimaryKeyConstraint("source_id", "noticed_at", name="pk_gaps"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("gaps")
    op.drop_table("service_events")
    op.drop_table("source_changes")
    op.drop_column("sources", "gap")
    op.drop_column("sources", "newest_listed")
