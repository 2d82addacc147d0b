"""Pages of authors, by which spellings of one name are joined."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "author_pages",
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("page", name="pk_author_pages"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "author_spellings",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_author_spellings"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("author_spellings")
    op.drop_table("author_pages")
