"""The same number of polls for everybody: each policy's one knob is turned until it uses the budget."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from cadence_lab.policies import Policy
from cadence_lab.simulate import Score, simulate
from cadence_lab.traces import Span, Trace

TOLERANCE = 0.005
"""Budgets within this share of each other count as equal; delay goes about inversely with polls."""
TRIES = 10
STRIDE = math.log(16)
"""The knob moves by at most this factor at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a policy did on all sources of one seed at one budget. Delays are in minutes."""

    policy: str
    seed: str
    budget: float
    knob: float
    polls: float  # per source and day
    mean: float
    median: float
    p95: float
    feed_mean: float  # mean over sources of their mean delays
    missed: float  # percent
    polls_per_entry: float
    forbidden: int
    unadvised: int
    families: dict[str, float]

    @property
    def reached(self) -> bool:
        return abs(self.polls / self.budget - 1) <= TOLERANCE


def tune(policy: Policy, traces: Sequence[Trace], span: Span, budget: float, guess: float) -> tuple[float, list[Score]]:
    """The knob at which the policy uses ``budget`` polls per source and day, and its scores there.

    Bisection on the logarithms, helped by the secant. When no knob reaches the budget, the nearest that was found.
    """
    best: tuple[float, float, list[Score]] = (math.inf, guess, [])
    low, high = -math.inf, math.inf  # knobs that use too few polls, and too many (or the reverse)
    at, slope = math.log(guess), policy.slope
    before: tuple[float, float] | None = None
    for _ in range(TRIES):
        knob = math.exp(at)
        scores = [simulate(trace, policy.make(trace, knob, span), span) for trace in traces]
        error = math.log(max(polls_a_day(scores, span), 1e-6) / budget)
        best = min(best, (abs(error), knob, scores), key=lambda found: found[0])
        if abs(error) <= TOLERANCE * 0.9:
            break
        if before is not None and abs(before[1] - error) < 1e-3 and abs(before[0] - at) > 1:
            break  # the bounds hold all sources: this budget cannot be reached
        if before is not None and at != before[0]:
            found = (error - before[1]) / (at - before[0])
            slope = found if 0.25 < found / policy.slope < 4 else policy.slope
        before = at, error
        if (error > 0) == (policy.slope > 0):
            high = min(high, at)
        else:
            low = max(low, at)
        step = max(min(-error / slope, STRIDE), -STRIDE)
        at = at + step if low < at + step < high else (low + high) / 2
    return best[1], best[2]


def polls_a_day(scores: Sequence[Score], span: Span) -> float:
    """Polls per source and day."""
    return sum(score.polls for score in scores) / len(scores) / span.days


def summed(
    policy: str, seed: str, budget: float, knob: float, traces: Sequence[Trace], scores: Sequence[Score], span: Span
) -> Result:
    """The figures of a table's row."""
    delays = sorted(delay for score in scores for delay in score.delays)
    missed = sum(score.missed for score in scores)
    families: defaultdict[str, list[float]] = defaultdict(list)
    for trace, score in zip(traces, scores, strict=True):
        families[trace.family] += score.delays
    return Result(
        policy=policy,
        seed=seed,
        budget=budget,
        knob=knob,
        polls=polls_a_day(scores, span),
        mean=fmean(delays) if delays else math.nan,
        median=share(delays, 0.5),
        p95=share(delays, 0.95),
        feed_mean=fmean([fmean(score.delays) for score in scores if score.delays] or [math.nan]),
        missed=100 * missed / max(missed + len(delays), 1),
        polls_per_entry=sum(score.polls for score in scores) / max(len(delays), 1),
        forbidden=sum(score.forbidden for score in scores),
        unadvised=sum(score.unadvised for score in scores),
        families={family: fmean(some) for family, some in families.items() if some},
    )


def share(ordered: Sequence[float], part: float) -> float:
    """The smallest of the numbers that at least this part of them does not exceed."""
    return ordered[max(math.ceil(part * len(ordered)) - 1, 0)] if ordered else math.nan
