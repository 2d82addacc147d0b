"""How sources are asked: bounds, limits and what failures mean."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from feedhub.settings.values import Duration, Network, Section, Size


class Parser(StrEnum):
    """What reads XML feeds."""

    FAST = "fast"
    FEEDPARSER = "feedparser"
    SHADOW = "shadow"


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


class Backoff(Section):
    longest: Duration = timedelta(hours=24)
    """Longest of the delays that double with each failure in a row."""
    rare: Duration = timedelta(days=7)
    """Delay once a source has failed for so long that it is only looked at now and then."""
    rare_after: Duration = timedelta(days=30)
    """Time of failing after which the delay is `rare`: no answer, no name, no secure connection, 5xx, no readable feed."""
    off_after: Duration = timedelta(days=180)
    """Time of failing after which such a source is polled no more until you ask for it."""
    unreadable: Duration = timedelta(hours=1)
    """Least delay after an answer that cannot be read as a feed, is too large or redirects to nowhere."""
    busy: Duration = timedelta(hours=1)
    """First delay of a source (or two intervals) and of its host after 429 or 503 without Retry-After; it doubles."""
    refused: Duration = timedelta(hours=6)
    """Delay after 401 or 403; first delay, doubling, after a challenge page or an address that the guard refuses."""
    refused_off_after: Duration = timedelta(days=30)
    """Time of 401 or 403 after which the source is polled no more."""
    missing: Duration = timedelta(hours=1)
    """First delay after 404; it doubles."""
    missing_rare_after: Duration = timedelta(days=14)
    """Time of 404 after which the source is called perhaps gone and the delay is `rare`."""
    missing_off_after: Duration = timedelta(days=104)
    """Time of 404 after which the source is called gone and polled no more."""
    gone: Duration = timedelta(days=1)
    """Delay after 410 until the one request that confirms it; after that the source is polled no more."""
    legal: Duration = timedelta(days=1)
    """Delay after 451."""
    legal_polls: int = Field(3, ge=1)
    """This many 451 in a row end the polling of a source."""
    host_failures: int = Field(5, ge=2)
    """When this many sources of one host fail without an answer, with 429 or with 5xx…"""
    host_window: Duration = timedelta(minutes=10)
    """…within this time, none answering in between…"""
    host_pause: Duration = timedelta(minutes=30)
    """…the host is left alone for this long."""
    host_heard: Duration = timedelta(hours=1)
    """429 or 503 silences a whole host, unless another path of it answered within this time."""


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
    domain_gap: Duration = timedelta(0)
    """Least time between the starts of two requests to hosts of one registrable domain (`a.example.co.uk`, `b.example.co.uk`); 0: each host counts for itself."""
    budget: float | None = Field(None, gt=0)
    """Requests per source and day, on average over all sources, that you grant: more of them find entries sooner. Empty: as many as news is worth, mostly 5 to 10."""
    jitter: float = Field(0.1, ge=0, le=0.5)
    """Share by which each interval is varied, so that polls spread."""
    first_poll_spread: Duration = timedelta(minutes=5)
    """First polls of many new sources are spread over up to this time."""
    manual_gap: Duration = timedelta(minutes=5)
    """A poll asked for by hand is refused when the last one is younger than this."""
    refetch_gap: Duration = timedelta(hours=24)
    """Least time between two unconditional requests (`feedhub poll --force`) to one source."""
    no_validator_min: Duration = timedelta(hours=2)
    """Shortest interval of a source that sends neither ETag nor Last-Modified, or none that can be believed."""
    broken_after: int = Field(5, ge=2)
    """Validators are not believed after this many whole answers in a row with a body that was known already."""
    hint_max: Duration = timedelta(hours=24)
    """Longest wait that max-age, Expires, ttl or sy:updatePeriod can ask for."""
    retry_after_max: Duration = timedelta(days=7)
    """Longest Retry-After that is obeyed in full."""
    silent_after: Duration = timedelta(days=180)
    """After this long without a new entry a source is polled every `silent_interval`."""
    silent_interval: Duration = timedelta(days=7)
    """Interval of a source that has been silent for `silent_after`."""
    archive_pages: int = Field(5, ge=0, le=50)
    """Most archive pages (RFC 5005) read to find what was missed when a source's list turned over between two polls; 0: none."""
    move_polls: int = Field(3, ge=1)
    """A permanent redirect is adopted after this many polls in a row saw the same target…"""
    move_after: Duration = timedelta(hours=48)
    """…over at least this time."""
    ports: tuple[str, ...] = ("80", "443", "8000-8999")
    """Ports that may be asked: numbers and ranges."""
    allow_networks: tuple[Network, ...] = ()
    """Private networks that may be asked in spite of the guard, such as 192.168.1.0/24. The guard refuses the rest."""
    backoff: Backoff = Backoff()
    """How long sources and hosts that fail are left alone."""
    timeouts: Timeouts = Timeouts()
    """Time limits of a request."""
    limits: Limits = Limits()
    """Size limits of an answer and of what is read from it."""
    workers: int = Field(0, ge=0, le=64)
    """Processes that parse and clean; 0: one for each processor core but one, at most 4, and one for the last core while all of them are stuck."""
    parser: Parser = Parser.FAST
    """What reads XML feeds. `fast`: a quick reader for well-formed documents of the usual kinds, feedparser for all others; `feedparser`: nothing but feedparser; `shadow`: both, feedparser's result counts, and differences are told in the log and in metrics."""
    batch: int = Field(50, ge=1, le=1000)
    """Most sources committed in one transaction."""
