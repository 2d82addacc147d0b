"""Whether polling intervals are possible and polite (standards, part 1). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from feedhub.config.addresses import is_own_network, usable
from feedhub.config.nodes import Node, Route
from feedhub.config.words import duration
from feedhub.errors import ConfigProblem
from feedhub.settings import Interval, Settings, Source

FLOOR = timedelta(minutes=5)
"""No public source is polled more often than this."""
OWN_FLOOR = timedelta(seconds=1)
"""What a trial on one's own network may go down to."""


def interval_problems(settings: Settings, tree: Node) -> Iterator[ConfigProblem]:
    """Bounds that contradict each other, and bounds below courtesy.

    A bound that many sources inherit is one problem, at the place where it is written.
    """
    yield from _contradictions(settings, tree)
    too_often: dict[tuple[str, ...], list[Source]] = {}
    for index, source in enumerate(settings.sources):
        least, route = _effective_min(settings, index)
        floor = OWN_FLOOR if _is_own(source, settings) else FLOOR
        if least < floor:
            too_often.setdefault(tuple(map(str, route)), []).append(source)
    if not settings.sources and settings.polling.interval.min < OWN_FLOOR:
        yield tree.nearest(("polling", "interval", "min")).problem("is too short", allowed="at least 1s")
    for key, sources in too_often.items():
        route = tuple(int(step) if step.isdigit() else step for step in key)
        yield _impolite(tree.nearest(route), sources)


def _impolite(node: Node, sources: list[Source]) -> ConfigProblem:
    names = ", ".join(source.slug for source in sources[:3]) + (
        f" and {len(sources) - 3} more" if len(sources) > 3 else ""
    )
    return node.problem(
        f"a public source may not be polled more often than every {duration(FLOOR)} ({names})",
        allowed="at least 5m, or less for literal addresses on polling.allow_networks",
    )


def _is_own(source: Source, settings: Settings) -> bool:
    return usable(source.url) and is_own_network(source.url, settings.polling.allow_networks)


def _contradictions(settings: Settings, tree: Node) -> Iterator[ConfigProblem]:
    places: list[tuple[Route, Interval | None]] = [
        (("polling", "interval"), settings.polling.interval),
        (("defaults", "interval"), settings.defaults.interval),
    ]
    places += [(("sources", index, "interval"), source.interval) for index, source in enumerate(settings.sources)]
    for route, interval in places:
        if interval and interval.model_fields_set >= {"min", "max"} and interval.min > interval.max:
            yield tree.nearest((*route, "min")).problem(
                f"min ({duration(interval.min)}) is longer than max ({duration(interval.max)})"
            )


def max_age_problems(settings: Settings, tree: Node) -> Iterator[ConfigProblem]:
    """Bounds of ``Cache-Control`` that nothing can keep."""
    bounds = settings.feeds.max_age
    if bounds.min > bounds.max:
        which = "min" if "min" in bounds.model_fields_set else "max"
        yield tree.nearest(("feeds", "max_age", which)).problem(
            f"min ({duration(bounds.min)}) is longer than max ({duration(bounds.max)})"
        )


def _effective_min(settings: Settings, index: int) -> tuple[timedelta, Route]:
    """The least interval of a source, and where it is written."""
    own, common, base = settings.sources[index].interval, settings.defaults.interval, settings.polling.interval
    for route, interval in ((("sources", index, "interval"), own), (("defaults", "interval"), common)):
        if interval and "min" in interval.model_fields_set:
            return interval.min, (*route, "min")
        if interval and "max" in interval.model_fields_set and interval.max < base.min:
            return interval.max, (*route, "max")
    if "min" not in base.model_fields_set and base.max < base.min:
        return base.max, ("polling", "interval", "max")
    return base.min, ("polling", "interval", "min")
