"""The list of what is compared: one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cadence_lab import baselines
from cadence_lab.feedhub_policy import FeedHub
from cadence_lab.simulate import Poller
from cadence_lab.traces import Span, Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``slope`` is about d log polls / d log knob; its sign says which way to turn the knob."""

    name: str
    make: Callable[[Trace, float, Span], Poller]
    guess: float
    slope: float = -1.0
    omniscient: bool = False  # needs the true intensity, which no replayed trace has


def _feedhub(trace: Trace, knob: float, span: Span) -> Poller:  # noqa: ARG001  the shape of all makers
    return FeedHub(trace, lambda: knob)


def _obedient(kind: type[baselines.Bounded]) -> Callable[[Trace, float, Span], Poller]:
    return lambda trace, knob, span: baselines.Obedient(trace, kind(trace, knob, span))


FEEDHUB = "FeedHub"
MINIFLUX = "Miniflux entry_frequency"
SQUARE_ROOT = "square root (Sia, Cho, Cho)"

POLICIES = (
    Policy(name=FEEDHUB, make=_feedhub, guess=0.0037, slope=-0.5),
    Policy(name=SQUARE_ROOT, make=baselines.SquareRoot, guess=0.1),
    Policy(name="proportional", make=baselines.Proportional, guess=0.18),
    Policy(name=MINIFLUX, make=baselines.Miniflux, guess=5.0, slope=1.0),
    Policy(name="PostRate", make=baselines.PostRate, guess=0.2),
    Policy(name="IndHist", make=baselines.IndHist, guess=0.2),
    Policy(name="MAV", make=baselines.Mav, guess=0.2),
    Policy(name="MAVSync", make=baselines.MavSync, guess=0.2),
    Policy(name="adaptive TTL", make=baselines.AdaptiveTtl, guess=0.2),
    Policy(name="NewsBlur tiers", make=baselines.NewsBlur, guess=0.5),
    Policy(name="learned fixed", make=baselines.LearnedFixed, guess=0.2),
    Policy(name="fixed interval", make=baselines.Fixed, guess=3.0),
    Policy(name=f"{SQUARE_ROOT}, hints kept", make=_obedient(baselines.SquareRoot), guess=0.1),
    Policy(name=f"{MINIFLUX}, hints kept", make=_obedient(baselines.Miniflux), guess=5.0, slope=1.0),
    Policy(
        name="oracle: FeedHub's rule, true rates, no hints",
        make=baselines.Oracle,
        guess=0.004,
        slope=-0.5,
        omniscient=True,
    ),
)
BY_NAME = {policy.name: policy for policy in POLICIES}
