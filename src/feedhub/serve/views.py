"""What a page shows, ready to be laid out: no decisions are left to the templates. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from feedhub.model import Byline, ContentPolicy, Feed, FeedKind, Format, Health, PushNote, SourceState, StoredEntry
from feedhub.names import author_key
from feedhub.search.selection import Heading
from feedhub.serve.words import Moment, host_of, moment, number, plain_words, span, web_link
from feedhub.settings import Authors

FORMAT_NAMES: Mapping[Format, str] = {Format.ATOM: "Atom", Format.RSS: "RSS", Format.JSON: "JSON Feed"}
KIND_NAMES: Mapping[FeedKind, str] = {
    FeedKind.ALL: "Everything",
    FeedKind.TOPIC: "Topics",
    FeedKind.AUTHOR: "Authors",
    FeedKind.CATEGORY: "Categories",
    FeedKind.SOURCE: "Sources",
}
ONE_OF: Mapping[FeedKind, str] = {
    FeedKind.ALL: "Everything",
    FeedKind.TOPIC: "Topic",
    FeedKind.AUTHOR: "Author",
    FeedKind.CATEGORY: "Category",
    FeedKind.SOURCE: "Source",
}
_QUIET = frozenset({Health.NEW, Health.FRESH, Health.WAITING, Health.MOVED, Health.SILENT, Health.DISABLED})
"""States that ask nothing of the operator today; sources in any other stand first on the status page."""

FeedIndex = Mapping[tuple[FeedKind, str], Feed]
"""Public feeds by kind and key: what an entry's page may link to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Words that lead somewhere; ``href`` is "" when there is nowhere to lead."""

    text: str
    href: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """A feed in a list."""

    title: str
    href: str
    count: str
    newest: Moment | None
    formats: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedGroup:
    """The feeds of one kind on the directory. ``more`` leads to the whole list when this is not all of it."""

    kind: str
    title: str
    lines: tuple[FeedLine, ...]
    more: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One address to copy into a feed reader."""

    name: str
    media_type: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """An entry on a page. ``language`` is "" when unknown."""

    title: str
    href: str
    language: str
    summary: str
    published: Moment | None
    authors: tuple[Link, ...]
    source: Link
    publisher: str
    host: str
    enclosures: tuple[Link, ...]
    also: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateView:
    """A source on the status page."""

    slug: str
    href: str
    host: str
    health: str
    trouble: bool
    explanation: str
    success: Moment | None
    change: Moment | None
    next: str
    push: str  # about its hub; "" when it names none


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How addresses are written: ``prefix`` for links within the site, ``root`` for addresses to copy."""

    prefix: str
    root: str
    page_ending: str  # "" when served, ".html" or "/" in some static exports
    formats: tuple[Format, ...]

    def page(self, path: str) -> str:
        return self.prefix + path + self.page_ending

    def document(self, feed: Feed, format: Format) -> str:
        return f"{self.prefix}{feed.path}.{format.value}"

    def subscriptions(self, feed: Feed) -> tuple[Subscription, ...]:
        return tuple(
            Subscription(
                name=FORMAT_NAMES[one],
                media_type=one.media_type.partition(";")[0],
                url=f"{self.root}{feed.path}.{one.value}",
            )
            for one in self.formats
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorKeys:
    """How a byline leads to its author's feed: configured people have a key of their own for all their spellings."""

    configured: Mapping[str, str]  # key of a spelling -> key of the person
    by_source: bool

    def of(self, byline: Byline, source: str) -> str:
        person = self.configured.get(byline.key, byline.key)
        return f"{source}/{person}" if self.by_source else person


def author_keys(authors: Authors) -> AuthorKeys:
    spellings: dict[str, str] = {}
    for key, person in authors.people.items():
        for name in filter(None, (key, person.name, *person.aliases)):
            spellings.setdefault(author_key(name), key)
    return AuthorKeys(configured=spellings, by_source=authors.scope == "source")


def feed_line(feed: Feed, places: Places, zone: ZoneInfo) -> FeedLine:
    return FeedLine(
        title=feed.title or feed.slug,
        href=places.page(feed.path),
        count=number(feed.size),
        newest=moment(feed.updated, zone),
        formats=tuple(Link(text=FORMAT_NAMES[one], href=places.document(feed, one)) for one in places.formats),
    )


def by_size(feeds: Iterable[Feed]) -> list[Feed]:
    """Most entries first; names decide among equals."""
    return sorted(feeds, key=lambda feed: (-feed.size, feed.title.casefold(), feed.slug))


def by_title(feeds: Iterable[Feed]) -> list[Feed]:
    return sorted(feeds, key=lambda feed: (feed.title.casefold(), feed.slug))


SEARCH_HELP: Sequence[tuple[str, str]] = (
    ("giá vàng", "both words; with diacritics exactly so"),
    ("gia vang", "without any diacritics: all ways to write it"),
    ('"central bank"', "one word after the other"),
    ("gold OR vàng", "one of them"),
    ("gold -silver", "without a word"),
    ("title:gold", "in the title; in:title for all words"),
    ('author:"Huyền Trần"', "by somebody: a full name, or the last part of the address of the author's feed"),
    ("topic:gold source:daily category:economy lang:vi", "in a topic, from a source, in a category, in a language"),
)
"""What can be asked, and what it means."""


def selection_address(start: str, heading: Heading, ending: str = "", before: str = "") -> str:
    """The address of a selection: of its page, or of a document."""
    query = urlencode([*heading.parameters, *([("before", before)] if before else [])], quote_via=quote)
    return f"{start}{heading.path}{ending}" + (f"?{query}" if query else "")


def selection_subscriptions(places: Places, heading: Heading) -> tuple[Subscription, ...]:
    return tuple(
        Subscription(
            name=FORMAT_NAMES[one],
            media_type=one.media_type.partition(";")[0],
            url=selection_address(places.root, heading, f".{one.value}"),
        )
        for one in places.formats
    )


def _author(byline: Byline, key: str, index: FeedIndex, places: Places) -> Link:
    feed = index.get((FeedKind.AUTHOR, key))
    note = ", ".join(filter(None, (byline.role, byline.organisation)))
    return Link(text=byline.name, href=places.page(feed.path) if feed else "", note=note)


def _source(stored: StoredEntry, index: FeedIndex, places: Places) -> Link:
    feed = index.get((FeedKind.SOURCE, stored.source_slug))
    text = stored.source.title or stored.source_slug
    return Link(text=text, href=places.page(feed.path) if feed else web_link(stored.source.link))


def _enclosures(stored: StoredEntry) -> Iterable[Link]:
    for one in stored.entry.enclosures:
        kind = one.type.partition("/")[0]
        size = f"{one.length / 1e6:.1f} MB" if one.length >= 100_000 else ""
        minutes = f"{round(one.duration / 60)} min" if one.duration >= 60 else ""
        note = ", ".join(filter(None, (minutes, size)))
        if href := web_link(one.url):
            yield Link(text=one.title or kind or "file", href=href, note=note)


def entry_view(
    stored: StoredEntry,
    index: FeedIndex,
    keys: AuthorKeys,
    places: Places,
    zone: ZoneInfo,
    policy: ContentPolicy = ContentPolicy.FULL,
) -> EntryView:
    """An entry as a page shows it. Only http(s) links lead anywhere, whatever a source wrote.

    :param policy: under ``link`` a page shows as little of it as a feed does.
    """
    entry, told = stored.entry, policy is not ContentPolicy.LINK
    href = web_link(entry.link)
    summary = plain_words(entry.summary or entry.content) if told else ""
    also = (Link(text=title or host_of(link), href=web_link(link)) for link, title in stored.others)
    return EntryView(
        title=entry.title or plain_words(summary, 80) or host_of(href) or "Untitled",
        href=href,
        language=entry.language,
        summary=summary if entry.title else "",
        published=moment(entry.published, zone),
        authors=tuple(_author(one, keys.of(one, stored.source_slug), index, places) for one in entry.authors),
        source=_source(stored, index, places),
        publisher=entry.publisher if entry.publisher.casefold() != stored.source.title.casefold() else "",
        host=host_of(href),
        enclosures=tuple(_enclosures(stored)) if told else (),
        also=tuple(also),
    )


def _next_poll(state: SourceState, now: datetime) -> str:
    if not state.enabled or state.health in {Health.GONE, Health.DISABLED}:
        return "never"
    return span(state.next_poll_at - now) if state.next_poll_at else "now"


def state_view(
    state: SourceState,
    explanation: str,
    public: bool,
    places: Places,
    zone: ZoneInfo,
    now: datetime,
    note: PushNote | None = None,
) -> StateView:
    """A source on the status page. Its URL may hold a key, so that only the host is shown."""
    return StateView(
        slug=state.slug,
        href=places.page(f"/sources/{state.slug}") if public else "",
        host=host_of(state.url),
        health=state.health.value,
        trouble=state.health not in _QUIET,
        explanation=explanation,
        success=moment(state.last_success_at, zone),
        change=moment(state.last_change_at, zone),
        next=_next_poll(state, now),
        push=note.words if note else "",
    )


def health_counts(states: Sequence[SourceState]) -> list[tuple[str, int]]:
    """How many sources are in each state, in the order in which the states are declared; no zeros."""
    counts = [(health.value, sum(state.health is health for state in states)) for health in Health]
    return [(name, count) for name, count in counts if count]
