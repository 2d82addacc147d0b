"""Findings of many sources -> one transaction: decide what is new, and write everything of each source at once.

Runs on the writer thread. Decides nothing itself: ``dedupe`` says what is new and which story it joins, ``schedule``
when to look again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from feedhub.dedupe import decide, is_certain, join, reuses_id, without_id
from feedhub.model import (
    EPOCH,
    DateOrigin,
    Decision,
    Draft,
    EntryId,
    FeedId,
    Fetched,
    FetchFailed,
    FetchResult,
    Insert,
    KeptPage,
    Key,
    Known,
    Marked,
    NotModified,
    Outcome,
    ParseFailed,
    PollHints,
    Recognition,
    Same,
    SourceId,
    SourceState,
    Story,
    Subscription,
    Trait,
    Understood,
    Update,
    Validators,
)
from feedhub.nearby import NearCopies, common_marks, meeting
from feedhub.ports import Clock, Ledger, PollRecord
from feedhub.schedule import PollEvent, Tariff, after_poll, after_push, change_of, health_of_answering, traits_after
from feedhub.settings import Interval, Settings
from feedhub.websub import found, push_of

T = TypeVar("T")

COURTESY = timedelta(minutes=5)
"""No server of others is asked more often (:mod:`feedhub.config` refuses shorter intervals for public addresses)."""
PUSHED, PUSHED_IN_PART, REREAD = "pushed", "pushed in part", "read again"
"""Kinds of outcome of a delivery: all of it was taken, or some entries are left to the poll that follows; and of a stored page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of one source before the database is asked. ``pushed``: from its hub, not by a poll."""

    state: SourceState
    result: FetchResult | ParseFailed
    understood: Understood | None = None
    body_known: bool = False
    aside: bool = False  # of an archive page: ``state`` is as it will be, and of it only the gap counts
    pushed: bool = False  # of a hub's delivery: no poll, and a part of the source's list
    kept: KeptPage | None = None  # the page that was read, to be remembered
    reread: bool = False  # a stored page under other rules: no poll, and the whole list


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What a transaction left behind: the output feeds that changed, and for each source its outcome and its state."""

    feeds: frozenset[FeedId]
    outcomes: Mapping[SourceId, Outcome]
    states: Mapping[SourceId, SourceState]


