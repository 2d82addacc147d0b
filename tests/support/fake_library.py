"""A store and a press in memory: working, small, and as strict as the ports say. For tests of what stands on them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from xml.sax.saxutils import escape

from feedhub.errors import DatabaseBusy, NotFound
from feedhub.model import (
    OPML_MEDIA_TYPE,
    Byline,
    Category,
    Credit,
    Digest,
    Document,
    Enclosure,
    Entry,
    EntryId,
    Failure,
    Feed,
    FeedId,
    FeedKind,
    Format,
    Gap,
    Health,
    Outcome,
    ServiceEvent,
    SourceChange,
    SourceId,
    SourceState,
    StoredEntry,
    Tombstone,
)
from feedhub.ports import EntryChange, EntryTrace, Outline, Redirected, page_key
from support.published import outline_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def stored_entry(number: int, *, title: str | None = None, owner: str = "daily", **fields: object) -> StoredEntry:
    """An entry ``number`` minutes after noon; every field of :class:`Entry` can be given."""
    when = NOON + timedelta(minutes=number)
    values: dict[str, object] = {
        "original_id": f"tag:example.org,2026:{number}",
        "link": f"https://news.example/{number}",
        "canonical_link": f"news.example/{number}",
        "title": f"Story {number}" if title is None else title,
        "summary": f"<p>Summary of story {number}.</p>",
        "published": when,
        "updated": when,
        "language": "en",
    }
    entry = Entry(**{**values, **fields})  # type: ignore[arg-type]  # a test's own fields
    return StoredEntry(
        id=EntryId(number),
        version=1,
        entry=entry,
        first_seen=when,
        sort_key=int(when.timestamp()),
        source_slug=owner,
        source=Credit(title=owner.title(), link=f"https://{owner}.example/"),
    )


@dataclass
class FakeLibrary:
    """Library and Catalogue over dictionaries."""

    by_slug: dict[tuple[FeedKind, str], Feed | Redirected] = field(default_factory=dict)
    lists: dict[FeedId, list[StoredEntry]] = field(default_factory=dict)
    sources: list[SourceState] = field(default_factory=list)
    happened: list[SourceChange] = field(default_factory=list)  # newest first
    service: list[ServiceEvent] = field(default_factory=list)
    commits: int = 1
    busy: bool = False
    memory: dict[str, str] = field(default_factory=dict)
    buried: dict[FeedId, list[Tombstone]] = field(default_factory=dict)

    # ------------------------------------------------------------ filling

    def publish(
        self, kind: FeedKind, slug: str, title: str, entries: Sequence[StoredEntry] = (), *, key: str = ""
    ) -> Feed:
        """Make a feed, or give it another list: its version grows and the newest entry dates it."""
        old = self.by_slug.get((kind, slug))
        newest = sorted(entries, key=lambda one: (one.sort_key, one.id), reverse=True)
        feed = Feed(
            id=old.id if isinstance(old, Feed) else FeedId(len(self.by_slug) + 1),
            kind=kind,
            key=key or slug,
            slug=slug,
            title=title,
            version=old.version + 1 if isinstance(old, Feed) else 1,
            updated=newest[0].entry.updated if newest else datetime(1970, 1, 1, tzinfo=UTC),
            size=len(newest),
            archives=len(newest) // 2,
        )
        self.by_slug[kind, slug] = feed
        self.lists[feed.id] = newest
        self.commits += 1
        return feed

    def withdraw(self, kind: FeedKind, slug: str) -> None:
        feed = self.by_slug[kind, slug]
        assert isinstance(feed, Feed)
        self.by_slug[kind, slug] = replace(feed, withdrawn=True)
        self.commits += 1

    def rename(self, kind: FeedKind, old: str, new: str) -> None:
        feed = self.by_slug[kind, old]
        assert isinstance(feed, Feed)
        self.by_slug[kind, new] = replace(feed, slug=new)
        self.by_slug[kind, old] = Redirected(slug=new)
        self.commits += 1

    def _ask(self) -> None:
        if self.busy:
            raise DatabaseBusy("The database /secret/path/feedhub.db is locked.")

    # ------------------------------------------------------------ Library

    def feed(self, kind: FeedKind, slug: str) -> Feed | Redirected | None:
        self._ask()
        return self.by_slug.get((kind, slug))

    def feeds(self, kind: FeedKind | None = None, *, limit: int = 10_000) -> list[Feed]:
        self._ask()
        found = [feed for feed in self.by_slug.values() if isinstance(feed, Feed) and not feed.withdrawn]
        chosen = [feed for feed in found if kind in {None, feed.kind}]
        return sorted(chosen, key=lambda feed: (feed.kind, feed.title))[:limit]

    def page(self, feed: FeedId, limit: int, before: tuple[int, EntryId] | None = None) -> list[StoredEntry]:
        self._ask()
        return [one for one in self.lists[feed] if before is None or (one.sort_key, one.id) < before][:limit]

    def current(self, feed: FeedId) -> Feed | None:
        return next((one for one in self.by_slug.values() if isinstance(one, Feed) and one.id == feed), None)

    def outlines(self, feed: FeedId, limit: int, before: tuple[int, EntryId] | None = None) -> list[Outline]:
        return [outline_of(one) for one in self.page(feed, limit, before)]

    def outlined(self, wanted: Sequence[EntryId]) -> list[Outline]:
        found = {one.id: one for one in self.stored(wanted)}
        return [outline_of(found[entry]) for entry in wanted if entry in found]

    def stored(self, wanted: Collection[EntryId]) -> list[StoredEntry]:
        return [one for listed in self.lists.values() for one in listed if one.id in wanted]

    def archive(self, feed: FeedId, number: int) -> list[Outline]:
        """Pages of two, counted from the oldest."""
        oldest = sorted(self.lists[feed], key=lambda one: (one.sort_key, one.id))
        return [outline_of(one) for one in oldest[2 * number - 2 : 2 * number][::-1]]

    def newest_archive(self, feed: FeedId, below: int) -> int:
        return min(below - 1, len(self.lists[feed]) // 2)

    def tombstones(self, feed: FeedId) -> list[Tombstone]:
        return self.buried.get(feed, [])

    def fragments(self, entries: Iterable[tuple[EntryId, int]], format: str) -> Mapping[tuple[EntryId, int], bytes]:
        return {}

    def keep_fragments(self, rendered: Mapping[tuple[EntryId, int], bytes], format: str) -> None:
        return None

    # ------------------------------------------------------------ Catalogue

    def states(self, slugs: Sequence[str] | None = None) -> list[SourceState]:
        self._ask()
        return [state for state in self.sources if slugs is None or state.slug in slugs]

    def outcomes(self, source: SourceId, limit: int = 20) -> list[Outcome]:
        return []

    def changes(self, limit: int, *, source: str | None = None) -> list[SourceChange]:
        self._ask()
        return [change for change in self.happened if source in {None, change.slug}][:limit]

    def events(self, limit: int) -> list[ServiceEvent]:
        return self.service[:limit]

    def gaps(self, source: SourceId, limit: int = 20) -> list[Gap]:
        return []

    def entries(self, limit: int, *, source: str | None = None, feed: str | None = None) -> list[StoredEntry]:
        return [one for one in self._all() if source in {None, one.source_slug}][:limit]

    def _all(self) -> list[StoredEntry]:
        return list({one.id: one for entries in self.lists.values() for one in entries}.values())

    def trace(self, entry: EntryId) -> EntryTrace | None:
        return next((EntryTrace(entry=one) for one in self._all() if one.id == entry), None)

    def recall(self, name: str) -> str | None:
        return self.memory.get(name)

    def known_digests(self, source: SourceId) -> frozenset[Digest]:
        return frozenset()

    def all_entries(self, after: EntryId, limit: int) -> list[tuple[StoredEntry, Sequence[str]]]:
        later = sorted((one for one in self._all() if one.id > after), key=lambda one: one.id)
        return [(one, [one.source_slug]) for one in later[:limit]]

    def generation(self) -> int:
        self._ask()
        return self.commits


@dataclass
class FakePress:
    """Documents that name their feed, format and entries, and count how often each was made."""

    library: FakeLibrary
    size: int = 50
    made: list[tuple[str, Format | None]] = field(default_factory=list)

    def document(
        self,
        feed: Feed,
        format: Format,
        before: tuple[int, EntryId] | None = None,
        under: str = "",
        *,
        archive: int = 0,
    ) -> Document:
        self.made.append((feed.path, format))
        chosen = {one.id for one in self.library.archive(feed.id, archive)} if archive else set()
        entries = [one for one in self.library.lists[feed.id] if one.id in chosen]
        entries = entries or self.library.page(feed.id, self.size + 1, before)
        shown, more = entries[: self.size], entries[self.size :]
        older = f"{under}{feed.path}.{format.value}?before={page_key(shown[-1].sort_key, shown[-1].id)}" if more else ""
        titles = [one.entry.title for one in shown]
        if format is Format.JSON:
            body = json.dumps({"title": feed.title, "items": titles, "next_url": older}, ensure_ascii=False)
        else:
            lines = "".join(f"<entry>{escape(title)}</entry>" for title in titles)
            body = f"<{format.value} title='{escape(feed.title)}' next='{escape(older)}'>{lines}</{format.value}>"
        return _document(body, format.media_type, feed.updated)

    def changes(self, changes: Sequence[SourceChange], events: Sequence[ServiceEvent] = ()) -> Document:
        self.made.append(("/status", Format.ATOM))
        lines = "".join(f"<entry>{escape(change.title)}: {change.after}</entry>" for change in changes)
        return _document(f"<feed>{lines}</feed>", Format.ATOM.media_type, changes[0].at if changes else NOON)

    def flush(self) -> None:
        return None

    def troubles(self) -> Mapping[str, str]:
        return {}

    def opml(self) -> Document:
        self.made.append(("/feeds.opml", None))
        lines = "".join(f"<outline text='{escape(feed.title)}'/>" for feed in self.library.feeds())
        return _document(f"<opml>{lines}</opml>", OPML_MEDIA_TYPE, NOON)


def _document(text: str, media_type: str, modified: datetime) -> Document:
    body = text.encode()
    etag = f'"{blake2b(body, digest_size=8).hexdigest()}"'
    return Document(body=body, media_type=media_type, etag=etag, modified=modified)


@dataclass
class FakeControl:
    """Polls every known slug at once; a name that does not exist ends the stream with an error."""

    slugs: tuple[str, ...] = ("daily", "weekly")
    asked: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)
    asked_anew: list[str] = field(default_factory=list)

    async def poll(
        self, slugs: Sequence[str], *, everything: bool = False, anew: bool = False
    ) -> AsyncIterator[Outcome]:
        self.asked_anew += slugs if anew else ()
        self.asked.append((tuple(slugs), everything))
        for number, slug in enumerate(self.slugs if everything else slugs, 1):
            if slug not in self.slugs:
                raise NotFound(f"There is no source {slug!r}.", "See feedhub sources list.")
            yield Outcome(source=SourceId(number), slug=slug, at=NOON, kind="ok", status=200, listed=3, new=number)

    async def reread(self, slugs: Sequence[str]) -> AsyncIterator[Outcome]:
        for number, slug in enumerate(slugs, 1):
            if slug not in self.slugs:
                raise NotFound(f"There is no source {slug!r}.", "See feedhub sources list.")
            yield Outcome(source=SourceId(number), slug=slug, at=NOON, kind="read again", listed=3)

    async def reload(self) -> list[str]:
        return ["topics: 1 added"]

    async def change_entry(self, entry: EntryId, change: EntryChange) -> bool:
        if entry == 13:
            raise DatabaseBusy("The database is locked.")
        return entry == 7 or change is EntryChange.WITHDRAW

    async def forget(self, slug: str) -> int:
        if slug not in self.slugs:
            raise NotFound(f"There is no source {slug!r}.", "See feedhub sources list.")
        return 12


def sample_library() -> FakeLibrary:
    """A small site: four topics, some people, Vietnamese names, a podcast, a story in two sources, hostile words."""
    library = FakeLibrary()
    people = {
        "huyền trần": ("huyen-tran", "Huyền Trần", "Junior Analyst"),
        "jane doe": ("jane-doe", "Jane Doe", ""),
        "lê thu hà": ("le-thu-ha", "Lê Thu Hà", ""),
    }
    byline = {key: Byline(key=key, name=name, role=role) for key, (_, name, role) in people.items()}
    held = stored_entry(
        9,
        title="Ngân hàng trung ương Bắc Hải giữ nguyên lãi suất điều hành",
        language="vi",
        summary="<p>Hội đồng chính sách tiền tệ bỏ phiếu 6–3 giữ lãi suất ở mức 4,25%,</p><p>với lý do giá lương thực.</p>",
        authors=(byline["huyền trần"], byline["lê thu hà"]),
        categories=(Category(key="vĩ mô", term="Vĩ mô"),),
        publisher="World Economy Review",
    )
    held = replace(held, others=(("https://weekly.example/held", "Weekly"),))
    hostile = stored_entry(
        8,
        title="1 < 2 && \"quotes\" <script>alert('x')</script>",
        link="javascript:alert(1)",
        summary="<p>Fish &amp; chips</p><script>alert(2)</script><img src='https://spy.example/pixel.gif'>",
        authors=(byline["jane doe"], Byline(key="nobody", name="<b>Nobody</b>")),
    )
    podcast = stored_entry(
        7,
        title="Episode 48: How to read a central bank",
        owner="money-aloud",
        authors=(byline["jane doe"],),
        enclosures=(
            Enclosure(url="https://media.example/48.mp3", type="audio/mpeg", length=30_081_024, duration=1880),
        ),
    )
    plain = [stored_entry(number) for number in range(1, 7)]
    everything = [held, hostile, podcast, *plain]
    library.publish(FeedKind.ALL, "all", "Everything", everything, key="")
    library.publish(FeedKind.TOPIC, "central-banks", "Central banks", [held, podcast, *plain])
    library.publish(FeedKind.TOPIC, "ai", "AI", [hostile, *plain[:3]])
    library.publish(FeedKind.TOPIC, "open-source", "Open source", plain[:2])
    library.publish(FeedKind.TOPIC, "podcasts", "Podcasts", [])
    for key, (slug, name, _) in people.items():
        own = [one for one in everything if any(author.key == key for author in one.entry.authors)]
        library.publish(FeedKind.AUTHOR, slug, name, own, key=key)
    library.publish(FeedKind.CATEGORY, "vi-mo", "Vĩ mô", [held], key="vĩ mô")
    library.publish(FeedKind.SOURCE, "daily", "Daily", [held, hostile, *plain])
    library.publish(FeedKind.SOURCE, "money-aloud", "Money Aloud", [podcast])
    library.publish(FeedKind.TOPIC, "old-news", "Old news", plain)
    library.withdraw(FeedKind.TOPIC, "old-news")
    library.publish(FeedKind.TOPIC, "boards", "Boards", plain)
    library.rename(FeedKind.TOPIC, "boards", "board-rooms")
    library.sources = [
        SourceState(
            id=SourceId(1),
            slug="daily",
            url="https://user:hunter2@www.daily.example/feed?key=hunter2",
            configured_url="https://user:hunter2@www.daily.example/feed?key=hunter2",
            health=Health.FRESH,
            last_poll_at=NOON,
            last_success_at=NOON,
            last_change_at=NOON,
            next_poll_at=NOON + timedelta(hours=3),
        ),
        SourceState(
            id=SourceId(2),
            slug="weekly",
            url="https://weekly.example/feed",
            configured_url="https://weekly.example/feed",
            health=Health.FAILING,
            failures=3,
            last_failure=Failure.TIMEOUT,
            last_poll_at=NOON - timedelta(minutes=5),
            failing_since=NOON - timedelta(hours=2),
            last_detail="no answer within 20 s",
            next_poll_at=NOON + timedelta(minutes=25),
        ),
    ]
    return library
