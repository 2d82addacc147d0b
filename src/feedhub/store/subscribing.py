"""Our subscriptions at hubs: :class:`feedhub.ports.Subscriptions`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, delete, select

from feedhub.model import SourceId, SourceState, Standing, Subscription
from feedhub.store.base import Side
from feedhub.store.prepared import Prepared
from feedhub.store.rows import source_state
from feedhub.store.statements import chunks, put_over
from feedhub.store.tables import sources, websub_subscriptions

_NAMES = tuple(field.name for field in fields(Subscription) if field.name not in {"source", "slug"})
_OVER = (Standing.LEAVING.value, Standing.ENDED.value)


class Subscribing(Side):
    """Reading calls are safe from any thread; the writing ones come from the writer's."""

    def subscriptions(self) -> list[Subscription]:
        with self.reading() as connection:
            return _load(connection, _ALL.order_by(websub_subscriptions.c.source_id, websub_subscriptions.c.token))

    def subscription(self, token: str) -> Subscription | None:
        with self.reading() as connection:
            return _one(connection, token)

    def publishers(self) -> list[SourceState]:
        named = sources.c.enabled, sources.c.configured, sources.c.feed_hub != ""
        with self.reading() as connection:
            rows = connection.execute(select(sources).where(*named).order_by(sources.c.id)).mappings()
            return [source_state(row) for row in rows]

    def due_subscriptions(self, now: datetime, limit: int) -> list[Subscription]:
        due = _ALL.where(websub_subscriptions.c.due_at <= now).order_by(websub_subscriptions.c.due_at)
        with self.reading() as connection:
            return _load(connection, due.limit(limit))

    def keep_subscriptions(self, some: Iterable[Subscription]) -> None:
        with self.writing() as connection:
            write_subscriptions(connection, some)

    def change_subscription(
        self, token: str, how: Callable[[Subscription], Subscription | None]
    ) -> Subscription | None:
        with self.writing() as connection:
            before = _one(connection, token)
            after = how(before) if before is not None else None
            if after is not None and after != before:
                write_subscriptions(connection, [after])
            return after

    def drop_subscriptions(self, ended_before: datetime) -> int:
        old = websub_subscriptions.c.ended_at < ended_before
        with self.writing() as connection:
            return connection.execute(delete(websub_subscriptions).where(old)).rowcount


def current_subscriptions(connection: Connection, ids: Iterable[SourceId]) -> dict[SourceId, Subscription]:
    """The subscription of each source that is not being left."""
    found: dict[SourceId, Subscription] = {}
    for some in chunks(ids):
        found.update({one.source: one for one in map(_subscription, _CURRENT.mappings(connection, some))})
    return found


def write_subscriptions(connection: Connection, some: Iterable[Subscription]) -> None:
    put_over(connection, websub_subscriptions, [_row(one) for one in some])


_ALL: Select[Any] = select(websub_subscriptions, sources.c.slug).join_from(
    websub_subscriptions, sources, sources.c.id == websub_subscriptions.c.source_id, isouter=True
)


_CURRENT = Prepared(
    _ALL.where(
        websub_subscriptions.c.source_id.in_(bindparam("ids", expanding=True)),
        *(websub_subscriptions.c.standing != over for over in _OVER),
    ),
    "ids",
)


def _one(connection: Connection, token: str) -> Subscription | None:
    found = _load(connection, _ALL.where(websub_subscriptions.c.token == token))
    return found[0] if found else None


def _load(connection: Connection, query: Select[Any]) -> list[Subscription]:
    return [_subscription(row) for row in connection.execute(query).mappings()]


def _subscription(row: RowMapping | Mapping[str, Any]) -> Subscription:
    values: Mapping[str, Any] = {name: row[name] for name in _NAMES if name != "standing"}
    standing = Standing(row["standing"])
    return Subscription(source=SourceId(row["source_id"]), slug=row["slug"] or "", standing=standing, **values)


def _row(one: Subscription) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in _NAMES}
    return {"source_id": one.source, **values, "standing": one.standing.value}
