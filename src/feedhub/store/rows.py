"""Nouns to column values and back. Pure: no statement is made here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from feedhub.model import (
    Byline,
    Category,
    ContentPolicy,
    Credit,
    DateOrigin,
    Digest,
    Enclosure,
    Entry,
    EntryId,
    Extra,
    Failure,
    Feed,
    FeedId,
    FeedInfo,
    FeedKind,
    Habit,
    Health,
    Outcome,
    PollHints,
    SourceId,
    SourceState,
    StoredEntry,
    Trait,
    Validators,
)
from feedhub.store.bodies import texts_in
from feedhub.store.gap_rows import pack_gap, unpack_gap
from feedhub.store.page_rows import pack_memory, unpack_memory

Row = RowMapping
"""Column values by name, as they come from the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What belongs to an entry and lives in tables of its own."""

    authors: tuple[Byline, ...] = ()
    contributors: tuple[Byline, ...] = ()
    categories: tuple[Category, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    others: tuple[tuple[str, str], ...] = ()


# ---------------------------------------------------------------- small values


def pack_parts(parts: Mapping[str, Digest]) -> str:
    return " ".join([f"{name}:{digest.hex()}" for name, digest in sorted(parts.items())])


def unpack_parts(text: str) -> dict[str, Digest]:
    pairs = (word.rpartition(":") for word in text.split())
    return {name: Digest(bytes.fromhex(digest)) for name, _, digest in pairs}


def pack_credit(credit: Credit | None) -> str | None:
    if credit is None:
        return None
    values = {
        "title": credit.title,
        "id": credit.id,
        "link": credit.link,
        "self_url": credit.self_url,
        "updated": None if credit.updated is None else int(credit.updated.timestamp()),
        "rights": credit.rights,
        "authors": credit.authors,
    }
    return json.dumps({name: value for name, value in values.items() if value}, ensure_ascii=False)


def unpack_credit(text: str | None) -> Credit | None:
    if text is None:
        return None
    values = json.loads(text)
    updated = values.pop("updated", None)
    return Credit(
        title=values.get("title", ""),
        id=values.get("id", ""),
        link=values.get("link", ""),
        self_url=values.get("self_url", ""),
        rights=values.get("rights", ""),
        authors=tuple(values.get("authors", ())),
        updated=None if updated is None else datetime.fromtimestamp(updated, UTC),
    )


def pack_habit(habit: Habit) -> str | None:
    if habit.since is None or habit.at is None:
        return None
    moments = int(habit.since.timestamp()), int(habit.at.timestamp())
    values = [*moments, habit.posts, habit.hours, habit.weekdays, habit.strain, habit.recent, habit.slots]
    return json.dumps(values, separators=(",", ":"))


def unpack_habit(text: str | None) -> Habit:
    if text is None:
        return Habit()
    since, at, posts, hours, weekdays, strain, *later = json.loads(text)
    recent = later[0] if later else posts / 2  # a row from before it was learned: as if nothing had changed of late
    if len(later) < 2:  # a row from before the minutes were learned, when the short memory was twice as long
        recent, later = recent / 2, [recent, Habit().slots]
    return Habit(
        since=datetime.fromtimestamp(since, UTC),
        at=datetime.fromtimestamp(at, UTC),
        posts=posts,
        recent=recent,
        hours=tuple(hours),
        weekdays=tuple(weekdays),
        slots=tuple(later[1]),
        strain=tuple(strain),
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(",") if word)


def sort_key(published: datetime, first_seen: datetime) -> int:
    """The place of an entry in its feeds: its moment, but never later than when we saw it."""
    return min(int(published.timestamp()), int(first_seen.timestamp()))


# ---------------------------------------------------------------- entries


ENTRY_COLUMNS = (
    "original_id",
    "link",
    "canonical_link",
    "title",
    "image",
    "language",
    "rights",
    "publisher",
    "comments",
    "in_reply_to",
    "extras",
    "via",
    "raw_digest",
    "digest",
    "parts",
)
"""The columns of ``entries`` that say what the entry is; id, owner, version, story and moments come from the writer."""


def entry_values(entry: Entry) -> tuple[Any, ...]:
    """The values of :data:`ENTRY_COLUMNS`."""
    return (
        entry.original_id,
        entry.link,
        entry.canonical_link,
        entry.title,
        entry.image,
        entry.language,
        entry.rights,
        entry.publisher,
        entry.comments,
        entry.in_reply_to,
        pack_extras(entry.extras),
        pack_credit(entry.via),
        entry.raw_digest,
        entry.digest,
        pack_parts(entry.parts),
    )


def pack_extras(extras: Sequence[Extra]) -> str:
    """ "" for none, as nearly all entries have."""
    told = [[one.name, one.text, dict(one.attributes)] for one in extras]
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) if told else ""


def unpack_extras(text: str) -> tuple[Extra, ...]:
    if not text:
        return ()
    return tuple(
        Extra(name=name, text=said, attributes=tuple(attributes.items())) for name, said, attributes in json.loads(text)
    )


def unpack_said(text: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in json.loads(text or "{}").items()}


def entry_of(row: Row | Mapping[str, Any], attached: Attached) -> Entry:
    texts = texts_in(row)
    return Entry(
        original_id=row["original_id"],
        link=row["link"],
        canonical_link=row["canonical_link"],
        title=row["title"],
        summary=texts.summary,
        content=texts.content,
        published=row["published"],
        updated=row["updated"],
        date_origin=DateOrigin(row["date_origin"]),
        authors=attached.authors,
        contributors=attached.contributors,
        categories=attached.categories,
        enclosures=attached.enclosures,
        image=row["image"],
        language=row["language"],
        rights=row["rights"],
        publisher=row["publisher"],
        comments=row["comments"],
        in_reply_to=row["in_reply_to"],
        extras=unpack_extras(row["extras"]),
        via=unpack_credit(row["via"]),
        raw_digest=Digest(row["raw_digest"]),
        parts=unpack_parts(row["parts"]),
    )


def stored_entry(row: Row | Mapping[str, Any], attached: Attached) -> StoredEntry:
    return StoredEntry(
        id=EntryId(row["id"]),
        version=row["version"],
        entry=entry_of(row, attached),
        first_seen=row["first_seen"],
        sort_key=row["sort_key"],
        source_slug=row["source_slug"],
        source=_credit_of_source(row),
        policy=ContentPolicy(row["source_content"]),
        others=attached.others,
    )


def _credit_of_source(row: Row | Mapping[str, Any]) -> Credit:
    """The owner's feed as it was when this version of the entry was taken: so a rendering depends on stored data only."""
    return Credit(
        title=row["source_title"],
        id=row["source_feed_id"],
        link=row["source_link"],
        self_url=row["source_self"],
        updated=row["source_updated"],
        rights=row["source_rights"],
        authors=tuple(json.loads(row["source_authors"])),
    )


