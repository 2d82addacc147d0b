"""Where a first poll's CPU goes: by stage, and by function.

Everything runs in one process, the workers' part too, so that one clock sees all. Timers stand around the functions in which a stage begins
and say what it took without the stages inside it. What passes between processes in service is packed and unpacked as there. Documents
are made at first need, not by a poll: *publish* is each source's feed made once, in Atom, after the poll.
"""

from __future__ import annotations

import asyncio
import cProfile
import functools
import io
import pickle
import pstats
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest.mock import patch

from feedhub import applying, commit, instance, nearby, understand, wiring
from feedhub.classify import Classifier
from feedhub.commit import Committer
from feedhub.logs import set_up_logging
from feedhub.model import FeedKind, Format
from feedhub.ports import A, Overrun, R
from feedhub.settings import Settings
from feedhub.store.upgrading import migrate
from feedhub.store.writing import SqlTransaction

S = TypeVar("S")

FUNCTIONS = 30
"""Rows of the tables of functions."""

BEGINNINGS: tuple[tuple[str, object, tuple[str, ...]], ...] = (
    ("parse", understand, ("read_source",)),
    ("clean", understand, ("clean_feed",)),
    ("label", Classifier, ("facts", "refusal", "places")),
    ("words for searching", understand, ("indexed",)),
    ("dedupe: keys and marks", understand, ("identify",)),
    ("dedupe: looking up", SqlTransaction, ("known", "removed", "stories", "marked", "stories_named", "wordings")),
    ("dedupe: deciding", commit, ("_decision", "_waves", "_marks", "common_marks")),
    ("dedupe: deciding", nearby.NearCopies, ("__init__",)),
    ("schedule", commit, ("after_poll",)),
    ("store: writing rows", SqlTransaction, ("apply",)),
    ("store: the rest of the transaction", Committer, ("commit",)),
)
"""Stage, where its functions are looked up, and their names."""


class Stages:
    """CPU seconds by stage, each without the stages inside it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._local = threading.local()

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with its time counted."""

        @functools.wraps(function)
        def around(*arguments: Any, **named: Any) -> Any:
            with self.within(stage):
                return function(*arguments, **named)

        return around

    @contextmanager
    def within(self, stage: str) -> Iterator[None]:
        """Count the block for the stage, and not for the one around it."""
        outer: list[float] = self._local.__dict__.setdefault("inner", [])
        outer.append(0.0)
        begun = time.thread_time()
        try:
            yield
        finally:
            taken = time.thread_time() - begun
            self.seconds[stage] += taken - outer.pop()
            if outer:
                outer[-1] += taken


class InOneProcess:
    """Fills :class:`feedhub.ports.Workers` where it is called, packing what would pass a process border."""

    def __init__(self, stages: Stages, profile: cProfile.Profile | None = None) -> None:
        self._stages, self._profile, self._turn = stages, profile, asyncio.Lock()

    async def run(self, function: Callable[[A], R], argument: A) -> R | Overrun:
        async with self._turn:  # one document at a time, and the connections of others are looked after in between
            await asyncio.sleep(0)
            return self._ran(function, argument)

    def _ran(self, function: Callable[[A], R], argument: A) -> R:
        with self._stages.within("handing over between processes"):
            argument = self._passed(argument)
        if self._profile:
            self._profile.enable()
        result = function(argument)
        if self._profile:
            self._profile.disable()
        with self._stages.within("handing over between processes"):
            return self._passed(result)

    async def close(self) -> None:
        """Nothing runs."""

    def _passed(self, value: S) -> S:
        copied: S = pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
        return copied


@contextmanager
def timers(stages: Stages) -> Iterator[None]:
    """Stand at the beginnings of all stages while the block runs."""
    patches = [
        patch.object(place, name, stages.timed(stage, getattr(place, name)))
        for stage, place, names in BEGINNINGS
        for name in names
    ]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


async def profiled(settings: Settings) -> dict[str, float]:
    """CPU seconds by stage of a first poll of everything."""
    stages = Stages()
    with timers(stages):
        await _polled(settings, InOneProcess(stages), stages)
    return dict(stages.seconds)


async def costliest(settings: Settings) -> tuple[str, str]:
    """Tables of the functions that cost most by themselves, in the workers' part and in the writer; profiled, so dearer than it is."""
    working, writing = cProfile.Profile(time.thread_time), cProfile.Profile(time.thread_time)
    await _polled(settings, InOneProcess(Stages(), working), Stages(), writing)
    return _functions(working), _functions(writing)


async def _polled(
    settings: Settings, workers: InOneProcess, stages: Stages, writing: cProfile.Profile | None = None
) -> None:
    set_up_logging("warning", "json")
    migrate(instance.database_url(settings))
    home = instance.open_home(settings)
    await home.writer.run(lambda: applying.apply_configuration(settings, settings, home.store, instance.now()))
    parts = wiring.build(settings, home)
    understand.prepare(parts.rulebook)
    async with parts.pipeline.between_rules():
        parts.pipeline.adopt(settings, workers)
    if writing:
        await home.writer.run(writing.enable)
    before, inside = time.thread_time(), sum(stages.seconds.values())
    writer_before = await home.writer.run(time.thread_time)
    outcomes = [one async for one in parts.pipeline.poll(home.store.states())]
    assert {one.kind for one in outcomes} == {"ok"}, "not every source was polled"
    everything = time.thread_time() - before + await home.writer.run(time.thread_time) - writer_before
    if writing:
        await home.writer.run(writing.disable)
    stages.seconds["fetch, and the order of everything"] = everything - (sum(stages.seconds.values()) - inside)
    with stages.within("publish, after the poll"):
        for feed in home.store.feeds(FeedKind.SOURCE, limit=len(settings.sources)):
            parts.shelf.press.document(feed, Format.ATOM)
    await parts.close(5)
    home.close()


def _functions(profile: cProfile.Profile) -> str:
    """Markdown rows: seconds by itself, with what it calls, calls, name."""
    found = pstats.Stats(profile, stream=io.StringIO())
    costs: dict[Any, Any] = found.stats  # type: ignore[attr-defined]  # typeshed leaves it out
    total = sum(row[2] for row in costs.values())
    rows = ["| share | s by itself | s with all it calls | calls | function |", "|---|---|---|---|---|"]
    for (file, line, name), (_, calls, own, whole, _) in sorted(costs.items(), key=lambda item: -item[1][2])[
        :FUNCTIONS
    ]:
        place = "" if file == "~" else f"{_within(file)}:{line} "
        rows.append(f"| {own / total:.1%} | {own:.2f} | {whole:.2f} | {calls:,} | {place}`{name}` |")
    return "\n".join(rows)


def _within(file: str) -> str:
    """The file's path within its package."""
    for before in ("site-packages/", "/src/", f"python{sys.version_info.major}.{sys.version_info.minor}/"):
        if before in file:
            return file.rpartition(before)[2]
    return file
