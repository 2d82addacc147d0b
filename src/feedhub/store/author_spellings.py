"""Which spellings were joined to which, for whoever looks for an author's feed. How they come to be: ``author_pages``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, select

from feedhub.store.prepared import Prepared
from feedhub.store.statements import chunks
from feedhub.store.tables import author_spellings


def same_people(connection: Connection, keys: Iterable[str]) -> Mapping[str, str]:
    """For the keys of spellings that were joined, the keys of those they were joined to."""
    found: dict[str, str] = {}
    for some in chunks(set(keys)):
        found.update(_JOINED.pairs(connection, some))
    return found


_JOINED = Prepared(
    select(author_spellings.c.key, author_spellings.c.person).where(
        author_spellings.c.key.in_(bindparam("keys", expanding=True))
    ),
    "keys",
)
