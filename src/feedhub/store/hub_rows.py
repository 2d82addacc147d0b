"""Subscriptions at our own hub, and what hubs of others were told: fills :mod:`feedhub.ports.hub`'s ledgers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    RowMapping,
    Select,
    Table,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from feedhub.model import Feed, FeedId, Format
from feedhub.ports.hub import Cap, HubCaps, HubCensus, HubMode, HubRequest, HubSubscription, OtherHub, Owed, Settled
from feedhub.store.base import Side
from feedhub.store.hub_tables import websub_hubs, websub_pings, websub_requests, websub_subscribers
from feedhub.store.rows import feed_of
from feedhub.store.statements import put_over
from feedhub.store.tables import feeds

_PLAIN_REQUEST = tuple(f.name for f in fields(HubRequest) if f.name not in {"feed", "format", "mode"})
_PLAIN_SUBSCRIPTION = tuple(f.name for f in fields(HubSubscription) if f.name not in {"feed", "format"})
_OF_DELIVERY = ("version", "etag", "due_at", "failures", "failing_since", "deliveries", "delivered_at", "detail")
"""Columns that deliveries change; the others are the subscriber's wish."""
_HUB = tuple(f.name for f in fields(OtherHub))

_FEED = [column.label(f"f_{column.name}") for column in feeds.c]
_OWED: Select[Any] = select(websub_subscribers, *_FEED).join_from(
    websub_subscribers, feeds, feeds.c.id == websub_subscribers.c.feed_id, isouter=True
)


class HubRows(Side):
    """Reading calls are safe from any thread; the writing ones come from the writer's."""

    # ---- wishes

    def hub_requests(self, limit: int) -> list[HubRequest]:
        query = select(websub_requests).order_by(websub_requests.c.asked_at, websub_requests.c.key).limit(limit)
        with self.reading() as connection:
            return [_request(row) for row in connection.execute(query).mappings()]

    def keep_request(self, request: HubRequest, caps: HubCaps) -> Cap | None:
        with self.writing() as connection:
            if (cap := _cap(connection, request, caps)) is not None:
                return cap
            put_over(connection, websub_requests, [_request_row(request)])
            return None

    def settle_request(self, request: HubRequest, after: HubSubscription | None, *, drop: bool = False) -> bool:
        mine = websub_requests.c.key == request.key, websub_requests.c.challenge == request.challenge
        with self.writing() as connection:
            if not connection.execute(delete(websub_requests).where(*mine)).rowcount:
                return False
            if after is not None:
                put_over(connection, websub_subscribers, [_subscription_row(after)])
            elif drop:
                connection.execute(delete(websub_subscribers).where(websub_subscribers.c.key == request.key))
            return True

    # ---- subscriptions

    def hub_subscription(self, key: bytes) -> HubSubscription | None:
        query = select(websub_subscribers).where(websub_subscribers.c.key == key)
        with self.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _subscription(row)

    def hub_subscriptions(self) -> list[Owed]:
        with self.reading() as connection:
            return _owed(connection, _OWED.order_by(websub_subscribers.c.topic, websub_subscribers.c.callback))

    def hub_census(self, now: datetime) -> HubCensus:
        subscribers = websub_subscribers.c
        failing = func.count(case((subscribers.failures > 0, 1)))
        counts = select(func.count(), func.count(subscribers.host.distinct()), failing)
        with self.reading() as connection:
            row = connection.execute(counts.where(subscribers.lease_until > now)).one()
        return HubCensus(subscriptions=row[0], hosts=row[1], failing=row[2])

    def owed(self, now: datetime) -> list[Owed]:
        subscribers = websub_subscribers.c
        changed = or_(feeds.c.id.is_(None), feeds.c.version > subscribers.version)
        query = _OWED.where(changed, subscribers.due_at <= now, subscribers.lease_until > now)
        with self.reading() as connection:
            return _owed(connection, query.order_by(subscribers.feed_id, subscribers.key))

    def next_retry(self) -> datetime | None:
        failing = websub_subscribers.c.failures > 0
        query = select(websub_subscribers.c.due_at).where(failing).order_by(websub_subscribers.c.due_at).limit(1)
        with self.reading() as connection:
            return connection.scalar(query)

    def settle_deliveries(self, some: Iterable[Settled]) -> None:
        made: dict[Executable, list[dict[str, Any]]] = {_SUCCEED: [], _FAIL: [], _END: []}
        for one in some:
            before, after = one.before, one.after
            row: dict[str, Any] = {"b_key": before.key, "b_secret": before.secret}
            if after is None or after.failures:
                row |= {"b_lease_until": before.lease_until, "b_failures": before.failures}
            if after is not None:
                row |= {name: getattr(after, name) for name in _OF_DELIVERY}
            made[_END if after is None else _FAIL if after.failures else _SUCCEED].append(row)
        with self.writing() as connection:
            for statement, rows in made.items():
                if rows:
                    connection.execute(statement, rows)

    def drop_subscription(self, key: bytes) -> bool:
        with self.writing() as connection:
            return connection.execute(delete(websub_subscribers).where(_BY_KEY), {"b_key": key}).rowcount > 0

    def drop_lapsed(self, now: datetime) -> int:
        with self.writing() as connection:
            lapsed = delete(websub_subscribers).where(websub_subscribers.c.lease_until <= now)
            return connection.execute(lapsed).rowcount

    # ---- hubs of others

    def adopt_hubs(self, hubs: Sequence[str]) -> None:
        with self.writing() as connection:
            known = set(connection.scalars(select(websub_hubs.c.hub)))
            for table in (websub_hubs, websub_pings):
                connection.execute(delete(table).where(table.c.hub.not_in(list(hubs))))
            for hub in hubs:
                if hub not in known:
                    connection.execute(insert(websub_hubs).values(hub=hub))
                    every = select(literal(hub), feeds.c.id, feeds.c.version)
                    connection.execute(insert(websub_pings).from_select(["hub", "feed_id", "version"], every))

    def other_hubs(self) -> list[OtherHub]:
        with self.reading() as connection:
            rows = connection.execute(select(websub_hubs).order_by(websub_hubs.c.hub)).mappings()
            return [OtherHub(**{name: row[name] for name in _HUB}) for row in rows]

    def untold(self, hub: str, limit: int) -> list[Feed]:
        told = (websub_pings.c.hub == hub) & (websub_pings.c.feed_id == feeds.c.id)
        behind = or_(websub_pings.c.version.is_(None), websub_pings.c.version < feeds.c.version)
        query = select(feeds).join(websub_pings, told, isouter=True).where(behind).order_by(feeds.c.id).limit(limit)
        with self.reading() as connection:
            return [feed_of(row) for row in connection.execute(query).mappings()]

    def settle_ping(self, hub: OtherHub, told: Iterable[Feed]) -> None:
        rows = [{"hub": hub.hub, "feed_id": feed.id, "version": feed.version} for feed in told]
        state = {name: getattr(hub, name) for name in _HUB if name != "hub"}
        with self.writing() as connection:
            known = connection.execute(update(websub_hubs).where(websub_hubs.c.hub == hub.hub).values(**state))
            if known.rowcount:  # else it left the configuration meanwhile
                put_over(connection, websub_pings, rows)


