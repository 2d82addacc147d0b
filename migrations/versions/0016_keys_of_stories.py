"""A key of a story leads to every story that has it, not to the first one only."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.execute("CREATE TABLE keys_before AS SELECT key, cluster FROM cluster_keys")
    _made_anew("key", "cluster")


def downgrade() -> None:
    op.execute("CREATE TABLE keys_before AS SELECT key, min(cluster) AS cluster FROM cluster_keys GROUP BY key")
    _made_anew("key")


def _made_anew(*primary: str) -> None:
    """A table without row numbers lies in the order of its primary key: another key is another table."""
    op.drop_table("cluster_keys")
    op.create_table(
        "cluster_keys",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("cluster", ID, nullable=False),
        sa.PrimaryKeyConstraint(*primary, name="pk_cluster_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_cluster_keys_cluster", "cluster_keys", ["cluster"])
    op.execute("INSERT INTO cluster_keys (key, cluster) SELECT key, cluster FROM keys_before ORDER BY key, cluster")
    op.drop_table("keys_before")
