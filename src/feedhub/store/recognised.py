"""What a transaction knows of the keys that it asked for: decisions ask first, the writing of them need not ask again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from feedhub.model import Key
from feedhub.store.prepared import Prepared
from feedhub.store.statements import chunks
from feedhub.store.tables import entry_keys, forgotten


class Recognised:
    """Entries by their keys, and the keys of entries that were removed for good. Holds until something is written."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._entries: dict[Key, int] = {}
        self._asked: set[Key] = set()  # of the entries
        self._gone: set[Key] = set()
        self._asked_gone: set[Key] = set()
        self._any_gone: bool | None = None  # whether anything was ever removed; None: not asked yet

    def learn(self, asked: Collection[Key], found: Mapping[Key, int]) -> None:
        """Take what was found of these keys with more about their entries."""
        self._asked.update(asked)
        self._entries.update(found)

    def entries(self, keys: Collection[Key]) -> dict[Key, int]:
        """The entries that have these keys."""
        for some in chunks(key for key in keys if key not in self._asked):
            self._entries.update((Key(key), entry) for key, entry in _STORED.rows(self._connection, some))
        self._asked.update(keys)
        return {key: self._entries[key] for key in keys if key in self._entries}

    def removed(self, keys: Collection[Key]) -> set[Key]:
        """Those of the keys whose entries were removed for good."""
        if self._any_gone is None:
            self._any_gone = bool(_ANY.rows(self._connection))
        if not self._any_gone:
            return set()
        for some in chunks(key for key in keys if key not in self._asked_gone):
            self._gone.update(Key(key) for (key,) in _GONE.rows(self._connection, some))
        self._asked_gone.update(keys)
        return {key for key in keys if key in self._gone}

    def forget(self) -> None:
        """Something was written: entries have keys that they had not."""
        self._entries.clear()
        self._asked.clear()


def all_of(keys: Iterable[Key]) -> Collection[Key]:
    """Each once, to be looked at more than once."""
    return keys if isinstance(keys, set | frozenset) else set(keys)


_SOME: BindParameter[Any] = bindparam("some", expanding=True)
_STORED = Prepared(select(entry_keys.c.key, entry_keys.c.entry_id).where(entry_keys.c.key.in_(_SOME)), "some")
_GONE = Prepared(select(forgotten.c.key).where(forgotten.c.key.in_(_SOME)), "some")
_ANY = Prepared(select(forgotten.c.key).limit(1))
