"""The nouns of FeedHub, in the order in which a poll makes them.

All are frozen, keyword-only and plain: they cross process borders by pickle and compare by value. Moments are aware
UTC :class:`~datetime.datetime` with whole seconds, unless a name says ``raw``. Text is NFC from :class:`Entry` on.
Two types stand at the trust boundary: :class:`RawEntry` is what a source *said*, :class:`Entry` is what we *believe*;
only ``feedhub.clean`` makes the second from the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, NewType

SourceId = NewType("SourceId", int)
EntryId = NewType("EntryId", int)
FeedId = NewType("FeedId", int)
Key = NewType("Key", bytes)
"""A 16-byte digest by which an entry is recognised (see :class:`EntryKeys`)."""
Digest = NewType("Digest", bytes)
"""A 16-byte digest of content, made to find out whether something changed."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# ---------------------------------------------------------------- fetch: what came over the wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """ETag and Last-Modified exactly as the server sent them: opaque, returned verbatim (RFC 9110, 8.8 and 13.1).

    They belong to ``url`` (and the credentials used there) and are sent to no other.
    """

    etag: str | None = None
    last_modified: str | None = None
    url: str | None = None

    def __bool__(self) -> bool:
        return self.etag is not None or self.last_modified is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One conditional GET. ``headers`` may hold secrets and never leaves the fetcher.

    ``home`` is the URL that ``headers``, and credentials in it, were given for; "" when it is ``url`` itself. They go
    out only while that origin is asked: a source that moved for good does not take its secrets along.
    ``pause``: seconds that the host wants between this request and the next one (``Crawl-delay``).
    ``permit``: asked before each address that a redirect leads to; the pause there, or why it may not be asked.
    ``beside``: this is asked beside a source's own document (an article, a part of its list, an archive page), and so waits
    while the host wants quiet at any of its paths.
    """

    url: str
    home: str = ""
    validators: Validators = Validators()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    subscribers: int = 1
    pause: float = 0.0
    permit: Callable[[str], Awaitable[float | FetchFailed]] | None = field(default=None, repr=False, compare=False)
    beside: bool = False