class Committer:
    """Turns findings into rows, under one configuration."""

    def __init__(
        self, settings: Settings, ledger: Ledger, clock: Clock, dice: Callable[[], float], tariff: Tariff
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._dice = dice
        self._tariff = tariff
        self._sources = {source.slug: source for source in settings.sources}

    def commit(self, findings: Sequence[Finding]) -> Committed:
        """Decide and write everything of these findings in one transaction. Runs on the writer thread."""
        feeds: frozenset[FeedId] = frozenset()
        outcomes: dict[SourceId, Outcome] = {}
        states: dict[SourceId, SourceState] = {}
        with self._ledger.transaction() as transaction:
            marked: Mapping[int, Sequence[Marked]] | None = transaction.marked(_marks(findings))
            for wave in _waves(findings, common_marks(marked or {})):
                drafts = [draft for finding in wave for draft in _drafts(finding)]
                keys = {key for draft in drafts for key in _recognising(draft)}
                known = transaction.known(keys)
                memory = Memory(
                    known=known,
                    removed=transaction.removed(keys - known.keys()),
                    stories=transaction.stories({key for draft in drafts for key in draft.keys.cluster}),
                    subscriptions=transaction.subscriptions([f.state.id for f in wave if not (f.pushed or f.reread)]),
                    near=NearCopies(transaction, [draft for draft in drafts if not _is_known(draft, known)], marked),
                )
                marked = None  # it held until the first wave is written
                self._tariff.count(sum(_was_asked(finding) for finding in wave))
                records = [self._record(finding, memory) for finding in wave]
                applied = transaction.apply(records)
                feeds |= applied.feeds
                outcomes |= {outcome.source: outcome for outcome in applied.outcomes}
                states |= {record.state.id: record.state for record in records}
        return Committed(feeds=feeds, outcomes=outcomes, states=states)

    def _interval(self, state: SourceState) -> Interval:
        """The bounds of this source. Those for one's own network do not go along when it moves to another host."""
        source = self._sources.get(state.slug)
        interval = (source.interval if source else None) or self._settings.polling.interval
        if interval.min >= COURTESY or _host(state.url) == _host(state.configured_url):
            return interval
        return Interval(min=COURTESY, max=max(COURTESY, interval.max))

    def _record(self, finding: Finding, memory: Memory) -> PollRecord:
        now = self._clock()
        if finding.aside:
            return self._aside(finding, memory, now)
        understood = finding.understood
        decided: list[tuple[Draft, Decision]] = []
        if understood is not None:
            joined: set[EntryId] = set()
            decided = [
                (draft, _decision(draft, finding.state.id, understood.listed_ids, memory, now, joined))
                for draft in _named_by_what_lasts(understood.drafts, finding.state)
                if not (finding.pushed and _is_unsure(draft, memory)) and not memory.was_removed(draft)
            ]
        writes = [(_apart(draft, decision, finding.state.id, memory), decision) for draft, decision in decided]
        new = sum(isinstance(decision, Insert) for _, decision in writes)
        changed = sum(isinstance(decision, Update) for _, decision in writes)
        event = PollEvent(
            result=finding.result,
            hints=understood.hints if understood else PollHints(),
            listed=understood.listed if understood else 0,
            new=new,
            updated=changed,
            newest=understood.newest if understood else None,
            oldest=understood.oldest if understood else None,
            moments=_stated([draft for draft, decision in writes if isinstance(decision, Insert)]),
            body_known=finding.body_known,
            span=understood.span if understood else None,
            all_new=understood is not None and not understood.seen and 0 < new == len(writes),
            older=older_of(finding.result, understood),
            cut_off=understood is not None and understood.cut_off,
        )
        subscription = _after_poll(memory.subscriptions.get(finding.state.id), finding, event, now)
        state = self._next_state(finding, event, subscription, now)
        if understood is not None:
            seen = _recognition(understood, decided, finding.state.id, memory)
            state = replace(state, traits=traits_after(finding.state.traits, seen, now))
        unsure = sum(_is_unsure(draft, memory) for draft in understood.drafts) if understood and finding.pushed else 0
        outcome = _outcome(finding, state, new=new, updated=changed, elsewhere=len(writes) - new - changed)
        return PollRecord(
            state=state,
            outcome=_of_push(outcome, unsure, now)
            if finding.pushed
            else replace(outcome, kind=REREAD, at=now, status=0)
            if finding.reread
            else outcome,
            info=understood.info if understood else None,
            writes=writes,
            seen=understood.seen if understood else (),
            change=change_of(finding.state, state, now),
            pushed=finding.pushed or finding.reread,
            kept=finding.kept,
            subscription=subscription if subscription != memory.subscriptions.get(finding.state.id) else None,
        )

    def _next_state(
        self, finding: Finding, event: PollEvent, subscription: Subscription | None, now: datetime
    ) -> SourceState:
        if finding.reread:
            return finding.state
        if finding.pushed:
            return after_push(finding.state, event, now)
        polling, interval = self._settings.polling, self._interval(finding.state)
        price, push = self._tariff.price, push_of(subscription, now)
        return after_poll(finding.state, event, polling, interval, now, self._dice, price=price, push=push)

    def _aside(self, finding: Finding, memory: Memory, now: datetime) -> PollRecord:
        """An archive page brings entries that are missing and changes none: its copy of a known one may be an old one."""
        state, understood = finding.state, finding.understood
        ids = understood.listed_ids if understood else frozenset()
        drafts = [draft for draft in _drafts(finding) if not memory.was_removed(draft)]
        joined: set[EntryId] = set()
        decided = [(draft, _decision(draft, state.id, ids, memory, now, joined)) for draft in drafts]
        writes = [(draft, decision) for draft, decision in decided if isinstance(decision, Insert)]
        gap = replace(state.gap, brought=state.gap.brought + len(writes)) if state.gap else None
        after = replace(state, gap=gap)
        after = replace(after, health=health_of_answering(after, self._settings.polling, now))
        outcome = _outcome(finding, state, new=len(writes), updated=0, elsewhere=len(decided) - len(writes))
        change = change_of(state, after, now)
        return PollRecord(state=after, outcome=replace(outcome, at=now), writes=writes, change=change, aside=True)


def _apart(draft: Draft, decision: Decision, source: SourceId, memory: Memory) -> Draft:
    """A new entry under the id of an earlier one is not known by that id."""
    if isinstance(decision, Insert) and any(reuses_id(draft.entry, one, source) for one in memory.matches(draft)):
        return replace(draft, keys=without_id(draft.keys, source, draft.entry))
    return draft


def _named_by_what_lasts(drafts: Sequence[Draft], state: SourceState) -> Sequence[Draft]:
    """Ids that are others at each poll would only pile up as names: entries keep those that last."""
    if Trait.CHANGING_IDS not in state.traits:
        return drafts
    return [replace(draft, keys=without_id(draft.keys, state.id, draft.entry)) for draft in drafts]


def _recognition(
    understood: Understood, writes: Sequence[tuple[Draft, Decision]], source: SourceId, memory: Memory
) -> Recognition:
    """How the entries of a document were recognised; those whose raw digest was known say nothing."""
    named = [(draft, decision, memory.matches(draft)) for draft, decision in writes if draft.entry.original_id]
    known = [
        (draft.entry, decision.id, matches) for draft, decision, matches in named if isinstance(decision, Update | Same)
    ]
    return Recognition(
        known=len(known) + len(understood.seen),
        by_other_id=sum(
            match.owner == source and match.original_id not in {"", entry.original_id}
            for entry, number, matches in known
            for match in matches[:1]
            if match.id == number
        ),
        repeated=understood.repeated_ids,
        reused=sum(
            any(reuses_id(draft.entry, match, source) for match in matches)
            for draft, decision, matches in named
            if isinstance(decision, Insert)
        ),
    )


def _after_poll(
    subscription: Subscription | None, finding: Finding, event: PollEvent, now: datetime
) -> Subscription | None:
    """The source's subscription with what this poll says of its hub: nothing when the poll failed."""
    if subscription is None or isinstance(finding.result, FetchFailed | ParseFailed):
        return subscription
    return found(subscription, event.new, event.moments, finding.state.last_poll_at, now)


def _of_push(outcome: Outcome, unsure: int, now: datetime) -> Outcome:
    if not unsure:
        return replace(outcome, kind=PUSHED, at=now, status=0)
    left = f"{unsure} known by link only, left to the next poll"
    detail = f"{outcome.detail}; {left}" if outcome.detail else left
    return replace(outcome, kind=PUSHED_IN_PART, at=now, status=0, detail=detail)


def unvalidated(state: SourceState, answer: FetchResult | ParseFailed) -> tuple[SourceState, FetchResult | ParseFailed]:
    """Both without what belongs to the terms that the answer was given on: under others it may name another document."""
    if isinstance(answer, Fetched | NotModified):
        answer = replace(answer, validators=Validators())
    return replace(state, validators=Validators(), body_digest=None), answer


def found_on_other_terms(finding: Finding) -> Finding:
    state, answer = unvalidated(finding.state, finding.result)
    return replace(finding, state=state, result=answer)


def older_of(result: FetchResult | ParseFailed, understood: Understood | None) -> str:
    """Where a document says its older entries are: in itself, or in the ``Link`` header (RFC 5005, RFC 8288)."""
    links = result.links if isinstance(result, Fetched) else {}
    told = understood.info.older if understood else ""
    return told or links.get("prev-archive", "") or links.get("next", "")


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _drafts(finding: Finding) -> tuple[Draft, ...]:
    return finding.understood.drafts if finding.understood else ()


def _was_asked(finding: Finding) -> bool:
    return not (finding.pushed or finding.reread) and (
        not isinstance(finding.result, FetchFailed) or finding.result.asked
    )


def _stated(drafts: Sequence[Draft]) -> tuple[datetime, ...]:
    """Moments that the source itself gave: from them its habit is learned."""
    return tuple(draft.entry.published for draft in drafts if draft.entry.date_origin is DateOrigin.STATED)


def _recognising(draft: Draft) -> tuple[Key, ...]:
    return draft.keys.own if draft.keys.shared is None else (*draft.keys.own, draft.keys.shared)


def _marks(findings: Sequence[Finding]) -> set[int]:
    return {mark for finding in findings for draft in _drafts(finding) for mark in draft.keys.marks}


def _is_known(draft: Draft, known: Mapping[Key, Known]) -> bool:
    return bool(known) and any(key in known for key in _recognising(draft))


def _waves(findings: Sequence[Finding], common: frozenset[int] = frozenset()) -> Iterator[list[Finding]]:
    """Split a batch so that no two sources of a wave bring the same story, or a near copy of it.

    Within a wave all decisions can be made from one look at the database; a source that shares a key with an earlier
    one waits for the next wave, where the earlier one is known already.

    :param common: marks that say nothing, because many stored entries have them.
    """
    waiting = list(zip(findings, _meeting_places(findings, common), strict=True))
    while waiting:
        taken: set[Key | tuple[int, ...]] = set()
        wave: list[Finding] = []
        later: list[tuple[Finding, frozenset[Key | tuple[int, ...]]]] = []
        for finding, keys in waiting:
            if keys.isdisjoint(taken):
                wave.append(finding)
            else:
                later.append((finding, keys))
            taken |= keys  # also of those that wait: their order must hold
        yield wave
        waiting = later


def _meeting_places(findings: Sequence[Finding], common: frozenset[int]) -> Iterator[frozenset[Key | tuple[int, ...]]]:
    """For each finding the keys and pairs of marks that another one may have, too."""
    named = [{key for draft in _drafts(one) for key in (*_recognising(draft), *draft.keys.cluster)} for one in findings]
    marks = _repeated([_marks([one]) for one in findings]) - common
    repeated = _repeated(named)
    for finding, keys in zip(findings, named, strict=True):
        pairs: set[tuple[int, ...]] = set()
        for draft in _drafts(finding) if marks else ():
            if len(some := [mark for mark in draft.keys.marks if mark in marks]) > 1:
                pairs.update(meeting(some, ()))
        yield frozenset((keys & repeated) | pairs)


def _repeated(sets: Sequence[Set[T]]) -> set[T]:
    """What is in more than one of them."""
    seen: set[T] = set()
    again: set[T] = set()
    for one in sets:
        again |= seen & one
        seen |= one
    return again


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the database knew of a wave's keys before it was written."""

    known: Mapping[Key, Known]
    removed: frozenset[Key]
    stories: Mapping[Key, Sequence[Story]]
    subscriptions: Mapping[SourceId, Subscription]
    near: NearCopies

    def matches(self, draft: Draft) -> list[Known]:
        if not self.known:  # a first poll: asked several times for each of many entries
            return []
        return [self.known[key] for key in _recognising(draft) if key in self.known]

    def was_removed(self, draft: Draft) -> bool:
        """Whether retention or the operator removed the entry: it is never new again, and no sign of what comes."""
        return bool(self.removed) and not self.matches(draft) and not self.removed.isdisjoint(_recognising(draft))


def _is_unsure(draft: Draft, memory: Memory) -> bool:
    return not is_certain(draft.entry, memory.matches(draft))


def _decision(
    draft: Draft, source: SourceId, listed_ids: frozenset[str], memory: Memory, now: datetime, joined: set[EntryId]
) -> Decision:
    """:param joined: stories of others that entries of the same document are part of already; this one's is added."""
    decision = decide(draft.entry, source, memory.matches(draft), listed_ids, now)
    if not isinstance(decision, Insert):
        return decision
    decision = _insert(draft, source, memory, now, joined)
    joined |= {decision.cluster, *decision.merges} if decision.cluster is not None else set()
    return decision


def _insert(draft: Draft, source: SourceId, memory: Memory, now: datetime, joined: Collection[EntryId]) -> Insert:
    marks = memory.near.worth_keeping(draft)
    candidates = [story for key in draft.keys.cluster for story in memory.stories.get(key, ())]
    others = [story for story in candidates if source not in story.sources and story.cluster not in joined]
    cluster = join(draft.entry, others, now)
    near = [one for one in memory.near.stories_of(draft, source, now, beside=cluster) if one.story not in joined]
    if cluster is not None:
        merges = memory.near.same_as(cluster, cluster, near)
        return Insert(cluster=cluster, because="the same link, id or text", marks=marks, merges=merges)
    if not near:
        return Insert(marks=marks)
    merges = memory.near.same_as(near[0].story, near[0].entry, near)
    because = f"{near[0].share:.0%} of its text is that of entry {near[0].entry}"
    return Insert(cluster=near[0].story, because=because, marks=marks, merges=merges)


def _outcome(finding: Finding, state: SourceState, *, new: int, updated: int, elsewhere: int) -> Outcome:
    result, understood = finding.result, finding.understood
    unchanged = isinstance(result, NotModified) or finding.body_known
    return Outcome(
        source=state.id,
        slug=state.slug,
        at=state.last_poll_at or EPOCH,
        kind=result.failure.value
        if isinstance(result, FetchFailed | ParseFailed)
        else "unchanged"
        if unchanged
        else "ok",
        status=result.status
        if isinstance(result, Fetched | FetchFailed)
        else 304
        if isinstance(result, NotModified)
        else 200,
        listed=understood.listed if understood else 0,
        new=new,
        updated=updated,
        rejected=len(understood.rejected) if understood else 0,
        wire_bytes=result.wire_bytes if isinstance(result, Fetched) else 0,
        elapsed=0.0 if isinstance(result, ParseFailed) else result.elapsed,
        detail=result.detail if isinstance(result, FetchFailed | ParseFailed) else _remarks(finding, state, elsewhere),
        next_poll_at=state.next_poll_at,
    )


def _remarks(finding: Finding, state: SourceState, elsewhere: int) -> str:
    """What an operator should know of a document that was read: why not every listed entry is a new one, and its faults."""
    understood = finding.understood
    if understood is None:
        return ""
    parts = list(understood.notes)
    if state.gap and state.gap.noticed_at == state.last_poll_at:
        parts.append("entries before these were probably missed")
    if elsewhere:
        parts.append(f"{elsewhere} known already")
    if understood.waiting:
        parts.append(f"{understood.waiting} new wait for the next poll, which reads their articles")
    if understood.dropped:
        parts.append(f"{understood.dropped} dropped by keep/drop rules")
    parts += [f"entry {one.position}: {one.reason}" for one in understood.rejected[:5]]
    return "; ".join(parts)
