"""The simulator of ``benchmarks/cadence.py``: it counts right, and FeedHub's own policy keeps every hint in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from cadence_lab import make_recording, replay
from cadence_lab.families import make_sources
from cadence_lab.feedhub_policy import SECOND, FeedHub, steered
from cadence_lab.policies import BY_NAME, FEEDHUB, MINIFLUX, POLICIES, SQUARE_ROOT, Policy
from cadence_lab.report import BEATS_MINIFLUX, BEATS_SQUARE_ROOT, MISSES
from cadence_lab.simulate import Answer, simulate
from cadence_lab.traces import DAY, HOUR, START, Span, Trace
from cadence_lab.tuning import Result, polls_a_day, share, summed, tune
from feedhub.errors import DatabaseError
from feedhub.model import DateOrigin
from feedhub.store.tables import entries, sources
from feedhub.store.upgrading import migrate

SPAN = Span(begin=10 * DAY, end=14 * DAY)


@dataclass
class Timetable:
    """Polls at the given seconds and remembers what it was shown."""

    times: Sequence[int]
    answers: list[Answer] = field(default_factory=list)

    def after(self, answer: Answer) -> int:
        self.answers.append(answer)
        return next(time for time in self.times if time > answer.now)


def source(appeared: Sequence[int], **changes: object) -> Trace:
    values = {"stated": list(appeared), "window": 2, "first_poll": 0, "name": "a", "family": "by hand"}
    return Trace(appeared=appeared, **(values | changes))  # type: ignore[arg-type]


def test_delays_missed_entries_and_polls_of_a_case_worked_out_by_hand() -> None:
    trace = source([-500, -60, 90, 130, 600, 660, 720, 1500])
    poller = Timetable((0, 120, 300, 900, 1200, 1800))
    score = simulate(trace, poller, Span(begin=100, end=1200))
    # 90 lies before the scored time; 130 is found at 300; at 900 the list of two holds 660 and 720, so 600 is lost.
    assert score.delays == [(300 - 130) / 60, (900 - 660) / 60, (900 - 720) / 60]
    assert score.missed == 1
    assert score.polls == 3  # 120, 300, 900; the one at 1200 only looks for what is left
    assert [(answer.now, answer.new, list(answer.dates)) for answer in poller.answers] == [
        (0, 2, [-500, -60]),
        (120, 1, [-60, 90]),
        (300, 1, [90, 130]),
        (900, 2, [660, 720]),
    ]


def test_an_entry_without_a_date_is_known_by_its_first_sight() -> None:
    trace = source([10, 20, 400], stated=[10, None, None], first_poll=100)
    poller = Timetable((100, 500, 900))
    simulate(trace, poller, Span(begin=100, end=900))
    assert [list(answer.dates) for answer in poller.answers] == [[10, 100], [100, 500]]
    assert [list(answer.stated) for answer in poller.answers] == [[10, None], [None]]


def test_the_referee_counts_what_hints_forbade() -> None:
    fresh = simulate(source([], max_age=600), Timetable((0, 300, 1000, 1600, 2000)), Span(begin=1, end=2000))
    assert (fresh.polls, fresh.forbidden) == (3, 1)  # 300 is too early, 1000 and 1600 are not
    advice = simulate(source([], ttl=10), Timetable((0, 300, 1000, 1600, 2000)), Span(begin=1, end=2000))
    assert (advice.forbidden, advice.unadvised) == (0, 1)
    skipped = simulate(source([], skip_hours=(1,)), Timetable((0, HOUR, 2 * HOUR, DAY)), Span(begin=1, end=DAY))
    assert skipped.forbidden == 1
    busy = simulate(source([], outages=((10, 500),)), Timetable((0, 20, 300, 500, 900)), Span(begin=1, end=900))
    assert (busy.polls, busy.forbidden) == (3, 1)  # 20 could not know; 300 could


def test_nobody_may_stand_still() -> None:
    class Stuck:
        def after(self, answer: Answer) -> int:
            return answer.now

    with pytest.raises(AssertionError, match="Stuck wants a polled at 0"):
        simulate(source([]), Stuck(), SPAN)


def test_sources_are_the_same_for_the_same_seed_and_as_uneven_as_real_ones() -> None:
    one, two = make_sources(60, 3, SPAN), make_sources(60, 3, SPAN)
    assert one == two
    assert one != make_sources(60, 4, SPAN)
    posts = sorted((sum(SPAN.begin <= at < SPAN.end for at in trace.appeared) for trace in one), reverse=True)
    assert sum(posts[:10]) > 0.8 * sum(posts)
    assert {trace.family for trace in one} == {"poisson", "daily", "weekly", "cron", "bursty", "dying", "waking"}


def test_feedhub_sends_no_request_that_a_hint_forbade() -> None:
    """The real ``after_poll`` on sixty sources with freshness, ttl, skipHours and 503s, at a price that wants to poll often."""
    traces = make_sources(60, 11, SPAN)
    assert {
        kind for trace in traces for kind in ("max_age", "ttl", "skip_hours", "outages") if getattr(trace, kind)
    } == {
        "max_age",
        "ttl",
        "skip_hours",
        "outages",
    }
    scores = [simulate(trace, FeedHub(trace, lambda: 0.001), SPAN) for trace in traces]
    assert sum(score.forbidden for score in scores) == 0
    assert polls_a_day(scores, SPAN) > 5
    careless = [simulate(trace, POLICIES[1].make(trace, 0.05, SPAN), SPAN) for trace in traces]
    assert sum(score.forbidden for score in careless) > 0  # there was something to keep


def test_what_is_promised_of_the_policy_holds_on_a_small_set() -> None:
    """The whole promise is measured by the benchmark; this notices when a change breaks it by much."""
    span = Span(begin=28 * DAY, end=42 * DAY)
    traces, found = make_sources(40, 40, span), dict[str, Result]()
    for name in (FEEDHUB, MINIFLUX, SQUARE_ROOT):
        knob, scores = tune(BY_NAME[name], traces, span, 8.0, BY_NAME[name].guess)
        found[name] = summed(name, "40", 8.0, knob, traces, scores, span)
    ours = found[FEEDHUB]
    assert ours.mean <= BEATS_MINIFLUX * found[MINIFLUX].mean
    assert ours.mean <= BEATS_SQUARE_ROOT * found[SQUARE_ROOT].mean
    assert (ours.reached, ours.forbidden) == (True, 0)
    assert ours.missed < MISSES


def test_the_budget_steers_the_price_until_it_is_used() -> None:
    traces = make_sources(40, 5, SPAN)
    for budget in (3.0, 12.0):
        scores, price = steered(traces, budget, SPAN)
        assert polls_a_day(scores, SPAN) == pytest.approx(budget, rel=0.15)
        assert price > 0


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_every_policy_can_be_given_a_budget_and_keeps_the_bounds(policy: Policy) -> None:
    traces = make_sources(20, 2, SPAN)
    _, scores = tune(policy, traces, SPAN, 8.0, policy.guess)
    assert all(score.polls <= 4 * 24 * SPAN.days + 1 for score in scores)
    if policy.name != "learned fixed":  # its knob turns in few steps
        assert polls_a_day(scores, SPAN) == pytest.approx(8.0, rel=0.1)


def test_shares_of_a_list() -> None:
    assert (share([1, 2, 3, 4], 0.5), share([1, 2, 3, 4], 0.95), share([5], 0.5)) == (2, 4, 5)


# ---------------------------------------------------------------- recordings


def test_a_recording_is_read_as_written(tmp_path: Path) -> None:
    file = tmp_path / "recording.csv"
    file.write_text(
        "source,published,first_seen\na,2026-03-01T10:00:00Z,2026-03-02T00:00:30+00:00\n"
        "a,,1772500000\na,2026-03-02T23:50:00Z,2026-03-03T00:10:00Z\na,2020-01-01T00:00:00Z,2026-03-07T00:00:00Z\n"
    )
    rows = list(replay.read_csv(file))
    traces, span = replay.as_traces(rows)
    (trace,) = traces
    monday = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
    assert [monday + at for at in trace.appeared] == [
        int(datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp()),  # of the first look: as it says
        int(datetime(2026, 3, 2, 23, 50, tzinfo=UTC).timestamp()),  # believed: seen within a day
        1772500000,  # no date
        int(datetime(2026, 3, 7, tzinfo=UTC).timestamp()),  # too old to be believed
    ]
    assert [date is None for date in trace.stated] == [False, False, True, False]
    assert monday + trace.first_poll == rows[0][2]
    assert span.end - span.begin == pytest.approx((trace.appeared[-1] - trace.first_poll) / 2, abs=1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n", "the first line must be"),
        ("source,published,first_seen\na,yesterday,1\n", "line 2: three fields"),
        ("source,published,first_seen\na,1\n", "line 2: three fields"),
    ],
)
def test_a_bad_recording_says_where(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "recording.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=says):
        list(replay.read_csv(file))


def test_an_empty_or_short_recording_is_refused() -> None:
    with pytest.raises(ValueError, match="no entries"):
        replay.as_traces([])
    with pytest.raises(ValueError, match="too short"):
        replay.as_traces([("a", None, 0), ("a", None, 2 * HOUR)])


def test_a_database_is_a_recording_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'feedhub.db'}"
    migrate(url)
    common = {"owner_id": 7, "version": 1, "updated": 0, "raw_digest": b"", "digest": b"", "sort_key": 0}
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.insert(sources).values(id=7, slug="news", url="u", configured_url="u"))
        for number, origin in ((1, DateOrigin.STATED), (2, DateOrigin.FIRST_SEEN)):
            moments = {"published": START + number * SECOND, "first_seen": START + HOUR * SECOND, "updated": START}
            values = common | {"id": number, "cluster": number, "date_origin": origin.value} | moments
            connection.execute(sa.insert(entries).values(values))
    engine.dispose()
    start = int(START.timestamp())
    rows = list(replay.read_database(url))
    assert rows == [("news", start + 1, start + HOUR), ("news", None, start + HOUR)]
    replay.write_csv(rows, tmp_path / "saved.csv")
    assert list(replay.read_csv(tmp_path / "saved.csv")) == rows


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no FeedHub database"):
        list(replay.read_database(f"sqlite:///{tmp_path / 'nothing.db'}"))
    assert not (tmp_path / "nothing.db").exists()


def test_the_committed_recording_is_the_one_that_its_script_makes() -> None:
    assert list(replay.read_csv(make_recording.FILE)) == make_recording.recording()
