"""Texts of entries may be packed. Rows stay as they are; the daemon packs them, some at a time."""

import sqlalchemy as sa
import zstandard
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

AT_ONCE = 1000


def upgrade() -> None:
    op.add_column("contents", sa.Column("packed", sa.LargeBinary()))
    if op.get_bind().dialect.name == "postgresql":  # which would try to compress what is compressed
        op.execute("ALTER TABLE contents ALTER COLUMN packed SET STORAGE EXTERNAL")
    op.execute(
        "INSERT INTO counters (name, value) SELECT 'texts_waiting', max(entry_id) FROM contents HAVING count(*) > 0"
    )


def downgrade() -> None:
    connection = op.get_bind()
    last = 0
    some = sa.text(
        "SELECT entry_id, packed FROM contents WHERE entry_id > :last AND packed IS NOT NULL ORDER BY entry_id LIMIT :most"
    )
    plain = sa.text("UPDATE contents SET summary = :summary, content = :content, said = :said WHERE entry_id = :entry")
    while rows := connection.execute(some, {"last": last, "most": AT_ONCE}).all():
        connection.execute(plain, [{"entry": entry, **_unpacked(bytes(frame))} for entry, frame in rows])
        last = rows[-1][0]
    op.execute("DELETE FROM counters WHERE name = 'texts_waiting'")
    op.drop_column("contents", "packed")


def _unpacked(frame: bytes) -> dict[str, str]:
    """As ``feedhub.zstandard_texts`` read it when this migration was written."""
    head, _, body = zstandard.ZstdDecompressor().decompress(frame).partition(b"\n")
    summary, content = map(int, head.split())
    return {
        "summary": body[:summary].decode("utf-8", "surrogatepass"),
        "content": body[summary : summary + content].decode("utf-8", "surrogatepass"),
        "said": body[summary + content :].decode("utf-8", "surrogatepass"),
    }
