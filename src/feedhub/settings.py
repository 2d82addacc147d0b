"""The configuration as the program sees it: frozen, complete, checked. Read once, handed down in pieces.

Every key of ``config.yaml`` stands here once, with its meaning, unit and default; the JSON Schema for editors and
``docs/configuration.md`` are made from these descriptions. ``feedhub.config`` turns YAML (with its short forms) into
:class:`Settings`, or into errors that name file, line, key and the fix. pydantic checks types and ranges; its errors
are translated there, on the spot.
"""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, WithJsonSchema

from feedhub.model import ContentPolicy, FeedKind, Format

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|kB|KB|MB|GB)?", re.ASCII)
_SIZES = {"B": 1, "kB": 1000, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000}


def _duration(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    match = _DURATION.fullmatch(str(value).strip())
    if not match:
        raise ValueError("a duration such as 90s, 15m, 6h, 7d")
    try:
        return timedelta(seconds=float(match[1]) * _UNITS[match[2] or "s"])
    except OverflowError as error:
        raise ValueError("a duration below a million years") from error


def _size(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    match = _SIZE.fullmatch(str(value).strip())
    if not match:
        raise ValueError("a size such as 500kB, 10MB")
    try:
        return int(float(match[1]) * _SIZES[match[2] or "B"])
    except OverflowError as error:
        raise ValueError("a size that a computer can have") from error


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError) as error:
        raise ValueError("a time zone of the IANA database such as Asia/Ho_Chi_Minh, Europe/Berlin, UTC") from error
    return value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    Field(ge=timedelta(0)),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ms|s|m|h|d|w)?$"}, {"type": "number", "minimum": 0}]}
    ),
]
"""Seconds as a number, or a number with a unit: ``90s``, ``15m``, ``6h``, ``7d``, ``2w``."""

Size = Annotated[
    int,
    BeforeValidator(_size),
    Field(gt=0),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\d+(\.\d+)?\s*(B|kB|KB|MB|GB)?$"},
                {"type": "integer", "minimum": 1},
            ]
        }
    ),
]
"""Bytes as a number, or a number with a unit: ``500kB``, ``10MB``."""

