"""What a source wrote where cleaning made something else of it: for `feedhub explain`."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contents", sa.Column("said", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("contents", "said")
