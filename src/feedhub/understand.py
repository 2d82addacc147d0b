"""One document -> what it says that is new: parse, clean, identify, label.

A pure function of the job and of the :class:`Rulebook`, run in a worker process under limits. The rulebook is the same
for every document until the configuration changes, so a worker is given it once (:func:`prepare`), not with each job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from feedhub.classify import Classifier, Facts, Stops, compile_rules
from feedhub.clean import CleanContext, PeopleRules, clean_feed
from feedhub.clean.html import html_to_text
from feedhub.dedupe import identify
from feedhub.masking import masked
from feedhub.model import (
    CleanFeed,
    DateOrigin,
    Digest,
    Draft,
    Entry,
    Failure,
    FeedKind,
    Membership,
    ParseFailed,
    RawEntry,
    RawFeed,
    SourceId,
    SourceState,
    StoredEntry,
    Understood,
)
from feedhub.parse import read_with
from feedhub.ports import Relabelled
from feedhub.search.words import indexed
from feedhub.settings import Limits, Parser, Settings, Show, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One document of one source. ``known``: raw digests of entries that need no cleaning."""

    source: SourceId
    slug: str
    body: bytes
    url: str
    content_type: str = ""
    charset: str | None = None
    known: frozenset[Digest] = frozenset()
    now: datetime


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
    raw, parsing = read_with(
        rules.parser, job.body, content_type=job.content_type, charset=job.charset, limits=rules.limits
    )
    if isinstance(raw, ParseFailed):
        return replace(raw, parsing=parsing) if parsing.differences else raw
    clean = clean_feed(raw, rules.context(job.slug, job.url), job.now, job.known)
    drafts, dropped, slow = _drafts(job, raw, clean, rules)
    stated = [draft.entry.published for draft in drafts if draft.entry.date_origin is DateOrigin.STATED]
    return Understood(
        info=clean.info,
        hints=clean.hints,
        drafts=drafts,
        seen=clean.unchanged,
        listed=len(raw.entries),
        listed_ids=frozenset(entry.id for entry in raw.entries if entry.id),
        newest=max(stated, default=None),
        oldest=min(stated, default=None),
        span=_span(clean),
        dropped=dropped,
        rejected=clean.rejected,
        notes=(*raw.notes, *map(too_slow, slow)),
        cut_off=raw.cut_off,
        repeated_ids=_repeated_ids(raw),
        parsing=parsing,
    )


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
                indexed=indexed(entry.title, entry.summary, entry.content),
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
    if not failed.web_page or state.last_success_at is None:
        return failed
    detail = f"{failed.detail}, where a feed was before: the server keeps us out, or the feed is no more"
    return ParseFailed(failure=Failure.BLOCKED, detail=detail)


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