ZoneName = Annotated[str, AfterValidator(_zone)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
HttpUrl = Annotated[str, Field(pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#]+\S*$", max_length=2048)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Network = IPv4Network | IPv6Network


class Section(BaseModel):
    """A part of the file: unknown keys are errors, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)


class Site(Section):
    title: str = "FeedHub"
    """Name of this site, shown on its pages and in its feeds."""
    description: str = ""
    """One sentence under the title."""
    base_url: HttpUrl = "http://127.0.0.1:8080"
    """The public address under which readers reach this server; it is written into every feed."""
    language: Language = "en"
    """Language of the site's own words, and of feeds whose entries do not say one."""
    timezone: ZoneName = "UTC"
    """Zone in which pages show times to people. Feeds are always in UTC."""
    contact: str = ""
    """URL or mail address of whoever runs this; sent in the User-Agent so that publishers can reach you."""


class Database(Section):
    url: SecretStr = SecretStr("sqlite:///feedhub.db")
    """`sqlite:///file` (relative to this file) or `postgresql://user:${PASSWORD}@host/name`."""
    busy_timeout: Duration = timedelta(seconds=15)
    """How long to wait for a lock that another program holds."""


class Server(Section):
    host: str = "127.0.0.1"
    """Address to listen on. Put a web server with TLS in front before you open it to the world."""
    port: int = Field(8080, ge=0, le=65535)
    """Port to listen on; 0 takes a free one and prints it."""
    stop_timeout: Duration = timedelta(seconds=10)
    """How long a stop waits for requests and polls in flight before it abandons them (nothing is lost either way)."""


class Interval(Section):
    """Bounds of the time between two polls of a source. A single duration sets both."""

    min: Duration = timedelta(minutes=15)
    """Never poll more often than this."""
    max: Duration = timedelta(hours=24)
    """Poll at least this often while the source answers."""


class Timeouts(Section):
    dns: Duration = timedelta(seconds=5)
    """Resolving a name."""
    connect: Duration = timedelta(seconds=10)
    """TCP connection and TLS handshake."""
    first_byte: Duration = timedelta(seconds=20)
    """From the request to the answer's headers."""
    read: Duration = timedelta(seconds=20)
    """Between two pieces of the body."""
    total: Duration = timedelta(seconds=45)
    """The whole exchange, redirects included."""


class Limits(Section):
    wire_bytes: Size = 10_000_000
    """Largest answer as sent."""
    decoded_bytes: Size = 25_000_000
    """Largest answer after decompression."""
    ratio: int = Field(200, ge=2)
    """Largest decoded-to-sent ratio after the first megabyte."""
    headers: int = Field(100, ge=10)
    """Most header lines of an answer."""
    header_bytes: Size = 64_000
    """Largest header block of an answer."""
    redirects: int = Field(5, ge=0, le=20)
    """Most redirects to follow."""
    parse_time: Duration = timedelta(seconds=10)
    """CPU time to understand one document; a worker that overruns is replaced."""
    parse_memory: Size = 512_000_000
    """Memory a worker may take beyond what it has at its start."""
    depth: int = Field(100, ge=10)
    """Deepest nesting of elements in a feed."""
    entries: int = Field(1000, ge=1)
    """Entries read of one document, newest first. More are counted and reported."""
    title_bytes: Size = 1_000
    """Longest title; longer ones are cut at a word."""
    content_bytes: Size = 1_000_000
    """Longest body of one entry; longer ones become their text, cut at a word."""
    enclosures: int = Field(20, ge=0)
    """Most enclosures kept for one entry."""


class Polling(Section):
    interval: Interval = Interval()
    """Bounds for every source that sets none of its own."""
    concurrency: int = Field(200, ge=1)
    """Requests in flight in all."""
    per_host: int = Field(1, ge=1)
    """Requests in flight to one host."""
    per_address: int = Field(4, ge=1)
    """Requests in flight to one network address."""
    host_gap: Duration = timedelta(seconds=1)
    """Least time between the starts of two requests to one host."""
    budget: float | None = Field(None, gt=0)
    """Requests per source and day, on average over all sources, that you grant: more of them find entries sooner. Empty: as many as news is worth, mostly 5 to 10."""
    jitter: float = Field(0.1, ge=0, le=0.5)
    """Share by which each interval is varied, so that polls spread."""
    first_poll_spread: Duration = timedelta(minutes=5)
    """First polls of many new sources are spread over up to this time."""
    manual_gap: Duration = timedelta(minutes=5)
    """A poll asked for by hand is refused when the last one is younger than this."""
    no_validator_min: Duration = timedelta(hours=2)
    """Shortest interval of a source that sends neither ETag nor Last-Modified."""
    hint_max: Duration = timedelta(hours=24)
    """Longest wait that max-age, Expires, ttl or sy:updatePeriod can ask for."""
    retry_after_max: Duration = timedelta(days=7)
    """Longest Retry-After that is obeyed in full."""
    silent_after: Duration = timedelta(days=180)
    """After this long without a new entry a source is polled every `silent_interval`."""
    silent_interval: Duration = timedelta(days=7)
    """Interval of a source that has been silent for `silent_after`."""
    move_polls: int = Field(3, ge=1)
    """A permanent redirect is adopted after this many polls in a row saw the same target…"""
    move_after: Duration = timedelta(hours=48)
    """…over at least this time."""
    ports: tuple[str, ...] = ("80", "443", "8000-8999")
    """Ports that may be asked: numbers and ranges."""
    allow_networks: tuple[Network, ...] = ()
    """Private networks that may be asked in spite of the guard, such as 192.168.1.0/24. The guard refuses the rest."""
    timeouts: Timeouts = Timeouts()
    """Time limits of a request."""
    limits: Limits = Limits()
    """Size limits of an answer and of what is read from it."""
    workers: int = Field(0, ge=0, le=64)
    """Processes that parse and clean; 0: one for each processor core, at most 4."""
    batch: int = Field(50, ge=1, le=1000)
    """Most sources committed in one transaction."""


class Fields(StrEnum):
    """Where a keyword is looked for."""

    TITLE = "title"
    SUMMARY = "summary"
    CONTENT = "content"


class Rule(Section):
    """One condition on an entry. Every key that is given must match; within a key one value is enough."""

    category: Words = ()
    """Whole category names, compared without regard to case: `AI`, `Economy`."""
    keyword: Words = ()
    """Words or phrases: `plain` whole words without regard to case, `=AI` case-exact, `~cafe` without regard to diacritics, `word*` prefix, `/re/` a regular expression."""
    where: tuple[Fields, ...] = Field((Fields.TITLE, Fields.SUMMARY), alias="in")
    """Where keywords are looked for: title, summary (the body's first 1,000 characters where a source gives no summary), content."""
    author: Words = ()
    """Authors by name, alias or slug."""
    source: Words = ()
    """Sources by slug."""
    publisher: Words = ()
    """Original publishers by name."""
    language: Words = ()
    """Languages: `vi`, `en` (a plain language covers its regions)."""
    enclosure: Words = ()
    """Media types of enclosures: `audio`, `video/mp4`."""
    title: str = ""
    """A regular expression on the title."""
    link: str = ""
    """A regular expression on the link."""


class Topic(Section):
    """What belongs to a topic: (any of `any`) and (all of `all`) and (none of `none`). A plain list is `any` of its keywords."""

    title: str = ""
    """Name shown to people; the key itself when empty."""
    description: str = ""
    """One sentence for the topic's page and feed."""
    formerly: Words = ()
    """Earlier keys of this topic; their addresses redirect here for ever."""
    any: tuple[Rule, ...] = ()
    """At least one of these rules must match (when there are any)."""
    all: tuple[Rule, ...] = ()
    """Every one of these rules must match."""
    none: tuple[Rule, ...] = ()
    """None of these rules may match."""
    parent: str = ""
    """Key of a wider topic, to which every entry of this one belongs too."""
    default: bool = False
    """Takes the entries that match no other topic."""


class Auth(Section):
    """Credentials for one source, sent to its own origin only. Write them as `${NAME}` or `{file: path}`."""

    username: str = ""
    """Name for HTTP Basic."""
    password: SecretStr = SecretStr("")
    """Password for HTTP Basic."""
    bearer: SecretStr = SecretStr("")
    """Token for `Authorization: Bearer`."""

    def header(self) -> str:
        """The value of the Authorization header (RFC 7617, RFC 6750)."""
        if token := self.bearer.get_secret_value():
            return f"Bearer {token}"
        pair = f"{self.username}:{self.password.get_secret_value()}"
        return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


class SourceDefaults(Section):
    """What holds for every source that does not say otherwise."""

    language: Language | Literal[""] = ""
    """Language of entries that do not say one."""
    timezone: ZoneName = "UTC"
    """Zone of dates that do not say one."""
    categories: Words = ()
    """Categories added to every entry."""
    interval: Interval | None = None
    """Bounds of the polling interval."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Extra request headers; values may be `${NAME}`."""
    content: ContentPolicy = ContentPolicy.FULL
    """How much is republished: full, summary or link."""
    rights: str = ""
    """Rights or licence of entries that state none."""
    enabled: bool = True
    """Whether to poll at all; entries stay when switched off."""


class Source(SourceDefaults):
    """One feed to poll. A plain URL is a source too."""

    url: HttpUrl
    """Address of the feed."""
    slug: Slug
    """Name in addresses and commands; made from `name` or the host when left out."""
    name: str = ""
    """Name shown to people; the feed's own title when empty."""
    formerly: Words = ()
    """Earlier slugs of this source; its entries stay with it and the old addresses redirect here."""
    auth: Auth | None = None
    """Credentials."""
    keep: tuple[Rule, ...] = ()
    """Only entries that match one of these rules are stored."""
    drop: tuple[Rule, ...] = ()
    """Entries that match one of these rules are not stored."""

    def request_headers(self) -> dict[str, str]:
        """The headers to send, secrets in the clear: for the fetcher only."""
        headers = {name: value.get_secret_value() for name, value in self.headers.items()}
        if self.auth is not None:
            headers["Authorization"] = self.auth.header()
        return headers


class Person(Section):
    """One author with all spellings."""

    name: str = ""
    """Name to show; the key itself when empty."""
    aliases: Words = ()
    """Other spellings that mean the same person."""
    uri: str = ""
    """The person's own page."""
    hide: bool = False
    """No feed and no page; entries keep the credit."""


class Authors(Section):
    people: dict[Slug, Person] = Field(default_factory=dict)
    """Known people: joins spellings, renames, hides. The key is the slug."""
    roles: Words = ()
    """Job titles to recognise in bylines, besides the built-in ones."""
    organisations: Words = ()
    """Organisations to recognise in bylines, besides the built-in ones."""
    placeholders: Words = ()
    """Bylines that name nobody (`Editors`), besides the built-in ones."""
    scope: Literal["global", "source"] = "global"
    """`global`: one feed for a name wherever it appears; `source`: one for each source."""
    organisations_as_authors: bool = False
    """Whether organisations get author feeds too."""


class Feeds(Section):
    kinds: tuple[FeedKind, ...] = tuple(FeedKind)
    """Which feeds to emit: all, topics, authors, categories, sources."""
    formats: tuple[Format, ...] = tuple(Format)
    """In which formats: atom, rss, json."""
    size: int = Field(50, ge=1, le=1000)
    """Entries in a feed's newest page."""
    content: ContentPolicy = ContentPolicy.FULL
    """The most that any feed republishes; a source may allow less."""
    summary_length: int = Field(500, ge=50)
    """Characters of a summary made from a body."""
    noindex: bool = True
    """Ask search engines not to index this site: the originals should be found."""
    private: dict[str, tuple[SecretStr, ...]] = Field(default_factory=dict)
    """Feeds that need a token: path without ending (`topics/ai`) to tokens, written as `${NAME}`. Served at `/private/<token>/topics/ai.atom`, listed nowhere."""


class Retention(Section):
    keep_for: Duration | None = None
    """Entries older than this are removed; empty: kept for ever. Entries a source still lists are kept."""
    keep_at_least: int = Field(100, ge=0)
    """Newest entries of each source that are kept whatever their age."""
    polls: int = Field(200, ge=10)
    """Poll outcomes remembered for each source."""


class Settings(Section):
    """The whole of `config.yaml`."""

    site: Site = Site()
    """What this site is called and where it lives."""
    database: Database = Database()
    """Where everything is remembered."""
    server: Server = Server()
    """Where to listen."""
    polling: Polling = Polling()
    """How sources are asked."""
    defaults: SourceDefaults = SourceDefaults()
    """What holds for every source that does not say otherwise."""
    examples: bool = False
    """Also poll the sample sources shipped with FeedHub, served by itself on loopback; for the first run."""
    sources: tuple[Source, ...] = ()
    """The feeds to poll."""
    topics: dict[Slug, Topic] = Field(default_factory=dict)
    """What to sort entries into. A plain list of keywords is a topic."""
    authors: Authors = Authors()
    """How people are recognised."""
    feeds: Feeds = Feeds()
    """What is emitted."""
    retention: Retention = Retention()
    """What is removed, and when."""

    file: Path = Field(Path("config.yaml"), exclude=True, json_schema_extra={"x-internal": True})
    """The file this was read from."""
    plain_secrets: tuple[str, ...] = Field((), exclude=True, json_schema_extra={"x-internal": True})
    """Paths of secrets that are written out in the file itself; `feedhub check` warns of them."""

    @property
    def folder(self) -> Path:
        """Relative paths in the file are relative to this folder."""
        return self.file.parent

    def source(self, slug: str) -> Source | None:
        return next((source for source in self.sources if source.slug == slug), None)
