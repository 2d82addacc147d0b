"""When what entries say of their source changed last: a title that is another at each poll is not taken at each."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sources", sa.Column("credited_at", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("sources", "credited_at")