class Failure(StrEnum):
    """Why a poll brought nothing. The value is what the operator reads and what is stored."""

    DNS = "dns"  # the name does not resolve
    CONNECT = "connect"  # refused, unreachable, reset
    TLS = "tls"
    TIMEOUT = "timeout"
    FORBIDDEN_ADDRESS = "forbidden address"  # the guard: address, scheme or port
    REDIRECT = "redirect"  # loop, too many, downgrade, no target
    TOO_LARGE = "too large"  # on the wire, decoded, ratio or headers
    BAD_ENCODING = "bad encoding"  # the content coding does not decode
    HTTP = "http"  # any status that has no value of its own below
    NEEDS_CREDENTIALS = "needs credentials"  # 401, 407
    FORBIDDEN = "forbidden"  # 403
    NOT_FOUND = "not found"  # 404
    GONE = "gone"  # 410
    LEGAL = "unavailable for legal reasons"  # 451
    RATE_LIMITED = "rate limited"  # 429
    SERVER = "server error"  # 5xx
    BLOCKED = "blocked"  # a challenge page instead of content
    EMPTY = "empty"  # 204, no bytes, only white space
    NOT_A_FEED = "not a feed"  # HTML or anything else where a feed was expected
    BROKEN = "broken"  # a feed's document that cannot be read
    TOO_COMPLEX = "too complex"  # over a limit of the parser: depth, attributes, time, memory
    PROTOCOL = "protocol"  # not HTTP
    BROKEN_SELECTOR = "broken selector"  # a page that does not show what was agreed on
    DISALLOWED = "disallowed"  # robots.txt keeps this page from us


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """What the answer's headers said about the next request (RFC 9111; from 200 and 304 alike)."""

    fresh_until: datetime | None = None  # end of the freshness lifetime; None: nothing was said
    retry_at: datetime | None = None  # Retry-After, made absolute


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A redirect was followed. ``permanent``: every hop was 301 or 308; ``target`` is the final URL."""

    target: str
    permanent: bool
    upgrade: bool = False  # http to https of the same host and path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A complete body. ``body`` is decoded from its content coding, never from its charset."""

    url: str  # the final URL, base of relative links
    status: int
    body: bytes
    body_digest: Digest
    content_type: str = ""  # media type, lower case, without parameters
    charset: str | None = None
    validators: Validators = Validators()
    freshness: Freshness = Freshness()
    move: Move | None = None
    links: Mapping[str, str] = field(default_factory=dict)  # Link header by rel: hub, self, …
    partial: bool = False  # 226 IM Used: only new entries (RFC 3229)
    elapsed: float = 0.0  # seconds
    wire_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304. ``validators`` are the stored ones, with those of the answer laid over them."""

    validators: Validators
    freshness: Freshness = Freshness()
    move: Move | None = None
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed:
    """Nothing usable came. ``detail`` is one sentence without secrets; ``status`` is 0 when no answer arrived."""

    failure: Failure
    detail: str
    status: int = 0
    freshness: Freshness = Freshness()
    elapsed: float = 0.0
    asked: bool = True
    """False: the host asked for quiet or is down, and nothing was sent to it; ``status`` is that of a redirect to it."""


FetchResult = Fetched | NotModified | FetchFailed


# ---------------------------------------------------------------- parse: what the source said, faithfully, untrusted


class TextType(StrEnum):
    """How a raw text is to be read (RFC 4287, 3.1.1). RSS titles are PLAIN after one decoding, bodies HTML."""

    PLAIN = "text"
    HTML = "html"
    XHTML = "xhtml"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawText:
    value: str
    type: TextType = TextType.HTML
    base: str = ""  # xml:base in force, as far as the document itself says one
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPerson:
    """A byline as written. ``email`` is kept only to tell people apart; it is never published."""

    name: str = ""
    email: str = ""
    uri: str = ""
    role: str = ""
    context: str = "byline"  # which element said it: atom, rss_author, dc_creator, itunes, json, byline, …


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCategory:
    term: str = ""
    scheme: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLink:
    href: str
    rel: str = "alternate"
    type: str = ""
    title: str = ""
    length: str = ""
    hreflang: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEnclosure:
    url: str
    type: str = ""
    length: str = ""
    title: str = ""
    duration: str = ""
    medium: str = ""  # image, audio, video, document (Media RSS)
    base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSource:
    """``atom:source`` or RSS ``<source>``: the feed an aggregated entry came from."""

    id: str = ""
    title: str = ""
    link: str = ""
    self_url: str = ""
    updated: str = ""
    rights: str = ""
    authors: tuple[RawPerson, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """An element of another vocabulary (:mod:`feedhub.extras`), raw or checked: ``itunes:episode``, ``georss:point``."""

    name: str
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    id: str = ""  # as written, never resolved against a base
    links: tuple[RawLink, ...] = ()
    title: RawText | None = None
    summary: RawText | None = None
    content: tuple[RawText, ...] = ()  # best first
    published: str = ""  # the raw strings; dates are read by clean
    updated: str = ""
    authors: tuple[RawPerson, ...] = ()
    contributors: tuple[RawPerson, ...] = ()
    categories: tuple[RawCategory, ...] = ()
    enclosures: tuple[RawEnclosure, ...] = ()
    images: tuple[str, ...] = ()  # thumbnails and entry images, best first
    rights: str = ""
    language: str = ""
    publisher: str = ""  # dc:publisher, dc:source
    comments: str = ""
    in_reply_to: str = ""  # RFC 4685 ref
    source: RawSource | None = None
    extras: tuple[Extra, ...] = ()
    digest: Digest = Digest(b"")  # of everything above as parsed; equal digests need no cleaning


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFeed:
    """A document as parsed. ``format`` is ``rss20``, ``rss10``, ``rss091``, ``atom10``, ``json11``, ``cdf`` …"""

    format: str
    id: str = ""
    title: RawText | None = None
    subtitle: RawText | None = None
    links: tuple[RawLink, ...] = ()
    updated: str = ""
    authors: tuple[RawPerson, ...] = ()
    rights: str = ""
    language: str = ""
    image: str = ""
    icon: str = ""
    generator: str = ""
    ttl: str = ""  # minutes
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    update_period: str = ""  # sy:updatePeriod
    update_frequency: str = ""
    entries: tuple[RawEntry, ...] = ()
    notes: tuple[str, ...] = ()  # what was wrong with the document and how it was read
    cut_off: bool = False  # the document ends before its root element does: entries may be missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsing:
    """Which reader read a document. It says nothing of the document: all readers yield the same."""

    fast: bool = False  # the fast one could read it
    reason: str = ""  # why feedparser had to
    differences: tuple[str, ...] = ()  # between the two, where both were asked; there should be none


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseFailed:
    """The document is no feed, or cannot be read within the limits."""

    failure: Failure  # NOT_A_FEED, BROKEN, EMPTY, BLOCKED, TOO_COMPLEX
    detail: str
    web_page: bool = False  # NOT_A_FEED, because it is a page for people
    parsing: Parsing = Parsing()
    feeds: tuple[str, ...] = ()  # of such a page: the feeds it names, the likeliest first
    usual: tuple[str, ...] = ()  # of one that names none: where its feed would usually stand


# ---------------------------------------------------------------- clean: what we believe


class DateOrigin(StrEnum):
    """Where a moment comes from; a moment that is not STATED never overwrites one that is."""

    STATED = "stated"
    FIRST_SEEN = "first seen"  # the source gave none, or one we refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Byline:
    """One person or organisation as credited on one entry. Role and organisation belong to the byline (design, 3).

    ``key`` is the identity: NFKC, casefolded, quotes, hyphens and Vietnamese tone placement unified, diacritics kept.
    """

    key: str
    name: str
    role: str = ""
    organisation: str = ""
    uri: str = ""
    is_organisation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A source's category. ``key`` is the normalised label (or term) by which categories are compared."""

    key: str
    term: str
    scheme: str = ""
    label: str = ""

    @property
    def name(self) -> str:
        return self.label or self.term


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    url: str
    type: str
    length: int = 0  # bytes; 0 when the source did not say
    title: str = ""
    duration: int = 0  # seconds; 0 when unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """The feed an entry came from: what ``atom:source`` says. Also used for our own sources."""

    title: str
    id: str = ""
    link: str = ""  # the site
    self_url: str = ""  # the feed
    updated: datetime | None = None
    rights: str = ""
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryKeys:
    """Every name by which this entry may be recognised, strongest first.

    ``own`` keys hold within one source (its id, its canonical link, a digest when both are missing); ``shared`` holds
    across sources: the same globally unique id *and* the same canonical link. ``cluster`` keys join different entries
    to one story (canonical link, original id of ``atom:source``, digest of a long enough text). ``marks`` are 63-bit
    numbers that near copies of its text probably share (:mod:`feedhub.dedupe.sketch`).
    """

    own: tuple[Key, ...]
    shared: Key | None = None
    cluster: tuple[Key, ...] = ()
    marks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One story as one source gave it, cleaned. Every promise of the store and of the outputs is kept here already."""

    original_id: str  # the source's id verbatim; "" when it gave none
    link: str  # absolute http(s), as the source wrote it; "" when there is none
    canonical_link: str  # for comparing only
    title: str  # text, never markup; may be "" (microblogs)
    summary: str = ""  # safe HTML
    content: str = ""  # safe HTML
    text: str = ""  # the body as text, white space folded; for rules, search and digests; not stored
    published: datetime
    updated: datetime
    date_origin: DateOrigin = DateOrigin.STATED
    authors: tuple[Byline, ...] = ()
    contributors: tuple[Byline, ...] = ()
    categories: tuple[Category, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str = ""
    language: str = ""  # BCP 47, lower case; "" when unknown
    rights: str = ""
    publisher: str = ""  # the original publisher where it is another one
    comments: str = ""
    in_reply_to: str = ""
    extras: tuple[Extra, ...] = ()
    via: Credit | None = None  # the entry's own atom:source: it was aggregated before it came to us
    raw_digest: Digest = Digest(b"")  # RawEntry.digest
    parts: Mapping[str, Digest] = field(
        default_factory=dict
    )  # digest of meaning by part: title, body, links, people, …
    said: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # what the source wrote where cleaning made something else of it, by what it became; for `explain`

    @property
    def digest(self) -> Digest:
        """One digest of all parts. Dates are no part: a date alone changes nothing."""
        joined = b"".join([b"%b=%b" % (name.encode(), part) for name, part in sorted(self.parts.items())])
        return Digest(hashlib.blake2b(joined, digest_size=16).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """An entry of a document that could not become an :class:`Entry`: said, never silent."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedInfo:
    """What a source says of itself, cleaned."""

    title: str = ""
    id: str = ""
    link: str = ""
    self_url: str = ""
    hub: str = ""
    subtitle: str = ""
    updated: datetime | None = None
    rights: str = ""
    language: str = ""
    image: str = ""
    authors: tuple[Byline, ...] = ()
    format: str = ""
    older: str = ""  # where the document says its older entries are: prev-archive or next (RFC 5005); not stored


