"""One document -> what it says that is new: read, clean, identify, label.

A pure function of the job and of the :class:`Rulebook`, run in a worker process under limits. The rulebook is the same
for every document until the configuration changes, so a worker is given it once (:func:`prepare`), not with each job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from feedhub.classify import Classifier, Facts, Stops, compile_rules
from feedhub.clean import CleanContext, PeopleRules, canonical, clean_feed
from feedhub.clean.html import html_to_text
from feedhub.dedupe import identify
from feedhub.documents import Document, Listed, Part, lacks, read_source, with_articles
from feedhub.extract import SourceReading, titled_by_address, undatable
from feedhub.masking import masked
from feedhub.model import (
    Byline,
    Category,
    CleanFeed,
    DateOrigin,
    Digest,
    Draft,
    Enclosure,
    Entry,
    EntryKeys,
    Extra,
    Failure,
    FeedInfo,
    FeedKind,
    FeedRef,
    Indexed,
    Membership,
    PageMemory,
    ParseFailed,
    PollHints,
    RawEntry,
    RawFeed,
    SourceId,
    SourceState,
    StoredEntry,
    Understood,
)
from feedhub.ports import Relabelled
from feedhub.records import quickly_pickled
from feedhub.search.words import indexed
from feedhub.settings import Limits, Parser, Settings, Show, Source, SourceType
from feedhub.zstandard_texts import packed, texts_of

# what a document's findings are made of, by the thousand
quickly_pickled(Byline, Category, Draft, Enclosure, Entry, EntryKeys, Extra, FeedRef, Indexed, Membership)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One document of one source. ``known``: raw digests of entries that need no cleaning.

    The rest is about pages: see :class:`feedhub.documents.Document`.
    """

    source: SourceId
    slug: str
    body: bytes
    url: str
    content_type: str = ""
    charset: str | None = None
    known: frozenset[Digest] = frozenset()
    now: datetime
    page: PageMemory | None = None
    never_a_feed: bool = False
    feeds_tried: bool = False
    parts: tuple[Part, ...] = ()
    articles: Mapping[Digest, RawEntry] = field(default_factory=dict)
    waiting: frozenset[Digest] = frozenset()

    @property
    def document(self) -> Document:
        return Document(
            body=self.body,
            url=self.url,
            content_type=self.content_type,
            charset=self.charset,
            page=self.page,
            never_a_feed=self.never_a_feed,
            feeds_tried=self.feeds_tried,
            parts=self.parts,
            articles=self.articles,
            waiting=self.waiting,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """What the configuration says about understanding."""

    classifier: Classifier
    limits: Limits
    people: PeopleRules
    parser: Parser = Parser.FAST
    show: Show = Show.EARLIEST
    sources: Mapping[str, Source] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Rulebook:
        authors = settings.authors
        return cls(
            classifier=compile_rules(settings.topics, authors, settings.sources),
            limits=settings.polling.limits,
            parser=settings.polling.parser,
            people=PeopleRules(
                roles=authors.roles, organisations=authors.organisations, placeholders=authors.placeholders
            ),
            show=settings.stories.show,
            sources={source.slug: source for source in settings.sources},
        )

    def joins(self, slug: str) -> bool:
        """Whether entries of the source join the stories of others."""
        source = self.sources.get(slug)
        return source is None or source.cluster

    def published(self, slug: str) -> bool:
        """Whether what belongs to the source may be shown to anybody."""
        source = self.sources.get(slug)
        return source is None or source.republish

    def places(self, facts: Facts, title: str) -> tuple[Membership, ...]:
        """Where an entry of a source belongs: of one that is not republished, in the source's own feed, which is closed."""
        found = self.classifier.places(facts, title)
        if self.published(facts.source):
            return found
        return tuple(one for one in found if one.feed.kind is FeedKind.SOURCE)

    def rank(self, slug: str, entry: Entry) -> int:
        """Its place among the entries of its story, by ``stories.show``: the smallest is shown."""
        if self.show is Show.LONGEST:
            return -len(entry.text)
        source = self.sources.get(slug)
        return -source.priority if self.show is Show.PRIORITY and source else 0

    def title(self, slug: str) -> str:
        """The name that the configuration gives the source; "" when it gives none."""
        source = self.sources.get(slug)
        return source.name if source else ""

    def context(self, slug: str, url: str) -> CleanContext:
        source = self.sources.get(slug)
        if source is None:  # removed from the file while its document was on the way
            return CleanContext(final_url=url, limits=self.limits, people=self.people)
        return CleanContext(
            final_url=url,
            language=source.language,
            timezone=source.timezone,
            categories=source.categories,
            rights=source.rights,
            limits=self.limits,
            people=self.people,
        )


_rulebook: list[Rulebook] = []  # one element once a worker is prepared


def prepare(rulebook: Rulebook) -> None:
    """Give this process its rules. Called once in each worker, before its first job."""
    _rulebook[:] = [rulebook]


def understand_prepared(job: Job) -> Understood | ParseFailed:
    """:func:`understand` with the rules this process was prepared with."""
    return understand(job, _rulebook[0])


def understand(job: Job, rules: Rulebook) -> Understood | ParseFailed:
    """Read a document and say everything about it that needs no database."""
    document = job.document
    listed = read_source(document, rules.sources.get(job.slug), rules.limits, rules.parser)
    if isinstance(listed, ParseFailed):
        return listed
    if listed.reading is not None and listed.reading.children:
        return _in_parts(listed.reading)
    raw = with_articles(document, listed.feed)
    if raw.format == "sitemap":
        raw = replace(raw, entries=tuple(map(titled_by_address, raw.entries)))
    clean = clean_feed(raw, rules.context(job.slug, job.url), job.now, job.known)
    if listed.reading is not None and (verdict := _undatable(listed.reading, raw, clean)):
        return verdict
    drafts, dropped, slow = _drafts(job, raw, clean, rules)
    if (source := rules.sources.get(job.slug)) is not None and source.articles is not None:
        drafts = _with_what_they_lack(drafts, job, listed, source)
    stated = [draft.entry.published for draft in drafts if draft.entry.date_origin is DateOrigin.STATED]
    return Understood(
        info=clean.info,
        hints=clean.hints,
        drafts=drafts,
        seen=clean.unchanged,
        listed=len(listed.feed.entries),
        listed_ids=frozenset(entry.id for entry in listed.feed.entries if entry.id),
        newest=max(stated, default=None),
        oldest=min(stated, default=None),
        span=_span(clean),
        dropped=dropped,
        rejected=clean.rejected,
        notes=(*raw.notes, *map(too_slow, slow)),
        cut_off=raw.cut_off,
        repeated_ids=_repeated_ids(raw),
        waiting=len(listed.feed.entries) - len(raw.entries),
        parsing=listed.parsing,
        **_of_page(listed.reading),
    )


def _of_page(reading: SourceReading | None) -> dict[str, Any]:
    """What only a page tells."""
    if reading is None:
        return {}
    suggested = {"items": reading.items, **{f"fields.{name}": get for name, get in reading.fields.items()}}
    return {
        "page": reading.memory,
        "steps": reading.steps,
        "suggested": {name: value for name, value in suggested.items() if value},
    }


def _in_parts(reading: SourceReading) -> Understood:
    """A list that stands at other addresses, which are to be asked first."""
    return Understood(info=FeedInfo(), hints=PollHints(), drafts=(), parts=reading.children, **_of_page(reading))


def _undatable(reading: SourceReading, raw: RawFeed, clean: CleanFeed) -> ParseFailed | None:
    written = {entry.digest: entry.published for entry in raw.entries if entry.published}
    of_these = [entry for entry in clean.entries if entry.raw_digest in written]
    unread = [written[entry.raw_digest] for entry in of_these if entry.date_origin is not DateOrigin.STATED]
    return undatable(reading, unread, len(of_these) - len(unread))


def _with_what_they_lack(drafts: tuple[Draft, ...], job: Job, listed: Listed, source: Source) -> tuple[Draft, ...]:
    """Drafts that say what their article's page is asked for; the page that was read is no such."""
    wanted, rows = source.articles, {entry.digest: entry for entry in listed.feed.entries}
    here = canonical(job.url)
    if wanted is None:
        return drafts
    made: list[Draft] = []
    for draft in drafts:
        entry, row = draft.entry, rows.get(draft.entry.raw_digest)
        if row is not None and entry.canonical_link and entry.canonical_link != here:
            dated = entry.date_origin is DateOrigin.STATED
            missing = lacks(row, len(entry.text), dated=dated, wanted=wanted, is_page=listed.reading is not None)
            draft = replace(draft, lacks=missing)
        made.append(draft)
    return tuple(made)


def _repeated_ids(raw: RawFeed) -> int:
    """Ids that stand at more than one place in the document; plain repetitions of one entry are none."""
    listed: dict[str, set[Digest]] = {}
    for entry in raw.entries:
        if entry.id:
            listed.setdefault(entry.id, set()).add(entry.digest)
    return sum(len(digests) > 1 for digests in listed.values())


def _span(clean: CleanFeed) -> tuple[datetime, datetime] | None:
    """From the oldest to the newest entry that was cleaned; None as soon as one of them states no moment."""
    moments = [entry.published for entry in clean.entries if entry.date_origin is DateOrigin.STATED]
    return (min(moments), max(moments)) if moments and len(moments) == len(clean.entries) else None


def _drafts(job: Job, raw: RawFeed, clean: CleanFeed, rules: Rulebook) -> tuple[tuple[Draft, ...], int, list[str]]:
    """Drafts of what is to be stored, how many entries are not, and the patterns that took too long."""
    listed = [(entry.id, _first_link(entry)) for entry in raw.entries]
    title = rules.title(job.slug) or clean.info.title or job.slug
    drafts: list[Draft] = []
    slow: dict[str, None] = {}
    stops: Stops = Stops()
    for entry, keys in zip(clean.entries, identify(job.source, clean.entries, listed), strict=True):
        facts = rules.classifier.facts(entry, job.slug, stops)
        if rules.classifier.refusal(facts) is None:
            own = keys if rules.joins(job.slug) else replace(keys, cluster=(), marks=())
            draft = Draft(
                entry=entry,
                keys=own,
                memberships=rules.places(facts, title),
                rank=rules.rank(job.slug, entry),
                indexed=indexed(entry.title, entry.summary, entry.content, entry.text),
                packed=packed(texts_of(entry)),
            )
            drafts.append(draft)
        slow |= facts.slow
    return tuple(drafts), len(clean.entries) - len(drafts), list(slow)


def too_slow(pattern: str) -> str:
    """What is told of an operator's pattern that was stopped."""
    return f"the pattern /{pattern}/ took too long and was taken as no match; simplify it"


def _first_link(entry: RawEntry) -> str:
    return next((link.href for link in entry.links if link.rel == "alternate"), "")


def where_a_feed_was(failed: ParseFailed, state: SourceState) -> ParseFailed:
    """A web page from an address that gave a feed before: somebody stands in the way, or the feed was taken down."""
    if not failed.web_page or state.last_success_at is None or is_page(state):
        return failed
    detail = f"{failed.detail}, where a feed was before: the server keeps us out, or the feed is no more"
    return ParseFailed(failure=Failure.BLOCKED, detail=detail)


def is_page(state: SourceState) -> bool:
    """Whether the source is known to be read as a page, JSON or a sitemap."""
    return state.page is not None and state.page.kind != "feed"


def may_be_page(state: SourceState, source: Source | None) -> bool:
    """Whether a page may be read as one: no feed was ever there, or the page is what is read."""
    if source is not None and source.type is SourceType.FEED:
        return False
    return state.last_success_at is None or is_page(state)


def fault(error: Exception) -> ParseFailed:
    """What a fault of ours is told as: everybody may read it, so that no key of an address is in it."""
    return ParseFailed(failure=Failure.BROKEN, detail=f"a fault of FeedHub, please report it: {masked(repr(error))}")


# ---------------------------------------------------------------- stored entries under other rules

Carried = tuple[StoredEntry, Sequence[str]]
"""A stored entry, and the slugs of the sources that carried it."""


def label_again(chunk: Sequence[Carried]) -> list[Relabelled]:
    """Memberships of stored entries under the rules this process was prepared with."""
    stops: Stops = Stops()
    return [relabelled(stored, slugs, _rulebook[0], stops) for stored, slugs in chunk]


def relabelled(stored: StoredEntry, slugs: Sequence[str], rules: Rulebook, stops: Stops | None = None) -> Relabelled:
    """Memberships of one stored entry, as seen from each source that carried it.

    What belongs to a source that is not republished is shown by no other one either.
    """
    entry = whole(stored.entry)
    found: dict[tuple[FeedKind, str], Membership] = {}
    slow: dict[str, None] = {}
    owned = rules.published(stored.source_slug)
    for slug in slugs if owned else [stored.source_slug]:
        facts = rules.classifier.facts(entry, slug, stops)
        for one in rules.places(facts, rules.title(slug) or slug):
            found.setdefault((one.feed.kind, one.feed.key), one)
        slow |= facts.slow
    return Relabelled(
        entry=stored.id,
        memberships=tuple(found.values()),
        version=stored.version,
        rank=rules.rank(stored.source_slug, entry),
        slow=tuple(slow),
    )


def whole(entry: Entry) -> Entry:
    """A stored entry as rules see a new one: with its body as text."""
    return replace(entry, text=" ".join(html_to_text(entry.content or entry.summary).split()))