# ---------------------------------------------------------------- sources


def source_title(name: str, feed_title: str, slug: str) -> str:
    """What people call a source: the configured name, else what the feed calls itself, else its slug."""
    return name or feed_title or slug


def state_row(state: SourceState) -> dict[str, Any]:
    return {
        "url": state.url,
        "etag": state.validators.etag,
        "last_modified": state.validators.last_modified,
        "validators_url": state.validators.url,
        "body_digest": state.body_digest,
        "next_poll_at": state.next_poll_at,
        "last_poll_at": state.last_poll_at,
        "last_success_at": state.last_success_at,
        "last_change_at": state.last_change_at,
        "failing_since": state.failing_since,
        "failures": state.failures,
        "last_failure": state.last_failure,
        "last_detail": state.last_detail,
        "last_status": state.last_status,
        "health": state.health,
        "rate": state.rate,
        "rate_at": state.rate_at,
        "habit": pack_habit(state.habit),
        "same_body": state.same_body,
        "has_validators": state.has_validators,
        "fresh_until": state.fresh_until,
        "retry_at": state.retry_at,
        "hint_ttl": state.hints.ttl,
        "hint_interval": state.hints.update_interval,
        "hint_hours": ",".join(map(str, state.hints.skip_hours)),
        "hint_days": ",".join(map(str, state.hints.skip_days)),
        "move_target": state.move_target,
        "move_since": state.move_since,
        "move_count": state.move_count,
        "window": state.window,
        "newest_listed": state.newest_listed,
        "traits": pack_traits(state.traits),
        "gap": pack_gap(state.gap),
        "page": pack_memory(state.page),
    }


def pushed_row(state: SourceState) -> dict[str, Any]:
    """The columns that a push may change."""
    row = state_row(state)
    return {name: row[name] for name in ("last_change_at", "health", "rate", "rate_at", "habit")}