@dataclass(frozen=True, slots=True, kw_only=True)
class PollHints:
    """What the *document* asks of pollers; what the headers ask is :class:`Freshness`."""

    ttl: int = 0  # minutes; 0: nothing said
    update_interval: int = 0  # seconds, from sy:updatePeriod / sy:updateFrequency
    skip_hours: tuple[int, ...] = ()  # GMT
    skip_days: tuple[int, ...] = ()  # 0 = Monday, GMT


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanFeed:
    """A whole document, cleaned. Every raw entry is in exactly one of ``entries``, ``unchanged`` and ``rejected``."""

    info: FeedInfo
    hints: PollHints
    entries: tuple[Entry, ...]
    unchanged: tuple[Digest, ...] = ()  # raw digests that the caller knew already: not cleaned again
    rejected: tuple[Rejected, ...] = ()


# ---------------------------------------------------------------- dedupe: what is new


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store remembers of an entry that shares a key with an incoming one."""

    id: EntryId
    owner: SourceId  # the source whose word counts for title, text and people
    digest: Digest
    original_id: str
    published: datetime
    updated: datetime
    date_origin: DateOrigin
    version: int
    parts: Mapping[str, Digest] = field(default_factory=dict)  # digest by part (title, body, people, …)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A cluster of entries that are one story, as far as joining it needs to know."""

    cluster: EntryId  # the id of its first entry
    language: str
    publisher: str
    published: datetime
    sources: frozenset[SourceId] = frozenset()  # owners of its entries: a source's own entries are never joined
    kept_apart: bool = False  # taken out of another story by hand


