"""Keys to private feeds: what ``feedhub tokens`` writes, and what each request for a private feed asks."""

from __future__ import annotations

import hmac
import json

from sqlalchemy import RowMapping, delete, insert, select

from feedhub.model import AccessToken
from feedhub.store.base import Side
from feedhub.store.tables import access_tokens


class Access(Side):
    """Safe beside a running daemon: nothing of it is counted or kept in memory, so that a revocation holds at once."""

    def access_token(self, digest: bytes) -> AccessToken | None:
        """The token with this digest. What the index of the database compares early is a digest, which tells nothing."""
        with self.reading() as connection:
            row = connection.execute(_ALL.where(access_tokens.c.digest == digest)).mappings().first()
        return _token(row) if row is not None and hmac.compare_digest(bytes(row["digest"]), digest) else None

    def access_tokens(self) -> list[AccessToken]:
        """By name."""
        with self.reading() as connection:
            return [_token(row) for row in connection.execute(_ALL.order_by(access_tokens.c.name)).mappings()]

    def add_access_token(self, token: AccessToken) -> bool:
        """False, with nothing changed, when somebody has this name."""
        with self.writing() as connection:
            taken = select(access_tokens.c.name).where(access_tokens.c.name == token.name)
            if connection.scalar(taken) is not None:
                return False
            row = {"name": token.name, "digest": token.digest, "feeds": json.dumps(token.feeds), "since": token.since}
            connection.execute(insert(access_tokens), row)
            return True

    def revoke_access_token(self, name: str) -> bool:
        """False when nobody has this name."""
        with self.writing() as connection:
            return connection.execute(delete(access_tokens).where(access_tokens.c.name == name)).rowcount > 0


_ALL = select(access_tokens)


def _token(row: RowMapping) -> AccessToken:
    feeds = tuple(json.loads(row["feeds"]))
    return AccessToken(name=row["name"], digest=bytes(row["digest"]), feeds=feeds, since=row["since"])
