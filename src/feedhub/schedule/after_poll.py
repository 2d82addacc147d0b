"""The state of a source after a poll: one pure function, and the only one that makes a next state."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from feedhub.model import (
    Fetched,
    FetchFailed,
    Freshness,
    Habit,
    Health,
    Move,
    NotModified,
    ParseFailed,
    Push,
    SourceState,
    Validators,
)
from feedhub.schedule.backoff import after_failure, starts_anew
from feedhub.schedule.cadence import aimed_interval, pays_before, policy_interval, pushed_interval, with_jitter
from feedhub.schedule.event import PollEvent
from feedhub.schedule.gaps import gap_after, newest_listed
from feedhub.schedule.habit import first_habit, learned, rate_of, shape_of
from feedhub.schedule.health import health_of_answering, health_of_failing, health_of_unasked
from feedhub.schedule.hints import SPREAD, advised, after_skips, closed_span, earliest, strain
from feedhub.schedule.moments import NEVER, Dice, off_the_minute
from feedhub.schedule.price import PRICE
from feedhub.schedule.terms import Terms
from feedhub.settings import Interval, Polling

CLOCK = timedelta(seconds=1)
"""What the clock leaves out: it tells whole seconds, and no interval may be a fraction of one too short."""
EVE = timedelta(minutes=4)
"""A last poll before the hours that a source closes comes two to four minutes before them."""
RETURN_AFTER_REST = timedelta(minutes=5)
"""Within this time after a host's rest its sources get their turns again."""


def after_poll(
    state: SourceState,
    event: PollEvent,
    polling: Polling,
    interval: Interval,
    now: datetime,
    dice: Dice,
    price: float = PRICE,
    *,
    push: Push = Push.NONE,
) -> SourceState:
    """Everything that is remembered of the source after this poll, with ``next_poll_at``.

    :param interval: the source's own bounds, or those of ``polling``.
    :param dice: chance for jitter; called a few times at most.
    :param price: of a poll, as the budget has steered it (``price.py``).
    :param push: whether the source's hub tells of its entries, so that polls only make sure.
    """
    at = now.replace(microsecond=0)
    terms = Terms(polling=polling, interval=interval, now=at, dice=dice, price=price, push=push)
    match event.result:
        case Fetched() | NotModified():
            return _after_success(state, event, event.result, terms)
        case FetchFailed(asked=False):
            return _after_no_question(state, event.result, terms)
        case FetchFailed() | ParseFailed():
            return _after_failure(state, event.result, terms)


# ---------------------------------------------------------------- success


def _after_success(
    state: SourceState,
    event: PollEvent,
    result: Fetched | NotModified,
    terms: Terms,
) -> SourceState:
    polling, now = terms.polling, terms.now
    habit = _habit(state, event, terms)
    after = replace(  # once for most fields: this runs at every poll, and each copy of a state costs 20 µs
        state,
        last_poll_at=now,
        last_success_at=now,
        last_status=result.status if isinstance(result, Fetched) else 304,
        last_failure=None,
        last_detail="",
        failures=0,
        failing_since=None,
        fresh_until=result.freshness.fresh_until,
        retry_at=_retry_at(result.freshness, polling, now),
        last_change_at=_last_change(state, event, now),
        habit=habit,
        rate=rate_of(habit, now),
        rate_at=now,
        newest_listed=newest_listed(state, event, now),
        gap=gap_after(state, event, polling, now),
    )
    after = _with_validators(after, event, result, polling)
    after = _with_document(after, event)
    after = _with_move(after, result.move, polling, now)
    wanted, aimed = aimed_interval(after, polling, terms.interval, now, terms.price)
    if terms.push is not Push.NONE:
        wanted, aimed = pushed_interval(wanted, after, terms.interval, now, terms.push), False
    wanted = with_jitter(wanted, polling, terms.interval, terms.dice, aimed=aimed)
    return replace(after, health=health_of_answering(after, polling, now), next_poll_at=_next(after, wanted, terms))


