"""Sources without a feed: what an address turned out to be, its last page, and what article pages said."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("sources", sa.Column("page", sa.String()))
    op.create_table(
        "pages",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False, server_default=""),
        sa.Column("charset", sa.String()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_pages_source_id_sources"),
        sa.PrimaryKeyConstraint("source_id", name="pk_pages"),
    )
    op.create_table(
        "articles",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("remark", sa.String(), nullable=False, server_default=""),
        sa.Column("entry", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_articles_source_id_sources"),
        sa.PrimaryKeyConstraint("source_id", "link", name="pk_articles"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_articles_source_id_at", "articles", ["source_id", "at"])


def downgrade() -> None:
    op.drop_index("ix_articles_source_id_at", table_name="articles")
    op.drop_table("articles")
    op.drop_table("pages")
    op.drop_column("sources", "page")