_BY_KEY = websub_subscribers.c.key == bindparam("b_key")
_AS_SIGNED = _BY_KEY & (websub_subscribers.c.secret == bindparam("b_secret"))
_AS_IT_WAS = (
    _AS_SIGNED
    & (websub_subscribers.c.lease_until == bindparam("b_lease_until"))
    & (websub_subscribers.c.failures == bindparam("b_failures"))
)
_SUCCEED = update(websub_subscribers).where(_AS_SIGNED)
_FAIL = update(websub_subscribers).where(_AS_IT_WAS)
_END = delete(websub_subscribers).where(_AS_IT_WAS)


def _cap(connection: Connection, request: HubRequest, caps: HubCaps) -> Cap | None:
    """The cap that a new wish would break. One that takes the place of an earlier one adds nothing."""

    def others(table: Table, *condition: ColumnElement[bool]) -> int:
        counted = select(func.count()).select_from(table).where(table.c.key != request.key, *condition)
        return connection.scalar(counted) or 0

    waiting = websub_requests
    if others(waiting) >= caps.waiting or others(waiting, waiting.c.host == request.host) >= caps.waiting_host:
        return Cap.WAITING
    here = select(websub_subscribers.c.key).where(websub_subscribers.c.key == request.key)
    if request.mode is HubMode.UNSUBSCRIBE or connection.scalar(here) is not None:
        return None
    # A renewal that waits is counted with its subscription already.
    new = waiting.c.key.not_in(select(websub_subscribers.c.key))
    wanted = (waiting.c.mode == HubMode.SUBSCRIBE.value) & new

    def together(name: str, value: object) -> int:
        there = others(websub_subscribers, websub_subscribers.c[name] == value)
        return there + others(waiting, wanted, waiting.c[name] == value)

    if together("feed_id", request.feed) >= caps.feed:
        return Cap.FEED
    if together("host", request.host) >= caps.host:
        return Cap.HOST
    return Cap.ALL if others(websub_subscribers) + others(waiting, wanted) >= caps.all else None


def _owed(connection: Connection, query: Select[Any]) -> list[Owed]:
    return [Owed(subscription=_subscription(row), feed=_feed(row)) for row in connection.execute(query).mappings()]


def _feed(row: RowMapping) -> Feed | None:
    if row["f_id"] is None:
        return None
    return feed_of({column.name: row[f"f_{column.name}"] for column in feeds.c})


def _subscription(row: RowMapping) -> HubSubscription:
    plain = {name: row[name] for name in _PLAIN_SUBSCRIPTION}
    return HubSubscription(feed=FeedId(row["feed_id"]), format=Format(row["format"]), **plain)


def _subscription_row(one: HubSubscription) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in _PLAIN_SUBSCRIPTION}
    return {"feed_id": one.feed, "format": one.format.value, **plain}


def _request(row: RowMapping) -> HubRequest:
    plain = {name: row[name] for name in _PLAIN_REQUEST}
    feed, mode = FeedId(row["feed_id"]), HubMode(row["mode"])
    return HubRequest(feed=feed, format=Format(row["format"]), mode=mode, **plain)


def _request_row(one: HubRequest) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in _PLAIN_REQUEST}
    return {"feed_id": one.feed, "format": one.format.value, "mode": one.mode.value, **plain}
