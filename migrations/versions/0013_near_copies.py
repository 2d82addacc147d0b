"""Marks by which near copies of a text are found, why an entry joined its story, and how ids of sources behave."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("sources", sa.Column("traits", sa.String()))
    op.add_column("entries", sa.Column("extras", sa.String(), nullable=False, server_default=""))
    op.add_column("entries", sa.Column("joined", sa.String(), nullable=False, server_default=""))
    op.add_column("entries", sa.Column("rank", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("feeds", sa.Column("every_copy", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "story_marks",
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("mark", "entry_id", name="pk_story_marks"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("story_marks")
    op.drop_column("feeds", "every_copy")
    op.drop_column("entries", "rank")
    op.drop_column("entries", "joined")
    op.drop_column("entries", "extras")
    op.drop_column("sources", "traits")
