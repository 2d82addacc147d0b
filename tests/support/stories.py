"""Drafts and polls for tests of the store: short words for what classify and dedupe would hand over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from feedhub.model import (
    Byline,
    Category,
    Decision,
    Digest,
    Draft,
    Enclosure,
    Entry,
    EntryKeys,
    FeedInfo,
    FeedKind,
    FeedRef,
    Health,
    Key,
    Membership,
    Outcome,
    SourceState,
)
from feedhub.ports import PollRecord, SourceSpec, TopicSpec

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def key(words: str) -> Key:
    return Key(hashlib.blake2b(words.encode(), digest_size=16).digest())


def spec(slug: str, **more: object) -> SourceSpec:
    return replace(SourceSpec(slug=slug, url=f"http://{slug}.example/feed"), **more)  # type: ignore[arg-type]


def topic(name: str, *formerly: str) -> TopicSpec:
    return TopicSpec(key=name, title=name.title(), formerly=formerly)


def member(kind: FeedKind, name: str, rule: str = "a rule") -> Membership:
    return Membership(feed=FeedRef(kind=kind, key=name, title=name.title()), rule=rule)


def draft(
    source: str,
    name: str,
    *,
    at: datetime = NOW - HOUR,
    title: str = "",
    shared: str = "",
    story: str = "",
    own: Sequence[str] = (),
    authors: Sequence[str] = ("ana",),
    labels: Sequence[str] = ("news",),
    topics: Sequence[str] = (),
    enclosures: Sequence[Enclosure] = (),
) -> Draft:
    """One entry of a source; ``own`` are more names for it within the source."""
    words = title or f"{name} of {source}"
    entry = Entry(
        original_id=f"{source}:{name}",
        link=f"http://{source}.example/{name}",
        canonical_link=f"{source}.example/{name}",
        title=words,
        summary="<p>Short.</p>",
        content=f"<p>{words}</p>",
        published=at,
        updated=at,
        authors=tuple(Byline(key=a, name=a.title(), role="Editor") for a in authors),
        contributors=(Byline(key="helper", name="Helper"),),
        categories=tuple(Category(key=c, term=c.title(), label=c.upper()) for c in labels),
        enclosures=tuple(enclosures),
        language="en",
        raw_digest=Digest(key(f"raw {source} {name} {words}")),
        parts={"title": Digest(key(words)), "body": Digest(key("body"))},
    )
    keys = EntryKeys(
        own=(key(f"{source} id {name}"), *(key(f"{source} id {word}") for word in own)),
        shared=key(f"shared {shared}") if shared else None,
        cluster=(key(f"story {story}"),) if story else (),
    )
    memberships = [
        member(FeedKind.ALL, "all"),
        member(FeedKind.SOURCE, source),
        *(member(FeedKind.AUTHOR, a) for a in authors),
        *(member(FeedKind.CATEGORY, c) for c in labels),
        *(member(FeedKind.TOPIC, t) for t in topics),
    ]
    return Draft(entry=entry, keys=keys, memberships=tuple(memberships))


def poll(
    state: SourceState,
    *writes: tuple[Draft, Decision],
    at: datetime = NOW,
    seen: Sequence[Digest] = (),
    info: FeedInfo | None = None,
) -> PollRecord:
    after = replace(
        state,
        last_poll_at=at,
        last_success_at=at,
        next_poll_at=at + HOUR,
        health=Health.FRESH,
        window=len(writes) + len(seen),
    )
    outcome = Outcome(source=state.id, slug=state.slug, at=at, kind="ok", status=200, next_poll_at=at + HOUR)
    info = info or FeedInfo(title=state.slug.title(), link=f"http://{state.slug}.example/")
    return PollRecord(state=after, outcome=outcome, info=info, writes=writes, seen=seen)