def _last_change(state: SourceState, event: PollEvent, now: datetime) -> datetime | None:
    """When the source last had something new; of the first look, what its newest entry says."""
    if state.last_change_at is None:
        return min(event.newest, now) if event.newest else now
    return now if event.new or event.updated else state.last_change_at


def _habit(before: SourceState, event: PollEvent, terms: Terms) -> Habit:
    """What this poll taught: the rate, its shape, and whether the document's advice can be followed."""
    now, last = terms.now, before.last_success_at
    if before.habit.since is None or last is None:
        habit = first_habit(event.moments, event.listed, event.oldest, now)
    else:
        habit = learned(before.habit, event.moments, event.new, _whole_list(event), last, now)
    if advised(before.hints):
        habit = _with_strain(habit, before, event, terms)
    return habit


def _whole_list(event: PollEvent) -> int:
    """Entries in the document, 0 when it is none of which more new than old ones mean that some were missed."""
    return event.listed if event.whole else 0


def _with_strain(habit: Habit, before: SourceState, event: PollEvent, terms: Terms) -> Habit:
    if event.parsed and advised(event.hints) != advised(before.hints):
        return replace(habit, strain=())
    then = before.last_poll_at or terms.now
    wanted = policy_interval(before, terms.polling, terms.interval, then, terms.price)
    cost = strain(before, wanted, event.new, _whole_list(event), terms.now)
    return replace(habit, strain=cost) if cost != habit.strain else habit


def _with_validators(
    state: SourceState, event: PollEvent, result: Fetched | NotModified, polling: Polling
) -> SourceState:
    """Replaced by a 200 (absent: cleared), updated by a 304 (RFC 9111, 4.3.4); believed again after a 304.

    A 226 must carry the ETag of the whole (RFC 3229, 10.4.1). Of a server that forgets it the stored one still tells
    what we have: everything since then comes again next time, and nothing is lost.
    """
    if isinstance(result, NotModified):
        if result.validators == state.validators and state.has_validators and not state.same_body:
            return state
        return replace(state, validators=result.validators, same_body=0, has_validators=True)
    sent, got = state.validators, result.validators
    same_body = (state.same_body + 1 if sent else 0) if event.body_known else 0
    distrusted = bool(sent) and not state.has_validators  # until a 304 proves the contrary
    if result.partial and not got:
        return state
    if event.cut_off:
        # With its validators the rest would not come before the next change. Once more, then: if the same broken body
        # comes again it is all there is, and as a known body it brings its validators along.
        return replace(state, body_digest=result.body_digest)
    return replace(
        state,
        validators=replace(got, url=got.url or result.url) if got else Validators(),
        same_body=same_body,
        has_validators=bool(got) and same_body < polling.broken_after and not distrusted,
        # The body of a 226 holds only what is new: it says nothing about the next whole body.
        body_digest=state.body_digest if result.partial else result.body_digest,
    )


def _with_document(state: SourceState, event: PollEvent) -> SourceState:
    if not event.parsed:
        return state
    window = event.listed if event.whole else max(state.window, event.listed)
    return replace(state, hints=event.hints, window=window)


def _with_move(state: SourceState, move: Move | None, polling: Polling, now: datetime) -> SourceState:
    """A permanent redirect is adopted after several polls over some days; to https of the same path at once."""
    if move is None or not move.permanent or move.target == state.url:
        if state.move_target is None:
            return state
        return replace(state, move_target=None, move_since=None, move_count=0)
    again = move.target == state.move_target and state.move_since is not None
    since = state.move_since if again and state.move_since else now
    count = state.move_count + 1 if again else 1
    if move.upgrade or (count >= polling.move_polls and now - since >= polling.move_after):
        validators = replace(state.validators, url=move.target) if state.validators else state.validators
        return replace(state, url=move.target, validators=validators, move_target=None, move_since=None, move_count=0)
    return replace(state, move_target=move.target, move_since=since, move_count=count)