class Marked(NamedTuple):
    """A stored entry that shares a mark."""

    entry: EntryId
    cluster: EntryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of a stored entry. ``body`` is safe HTML."""

    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """Nothing known matches: a new entry. ``cluster`` is the story it joins, None for a story of its own.

    ``because`` says why it joins, for ``explain``; ``marks`` are those by which later copies shall find it; ``merges`` are
    other stories that it proves to be the same one.
    """

    cluster: EntryId | None = None
    because: str = ""
    marks: tuple[int, ...] = ()
    merges: tuple[EntryId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """The same entry, changed by its owner. ``significant``: republished with a new ``updated``."""

    id: EntryId
    published: datetime
    updated: datetime
    significant: bool
    what: tuple[str, ...] = ()  # the parts that changed, for ``explain``


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """The same entry, nothing new to say (or said by a source that does not own it): only the sighting is kept."""

    id: EntryId


Decision = Insert | Update | Same


# ---------------------------------------------------------------- classify: where it belongs


class ContentPolicy(StrEnum):
    """How much of an entry is republished."""

    FULL = "full"
    SUMMARY = "summary"
    LINK = "link"

    def at_most(self, *others: ContentPolicy) -> ContentPolicy:
        """The strictest of these: the least is republished."""
        return max((self, *others), key=list(ContentPolicy).index)


class FeedKind(StrEnum):
    """The families of output feeds; the value is the first part of their path."""

    ALL = "all"
    TOPIC = "topics"
    AUTHOR = "authors"
    CATEGORY = "categories"
    SOURCE = "sources"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRef:
    """An output feed by identity. ``key`` is a topic's slug in the configuration, an author's or category's key, a source's slug."""

    kind: FeedKind
    key: str
    title: str
    slug: str = ""  # the slug to ask for; made from the title when empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """That an entry belongs in a feed, and the rule that said so (shown by ``explain``)."""

    feed: FeedRef
    rule: str


@dataclass(frozen=True, slots=True)
class Indexed:
    """An entry as the full-text index keeps it: tokens (:mod:`feedhub.search.words`) with a space between."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry with all that was found out about it without the database.

    ``rank``: of a story that nobody saw yet, feeds show the entry with the smallest (``stories.show``). ``lacks``: what
    its article's page may say, and is asked for while the entry is new; "" when nothing is missing. ``packed``: its texts
    as the store keeps them (:mod:`feedhub.zstandard_texts`); b"" when they are kept as they are.
    """

    entry: Entry
    keys: EntryKeys
    memberships: tuple[Membership, ...]
    rank: int = 0
    indexed: Indexed | None = None  # None: the store makes it
    packed: bytes | None = None  # None: the store makes it
    lacks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What a worker made of one document."""

    info: FeedInfo
    hints: PollHints
    drafts: tuple[Draft, ...]
    seen: tuple[Digest, ...] = ()  # raw digests of entries that were known already
    listed: int = 0  # entries in the document
    listed_ids: frozenset[str] = frozenset()  # their original ids
    newest: datetime | None = None  # stated moments of the newest and the oldest draft
    oldest: datetime | None = None
    # Moments of the oldest and newest entry that was cleaned, also of those dropped; None when one of them states none.
    span: tuple[datetime, datetime] | None = None
    dropped: int = 0  # by the source's keep and drop rules
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()
    cut_off: bool = False  # RawFeed.cut_off
    repeated_ids: int = 0  # ids listed with different entries
    parsing: Parsing = Parsing()
    page: PageMemory | None = None  # how it was read, when it is no feed
    steps: tuple[str, ...] = ()  # how it was read, in sentences; of a page
    suggested: Mapping[str, str] = field(default_factory=dict)  # of a page: keys of a configuration that finds the same
    parts: tuple[PagePart, ...] = ()  # of its list, which must be read, too (sitemaps)
    waiting: int = 0  # new entries left to a later poll, which will read their articles


