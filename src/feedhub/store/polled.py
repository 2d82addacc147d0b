"""What a poll leaves at its source: the state, what the feed says of itself, the outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from feedhub.model import FeedInfo, FeedKind, FeedRef, Health, Outcome
from feedhub.ports import PollRecord
from feedhub.store.bulk import Many
from feedhub.store.feeds import FeedRegistry
from feedhub.store.gap_rows import pack_gap, unpack_gap
from feedhub.store.happenings import write_changes, write_gaps
from feedhub.store.prepared import Prepared
from feedhub.store.rows import info_row, outcome_row, pushed_row, source_title, state_row
from feedhub.store.statements import Counter, chunks, put
from feedhub.store.tables import feeds, polls, sources

_CREDIT = ("feed_title", "feed_id", "feed_link", "feed_self", "feed_rights", "feed_authors")
"""What a rendered entry says of its source. ``feed_updated`` is kept with each entry instead."""

CREDIT_STAYS = timedelta(days=1)
"""How long what changed of it stays, whatever is said meanwhile. Each change is one of every stored entry, for all who read
them: a title with the time of day in it, or a link with a session, would be that at each poll."""


class Polled:
    """The sources of a batch, as they are stored and as they will be."""

    def __init__(self, connection: Connection, records: Sequence[PollRecord]) -> None:
        self._connection = connection
        self._pushes = [record for record in records if record.pushed]
        self._records = [record for record in records if not record.pushed]
        self._stored = self._load({record.state.id for record in records})
        self._infos = [
            self._info(record, record.info)
            for record in self._records
            if record.info is not None and self._speaks_for(record)
        ]
        self.credited = {row["b_id"] for row in self._infos if "credited_at" in row}

    def holds(self, source: int) -> bool:
        """Whether the source is still there."""
        return source in self._stored

    def write(self, counter: Counter) -> set[int]:
        """Write states and infos; returns source feeds whose title changed."""
        self._write_states(counter)
        self._write_pushes(counter)
        for credited in (False, True):  # rows of one statement have the same columns
            rows = [row for row in self._infos if ("credited_at" in row) is credited]
            _CHANGE.run(self._connection, rows)
        return self._retitle(counter)

    def _load(self, ids: set[int]) -> dict[int, Mapping[str, Any]]:
        found: dict[int, Mapping[str, Any]] = {}
        for some in chunks(ids):
            found.update({row["id"]: row for row in _STORED.mappings(self._connection, some)})
        return found

    def _speaks_for(self, record: PollRecord) -> bool:
        """Whether it is of the address that the source has now: what another one says of itself, its hub too, is void."""
        stored = self._stored.get(record.state.id)
        return stored is not None and stored["configured_url"] == record.state.configured_url

    def _info(self, record: PollRecord, info: FeedInfo) -> dict[str, Any]:
        """What is written of what the feed says of itself; ``credited_at`` is among it when entries name another source now."""
        stored, at = self._stored[record.state.id], record.outcome.at
        row = {"b_id": record.state.id, "listed_at": at, **info_row(info)}
        if stored["listed_at"] is None or all(stored[name] == row[name] for name in _CREDIT):
            return row
        before = stored["credited_at"]
        if before is not None and timedelta(0) <= at - before < CREDIT_STAYS:  # from the future: the clock was wrong
            return row | {name: stored[name] for name in _CREDIT}
        return row | {"credited_at": at}

    def _write_states(self, counter: Counter) -> None:
        """A poll that began before the configuration changed its source brings entries, but no state."""
        rows, stale, aside = [], [], []
        for record in self._records:
            if not self.holds(record.state.id):
                continue
            if record.aside:
                aside += [record] if self._fills(record) else []
            elif self._is_sound(record):
                rows.append(record)
            else:
                stale.append(record)
        self._change({"b_id": r.state.id, "leased_until": None, **state_row(r.state)} for r in rows)
        self._change({"b_id": r.state.id, "leased_until": None} for r in stale)
        self._change({"b_id": r.state.id, "gap": pack_gap(r.state.gap), "health": r.state.health} for r in aside)
        write_gaps(self._connection, self._stored, [*rows, *aside])
        write_changes(self._connection, counter, self._stored, [*rows, *aside])

    def _is_sound(self, record: PollRecord) -> bool:
        stored = self._stored[record.state.id]
        return bool(stored["enabled"]) and stored["configured_url"] == record.state.configured_url

    def _fills(self, record: PollRecord) -> bool:
        """Whether the gap that an archive page was read for is still the source's latest, and its state about it."""
        stored = self._stored[record.state.id]
        kept, told = unpack_gap(stored["gap"]), record.state.gap
        same = kept is not None and told is not None and kept.noticed_at == told.noticed_at
        return same and self._is_sound(record) and stored["health"] == Health.MISSED.value

    def _change(self, rows: Iterable[Mapping[str, Any]]) -> None:
        _CHANGE.run(self._connection, list(rows))

    def _write_pushes(self, counter: Counter) -> None:
        """What was pushed changes what is known of the source's habit, and nothing that a poll needs."""
        sound = [record for record in self._pushes if self.holds(record.state.id) and self._is_sound(record)]
        self._change({"b_id": record.state.id, **pushed_row(record.state)} for record in sound)
        write_changes(self._connection, counter, self._stored, sound)

    def _retitle(self, counter: Counter) -> set[int]:
        titles = {}
        for row in self._infos:
            stored = self._stored[row["b_id"]]
            if row["feed_title"] != stored["feed_title"]:
                titles[stored["slug"]] = source_title(stored["name"], row["feed_title"], stored["slug"])
        refs = [FeedRef(kind=FeedKind.SOURCE, key=slug, title=title, slug=slug) for slug, title in titles.items()]
        ids = FeedRegistry(self._connection, counter).resolve(refs)
        return retitle(self._connection, {ids[ref.kind.value, ref.key]: ref.title for ref in refs})


_CHANGE = Many(update(sources).where(sources.c.id == bindparam("b_id")))


_LOOKED_AT = ("id", "slug", "name", "enabled", "configured_url", "health", "gap", "listed_at", "credited_at")
_STORED = Prepared(
    select(*(sources.c[name] for name in (*_LOOKED_AT, *_CREDIT))).where(
        sources.c.id.in_(bindparam("ids", expanding=True))
    ),
    "ids",
)
_TITLES = Prepared(select(feeds.c.id, feeds.c.title).where(feeds.c.id.in_(bindparam("ids", expanding=True))), "ids")


def retitle(connection: Connection, titles: Mapping[int, str]) -> set[int]:
    """Give feeds these titles; returns those that had another."""
    changed: set[int] = set()
    for some in chunks(titles):
        changed.update(feed for feed, title in _TITLES.rows(connection, some) if title != titles[feed])
    _RETITLE.run(connection, [{"b_id": feed, "title": titles[feed]} for feed in sorted(changed)])
    return changed


_RETITLE = Many(
    update(feeds).where(feeds.c.id == bindparam("b_id")).values(title=bindparam("title"), version=feeds.c.version + 1)
)


def write_polls(connection: Connection, counter: Counter, outcomes: Sequence[Outcome]) -> None:
    put(connection, polls, [outcome_row(outcome, counter.next("polls")) for outcome in outcomes])