def after_push(state: SourceState, event: PollEvent, now: datetime) -> SourceState:
    """What a delivery of the source's hub teaches: when it posts. It is no poll, so that the next one stays as it is.

    It counts as a part of a list: what it does not name may still be listed.
    """
    if not (event.new or event.updated) or state.last_success_at is None:
        return state
    habit = learned(state.habit, event.moments, event.new, 0, state.last_success_at, now)
    health = Health.FRESH if state.health is Health.SILENT else state.health
    return replace(state, last_change_at=now, habit=habit, rate=rate_of(habit, now), rate_at=now, health=health)


# ---------------------------------------------------------------- failure


def _after_failure(
    state: SourceState,
    result: FetchFailed | ParseFailed,
    terms: Terms,
) -> SourceState:
    """Validators, body digest, hints and moves stay: what was not read and stored must be asked for again."""
    now = terms.now
    freshness = result.freshness if isinstance(result, FetchFailed) else Freshness()
    status = result.status if isinstance(result, FetchFailed) else 200
    anew = starts_anew(state, result.failure, status, terms.polling.backoff)
    after = replace(
        state,
        last_poll_at=now,
        last_status=status,
        last_failure=result.failure,
        last_detail=result.detail,
        failures=1 if anew else state.failures + 1,
        failing_since=now if anew or state.failing_since is None else state.failing_since,
        retry_at=_retry_at(freshness, terms.polling, now),
    )
    # Of a source that never answered nothing is learned: a first start without a network shall not cost it a day.
    normal = (
        terms.interval.min
        if state.last_success_at is None
        else policy_interval(after, terms.polling, terms.interval, now, terms.price)
    )
    verdict = after_failure(state, after, normal, terms)
    after = replace(after, health=health_of_failing(after, verdict.health, now))
    if verdict.delay is None:
        return replace(after, next_poll_at=NEVER)
    return replace(after, next_poll_at=_next(after, verdict.delay, terms))


def _after_no_question(state: SourceState, result: FetchFailed, terms: Terms) -> SourceState:
    """Nothing was sent, because the host rests: no failure of this source, only a later turn, and never a sooner one."""
    rest_ends = result.freshness.retry_at or terms.now + RETURN_AFTER_REST
    spread = RETURN_AFTER_REST * terms.dice()  # the sources of a host shall not all come back at once
    due = after_skips(max(rest_ends, terms.now) + spread, state.hints, terms.dice)
    due = off_the_minute(due, terms.dice)
    due = max(due, state.next_poll_at or due)  # what was planned for later, or for never, was so for a reason
    said = state.last_detail if state.last_failure is not None else result.detail
    last = terms.now if result.status else state.last_poll_at  # who led to that host by a redirect was asked
    return replace(state, next_poll_at=due, health=health_of_unasked(state), last_detail=said, last_poll_at=last)


# ---------------------------------------------------------------- both


def _retry_at(freshness: Freshness, polling: Polling, now: datetime) -> datetime | None:
    return min(freshness.retry_at, now + polling.retry_after_max) if freshness.retry_at else None


def _next(state: SourceState, wanted: timedelta, terms: Terms) -> datetime:
    """The later of what is wanted and what is allowed; floors are left by a little chance upwards."""
    now, dice = terms.now + CLOCK, terms.dice
    due, floor = now + wanted, earliest(state, terms.polling, now)
    if floor > due:
        due = floor + min((floor - now) * terms.polling.jitter, timedelta(minutes=1)) * dice()
    if state.hints.skip_hours or state.hints.skip_days:
        due = _beside_skips(state, due, max(floor, now + terms.interval.min), wanted, terms)
    return off_the_minute(due, dice)


def _beside_skips(state: SourceState, due: datetime, soonest: datetime, wanted: timedelta, terms: Terms) -> datetime:
    """A moment just before the hours that the source closes, if that is allowed and worth a poll; else one after them."""
    span = closed_span(due, state.hints)
    if span is None:
        return due
    eve = span[0] - EVE * (0.5 + terms.dice() / 2)
    if state.last_failure is None and soonest <= eve:
        shape = shape_of(state.habit, terms.now)
        if pays_before(state.rate, shape, terms.price, terms.now, eve, span[1]):
            return eve
    return after_skips(due, state.hints, terms.dice, min(SPREAD, max(wanted, terms.interval.min)))
