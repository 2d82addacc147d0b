"""What commands show of how far stored entries are labelled by changed rules."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from feedhub import instance
from feedhub.cli.control import effective
from feedhub.cli.terminal import notes, say
from feedhub.errors import AlreadyRunning, FeedHubError
from feedhub.labelling import RULES, Standing, rules_digest
from feedhub.settings import Settings
from feedhub.store import holder

LOOK_EVERY = 0.2
"""Seconds between two looks at how far the daemon is."""
STANDS_STILL = 120.0
"""Seconds without progress after which a daemon is not waited for any longer; one chunk takes a few."""
Step = Callable[[int, int], None]
"""Told how many are done, of how many."""


def is_due(settings: Settings, home: instance.Home) -> bool:
    """Whether stored entries are not all labelled by these rules."""
    standing = Standing.loads(home.store.recall(RULES))
    return not standing.agrees(rules_digest(effective(settings, home)))


def follow(settings: Settings, home: instance.Home, *, wait: bool) -> None:
    """Show how far the daemon is with labelling, to the end if that is waited for.

    :raises FeedHubError: it went away, or stands still.
    """
    rules = rules_digest(effective(settings, home))
    standing = Standing.loads(home.store.recall(RULES))
    if standing.agrees(rules):
        say("All labels are those of the configuration.")
    elif not wait:
        say(f"{words(standing, rules)} The daemon does it in the background; `feedhub relabel` waits for it.")
    else:
        with progress_of("labelling") as step:
            for standing in _watched(settings, home, rules):
                if not standing.complete and standing.rules == rules:
                    step(standing.done, standing.total)
        say("All labels are those of the configuration now.")


def _watched(settings: Settings, home: instance.Home, rules: str) -> Iterator[Standing]:
    """How the daemon stands, each time that changes, until all is done."""
    last, moved_at = Standing(rules=""), time.monotonic()
    while not (standing := Standing.loads(home.store.recall(RULES))).agrees(rules):
        if standing != last:
            last, moved_at = standing, time.monotonic()
            yield standing
        if holder(instance.database_url(settings)) is None:
            raise FeedHubError("FeedHub stopped before all was labelled.", "It goes on from there at the next start.")
        if time.monotonic() - moved_at > STANDS_STILL:
            raise AlreadyRunning("The daemon does not get on with labelling.", "See its log and `feedhub status`.")
        time.sleep(LOOK_EVERY)


def words(standing: Standing, rules: str) -> str:
    """How far stored entries are labelled by these rules; "" when all are."""
    if standing.agrees(rules):
        return ""
    if standing.complete or standing.rules != rules or not standing.total:
        return "Stored entries are still to be labelled by changed rules."
    share = f"{100 * standing.done // standing.total} %"
    return f"Stored entries are being labelled by changed rules: {standing.done} of {standing.total} ({share})."


def words_of(settings: Settings, home: instance.Home) -> str:
    """The same of a database and the settings in force."""
    return words(Standing.loads(home.store.recall(RULES)), rules_digest(settings))


@contextmanager
def progress_of(what: str) -> Iterator[Step]:
    """A bar on standard error where somebody looks at it; nothing in a pipe or a log."""
    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