# ---------------------------------------------------------------- sources as remembered


class Trait(StrEnum):
    """How a source's ids behave when they do not behave. The value is what is stored."""

    CHANGING_IDS = "changing ids"  # the same entries come under other ids
    REPEATED_IDS = "repeated ids"  # one document lists different entries under one id
    REUSED_IDS = "reused ids"  # the id of an earlier entry comes with another story


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """How the entries of one document were recognised: counts."""

    by_other_id: int = 0  # known ones that came under another id than before
    known: int = 0  # known ones that have an id
    repeated: int = 0  # ids that the document lists with different entries
    reused: int = 0  # ids of earlier entries that came with other stories


class Health(StrEnum):
    """The state of a source in one word. The value is shown everywhere."""

    NEW = "new"  # never polled
    FRESH = "fresh"
    WAITING = "waiting"  # the server or its host asked for quiet; for a day, then it counts as failing
    MOVED = "moved"  # answers from another address than the configured one, or says that it will
    MISSED = "entries probably missed"  # answers, but its list turned over between two polls (:class:`Gap`)
    FAILING = "failing"
    BLOCKED = "blocked"
    NEEDS_CREDENTIALS = "needs credentials"
    NOT_A_FEED = "not a feed"
    BROKEN_SELECTOR = "broken selector"  # its page does not show what was agreed on
    GONE = "gone"  # polled no more until the operator says so
    MAYBE_GONE = "gone?"
    SILENT = "silent"  # answers, but nothing new for much longer than its habit
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """When a source posts, learned from the moments of its entries (``feedhub.schedule.habit``). Of a fixed size."""

    since: datetime | None = None  # posts are known from here on; None: nothing was learned yet
    at: datetime | None = None  # the moment to which the counts below have faded
    posts: float = 0.0
    recent: float = 0.0  # the same posts, faded faster
    hours: tuple[float, ...] = (0.0,) * 24  # busy hours by hour of the day, UTC
    weekdays: tuple[float, ...] = (0.0,) * 7  # 0 = Monday, UTC
    slots: tuple[float, ...] = (0.0,) * 20  # posts by piece of the hour, three minutes each
    strain: tuple[int, ...] = ()  # what ttl or sy: cost at the last polls they held back (schedule.hints)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Entries that were probably missed: everything a poll listed was newer than anything the poll before had seen.

    ``older`` is where the source's own archive goes on (RFC 5005), "" when there is nowhere to look.
    """

    after: datetime  # the newest entry known before
    before: datetime  # the oldest entry listed now
    noticed_at: datetime
    older: str = ""
    pages: int = 0  # archive pages asked for
    brought: int = 0  # entries they brought
    tried_at: datetime | None = None  # when the last attempt to fill it ended
    filled_at: datetime | None = None
    remark: str = ""  # why it was not filled, as the rest of a sentence

    @property
    def is_open(self) -> bool:
        return self.filled_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePart:
    """A part of a list that stands at an address of its own: a sitemap that an index names.

    ``lastmod`` as the index writes it; ``validators`` are what its server said when it was read last.
    """

    url: str
    lastmod: str = ""
    validators: Validators = Validators()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMemory:
    """What an address that is no feed turned out to be. Decided once; the next poll does the same.

    ``kind``: page (rows by the operator's selectors), listing, article, json, sitemap, or feed. ``feed`` is what is polled in
    the page's place: the feed that it names, or the sitemap of its site. ``via`` says in words how entries were found.
    ``parts`` of its list were read last; of the others all with a ``lastmod`` up to ``until`` are done.
    """

    kind: str
    via: str = ""
    feed: str = ""
    parts: tuple[PagePart, ...] = ()
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage:
    """The last page of a source that could be read, for applying changed rules to it. ``body`` is decoded from its coding."""

    url: str
    body: bytes = field(repr=False)
    content_type: str = ""
    charset: str | None = None
    at: datetime = EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptArticle:
    """What is remembered of an entry's article page, so that none is asked for twice.

    ``entry`` is what the page says (None: it did not come, or said nothing); ``tries`` counts requests.
    """

    link: str  # the entry's canonical link
    at: datetime
    tries: int = 1
    entry: RawEntry | None = None
    remark: str = ""  # why there is nothing

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will be asked."""
        return self.entry is not None or self.tries >= ARTICLE_TRIES


ARTICLE_TRIES = 3
"""Requests for one article page, one in each poll, before its entry is taken as the list has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChange:
    """A source went from one state to another. ``cause`` is a few words, ``detail`` one sentence as of that moment."""

    number: int = 0  # given by the store, never twice
    at: datetime
    slug: str
    title: str = ""  # what people call the source; from the store
    before: Health
    after: Health
    cause: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEvent:
    """Something that happened to the service itself: a start, a refused configuration. ``what`` is a few words."""

    number: int = 0  # given by the store, never twice
    at: datetime
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """Everything remembered about polling one source. The next state is a pure function of this and an outcome."""

    id: SourceId
    slug: str
    url: str  # as configured, or as adopted after a permanent move
    configured_url: str
    enabled: bool = True
    validators: Validators = Validators()
    body_digest: Digest | None = None
    next_poll_at: datetime | None = None  # None: never polled, due at once
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    last_change_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0  # in a row
    last_failure: Failure | None = None
    last_detail: str = ""
    last_status: int = 0
    health: Health = Health.NEW
    rate: float = 0.0  # entries a day, exponentially decayed
    rate_at: datetime | None = None
    habit: Habit = Habit()
    same_body: int = 0  # 200 answers in a row with a known body although validators were sent
    has_validators: bool = True
    fresh_until: datetime | None = None
    retry_at: datetime | None = None
    hints: PollHints = PollHints()
    move_target: str | None = None
    move_since: datetime | None = None
    move_count: int = 0
    window: int = 0  # entries the source lists at a time
    newest_listed: datetime | None = None  # moment of the newest entry any poll has listed
    gap: Gap | None = None  # the latest, as long as it matters
    traits: Mapping[Trait, datetime] = field(default_factory=dict)  # how its ids behave, and when that was seen last
    hub: str = ""  # what the feed names as its WebSub hub and as its own address; written with FeedInfo
    topic: str = ""
    page: PageMemory | None = None  # None: a feed, or nothing is known yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one poll ended, as stored in ``polls`` and shown in tables. ``kind``: ok, unchanged, or a failure's name;
    of what a hub delivered: pushed, or pushed in part (the rest is left to a poll)."""

    source: SourceId
    slug: str
    at: datetime
    kind: str
    status: int = 0
    listed: int = 0  # entries in the document
    new: int = 0
    updated: int = 0
    rejected: int = 0
    wire_bytes: int = 0
    elapsed: float = 0.0
    detail: str = ""
    next_poll_at: datetime | None = None


# ---------------------------------------------------------------- WebSub: being told instead of asking


class Standing(StrEnum):
    """How we stand with a hub about one topic. The value is stored and shown."""

    WANTED = "wanted"  # not verified yet, or lapsed: the hub is asked again
    ACTIVE = "active"  # verified, as long as its lease lasts
    REFUSED = "refused"  # the hub denied it; asked once a week
    GIVEN_UP = "given up"  # the hub failed too often; asked once a week
    LEAVING = "leaving"  # to be ended at the hub
    ENDED = "ended"  # its callback answers 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscription at the hub of a source (W3C WebSub). ``token`` is the last part of its callback's address."""

    token: str = field(repr=False)
    source: SourceId
    slug: str = ""  # of the source, as stored now; "" when the source is gone
    hub: str
    topic: str
    callback: str = field(repr=False)
    secret: str = field(default="", repr=False)  # "": the hub cannot be told one, so that nothing it sends is believed
    standing: Standing = Standing.WANTED
    pending: str = ""  # the mode last asked for, until the hub's verification or refusal: subscribe, unsubscribe
    asked_at: datetime | None = None
    due_at: datetime | None = None  # when something is to be done; None: never
    since: datetime | None = None  # on duty without a gap from here on
    lease_until: datetime | None = None
    failures: int = 0  # in a row, of asking
    detail: str = ""  # why it is not as wished: one sentence
    pushes: int = 0  # deliveries that were believed
    ignored: int = 0  # deliveries that were not: their signature was missing or wrong
    missed: int = 0  # polls in a row that found entries which were not pushed
    last_push_at: datetime | None = None
    last_ping_at: datetime | None = None  # the last push that made us ask the source itself
    ended_at: datetime | None = None


class Push(StrEnum):
    """Whether a source's hub tells us of its entries, as far as the schedule needs to know."""

    NONE = "none"
    TRUSTED = "trusted"  # verified, its lease runs, and polls found nothing that was kept back
    PROVEN = "proven"  # the same, and it has pushed many times


@dataclass(frozen=True, slots=True, kw_only=True)
class HubForm:
    """What is posted to a hub. ``confidential``: it holds a secret, which only goes where nobody can read it."""

    url: str
    fields: Mapping[str, str] = field(repr=False)
    repeated: tuple[tuple[str, str], ...] = ()  # fields that may stand more than once, after the others
    confidential: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAccepted:
    """The hub took the request (2xx); whether it agrees is for its verification to say."""

    status: int


HubReply = HubAccepted | FetchFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class HubQuestion:
    """What a hub asks of a callback: is this what you wished (``subscribe``, ``unsubscribe``), or its refusal (``denied``)."""

    mode: str
    topic: str
    challenge: str = ""
    lease_seconds: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushNote:
    """What is told of a source's push to people and programs. No token, no secret."""

    words: str  # one sentence
    standing: str = ""  # "" when there is no subscription
    hub: str = ""  # its host
    lease_until: datetime | None = None
    last_push_at: datetime | None = None
    pushes: int = 0
    ignored: int = 0


# ---------------------------------------------------------------- stored and published


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry with what the store adds: ids, version, where it was seen. What the emitters render."""

    id: EntryId
    version: int
    entry: Entry  # text is "" here; digests are as stored
    first_seen: datetime
    sort_key: int
    source_slug: str  # the owner
    source: Credit  # the owner's feed
    policy: ContentPolicy = ContentPolicy.FULL  # how much the owner allows to be republished
    others: tuple[tuple[str, str], ...] = ()  # (link, source title) of the other sightings of the story


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What else the store can tell of an entry, beside what readers see of it."""

    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # Entry.said
    shown_by: Mapping[str, EntryId] = field(
        default_factory=dict
    )  # path of a feed that hides it -> the entry shown there
    mates: tuple[StoredEntry, ...] = ()  # the other entries of its story
    polls: Mapping[str, Outcome] = field(default_factory=dict)  # source -> the poll that brought it, while remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """An output feed as stored."""

    id: FeedId
    kind: FeedKind
    key: str
    slug: str
    title: str
    version: int  # grows with every change of its list or of an entry in it
    updated: datetime  # newest significant change; EPOCH for a feed that never had an entry
    withdrawn: bool = False
    size: int = 0  # entries shown, all pages together
    archives: int = 0  # complete archived documents (RFC 5005), numbered from 1

    @property
    def path(self) -> str:
        """The path without ending: ``/topics/central-banks``, ``/all``."""
        return "/all" if self.kind is FeedKind.ALL else f"/{self.kind.value}/{self.slug}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """An entry that was withdrawn from a feed (RFC 6721). ``name`` and ``source_slug`` are what its minted id is made of."""

    entry: EntryId
    at: datetime
    original_id: str
    name: str
    source_slug: str


class Format(StrEnum):
    ATOM = "atom"
    RSS = "rss"
    JSON = "json"

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self]


MEDIA_TYPES: Mapping[Format, str] = {
    Format.ATOM: "application/atom+xml; charset=utf-8",
    Format.RSS: "application/rss+xml; charset=utf-8",
    Format.JSON: "application/feed+json; charset=utf-8",
}
OPML_MEDIA_TYPE = "text/x-opml; charset=utf-8"


class Piece(NamedTuple):
    """Where an entry stands in a document. ``key``: another one whenever it is told in other words."""

    key: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Bytes ready to send. ``etag`` is strong and quoted; ``modified`` is the newest real change, never now."""

    body: bytes
    media_type: str
    etag: str
    modified: datetime
    rhythm: int = 0  # mean seconds between its newest entries; 0 where there are none, or it is no list of entries
    pieces: tuple[Piece, ...] = ()  # in their order, where they are known
    between: bytes = b""  # what stands between two of them

    def without(self, known: Collection[bytes]) -> Document:
        """The same document with only those entries whose key is not among these."""
        if not self.pieces:
            return self
        told = [self.body[one.start : one.end] for one in self.pieces if one.key not in known]
        head, tail = self.body[: self.pieces[0].start], self.body[self.pieces[-1].end :]
        return replace(self, body=b"".join((head, self.between.join(told), tail)), pieces=(), between=b"")


# ---------------------------------------------------------------- serve: who may read what is private


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A subscriber's key to private feeds. The token itself is kept nowhere: only its digest (:func:`token_digest`)."""

    name: str
    digest: bytes = field(repr=False)
    feeds: tuple[str, ...] = ()  # paths as ``feeds.private`` writes them: ``topics/ai``; none: every private feed
    since: datetime


def token_digest(token: str) -> bytes:
    """SHA-256. Enough for 256 random bits: there is nothing to guess, so that nothing has to be slow or salted."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