def source_state(row: Row) -> SourceState:
    digest = row["body_digest"]
    failure = row["last_failure"]
    return SourceState(
        id=SourceId(row["id"]),
        slug=row["slug"],
        url=row["url"],
        configured_url=row["configured_url"],
        enabled=row["enabled"],
        validators=Validators(etag=row["etag"], last_modified=row["last_modified"], url=row["validators_url"]),
        body_digest=None if digest is None else Digest(digest),
        next_poll_at=row["next_poll_at"],
        last_poll_at=row["last_poll_at"],
        last_success_at=row["last_success_at"],
        last_change_at=row["last_change_at"],
        failing_since=row["failing_since"],
        failures=row["failures"],
        last_failure=None if failure is None else Failure(failure),
        last_detail=row["last_detail"],
        last_status=row["last_status"],
        health=Health(row["health"]),
        rate=row["rate"],
        rate_at=row["rate_at"],
        habit=unpack_habit(row["habit"]),
        same_body=row["same_body"],
        has_validators=row["has_validators"],
        fresh_until=row["fresh_until"],
        retry_at=row["retry_at"],
        hints=_hints(row),
        move_target=row["move_target"],
        move_since=row["move_since"],
        move_count=row["move_count"],
        window=row["window"],
        newest_listed=row["newest_listed"],
        traits=unpack_traits(row["traits"]),
        gap=unpack_gap(row["gap"]),
        hub=row["feed_hub"],
        topic=row["feed_self"],
        page=unpack_memory(row["page"]),
    )


def pack_traits(traits: Mapping[Trait, datetime]) -> str | None:
    return json.dumps({trait.value: int(at.timestamp()) for trait, at in traits.items()}) if traits else None


def unpack_traits(text: str | None) -> dict[Trait, datetime]:
    """A trait of a newer FeedHub is passed over."""
    stored: dict[str, int] = json.loads(text or "{}")
    known = Trait._value2member_map_
    return {Trait(name): datetime.fromtimestamp(at, UTC) for name, at in stored.items() if name in known}


def _hints(row: Row) -> PollHints:
    return PollHints(
        ttl=row["hint_ttl"],
        update_interval=row["hint_interval"],
        skip_hours=_numbers(row["hint_hours"]),
        skip_days=_numbers(row["hint_days"]),
    )


def info_row(info: FeedInfo) -> dict[str, Any]:
    return {
        "feed_title": info.title,
        "feed_id": info.id,
        "feed_link": info.link,
        "feed_self": info.self_url,
        "feed_hub": info.hub,
        "feed_subtitle": info.subtitle,
        "feed_updated": info.updated,
        "feed_rights": info.rights,
        "feed_language": info.language,
        "feed_image": info.image,
        "feed_authors": json.dumps([author.name for author in info.authors], ensure_ascii=False),
        "feed_format": info.format,
    }


# ---------------------------------------------------------------- polls and feeds


def outcome_row(outcome: Outcome, number: int) -> dict[str, Any]:
    return {
        "source_id": outcome.source,
        "number": number,
        "at": outcome.at,
        "kind": outcome.kind,
        "status": outcome.status,
        "listed": outcome.listed,
        "new": outcome.new,
        "updated": outcome.updated,
        "rejected": outcome.rejected,
        "wire_bytes": outcome.wire_bytes,
        "elapsed": outcome.elapsed,
        "detail": outcome.detail,
        "next_poll_at": outcome.next_poll_at,
    }


def outcome_of(row: Row, slug: str) -> Outcome:
    return Outcome(
        source=SourceId(row["source_id"]),
        slug=slug,
        at=row["at"],
        kind=row["kind"],
        status=row["status"],
        listed=row["listed"],
        new=row["new"],
        updated=row["updated"],
        rejected=row["rejected"],
        wire_bytes=row["wire_bytes"],
        elapsed=row["elapsed"],
        detail=row["detail"],
        next_poll_at=row["next_poll_at"],
    )


def feed_of(row: Row | Mapping[str, Any]) -> Feed:
    return Feed(
        id=FeedId(row["id"]),
        kind=FeedKind(row["kind"]),
        key=row["key"],
        slug=row["slug"],
        title=row["title"],
        version=row["version"],
        updated=row["updated"],
        withdrawn=row["withdrawn"],
        size=row["size"],
        archives=row["archives"],
    )


BYLINE_COLUMNS = (
    "entry_id",
    "contributor",
    "position",
    "author_id",
    "name",
    "role",
    "organisation",
    "uri",
    "is_organisation",
)


def byline_rows(entry: EntryId, people: Sequence[tuple[Byline, bool]], ids: Mapping[str, int]) -> list[tuple[Any, ...]]:
    """Rows of ``entry_authors`` by :data:`BYLINE_COLUMNS`; the flag says contributor."""
    return [
        (
            entry,
            contributor,
            position,
            ids[byline.key],
            byline.name,
            byline.role,
            byline.organisation,
            byline.uri,
            byline.is_organisation,
        )
        for position, (byline, contributor) in enumerate(people)
    ]


ENCLOSURE_COLUMNS = ("entry_id", "position", "url", "type", "length", "title", "duration")


def enclosure_rows(entry: EntryId, enclosures: Sequence[Enclosure]) -> list[tuple[Any, ...]]:
    """Rows of ``enclosures`` by :data:`ENCLOSURE_COLUMNS`."""
    return [
        (entry, position, one.url, one.type, one.length, one.title, one.duration)
        for position, one in enumerate(enclosures)
    ]
