"""``poll``: asking now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from feedhub import instance
from feedhub.cli.common import DEFAULT_FILE, AsJson, ConfigFile, reading
from feedhub.cli.control import ask_to_poll, find_daemon
from feedhub.cli.status import ago
from feedhub.cli.terminal import counted, note, notes, printable, say, show_json, show_table
from feedhub.model import Outcome
from feedhub.once import poll_here
from feedhub.store import holder

app = typer.Typer()


MOST_REMARK = 200
"""Characters of a remark in the table; `--json` has all of it."""

Slugs = Annotated[
    list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Slugs; all that are due when left out.")
]
All = Annotated[bool, typer.Option("--all", help="Every enabled source, due or not.")]
Force = Annotated[
    bool,
    typer.Option("--force", help="Ask the named sources without conditions and read all again; once a day for each."),
]


@app.command(epilog="Example: feedhub poll world-economy --json")
def poll(
    sources: Slugs = None,
    everything: All = False,
    force: Force = False,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Poll now and show what came. While a daemon runs on the same database, it does the polling.

    Requests stay conditional, and a source asked within `polling.manual_gap` or under a Retry-After is refused. A
    `--force` makes one unconditional request instead, at most once in `polling.refetch_gap`; it too never comes within
    `polling.manual_gap` or a Retry-After. A source that fails is a row of the table (the exit code stays 0): the
    program did what it could.
    """
    if sources and everything:
        raise typer.BadParameter("give either sources or --all, not both")
    if force and not sources:
        raise typer.BadParameter("--force needs the names of the sources that are to be fetched anew")
    outcomes: list[Outcome] = []
    try:
        for outcome in _with_progress(
            _outcomes(config, sources or [], everything=everything, anew=force), quiet=as_json
        ):
            outcomes.append(outcome)  # noqa: PERF402 what came before an interruption is shown too
    finally:
        if as_json:
            show_json(outcomes)
        elif outcomes:
            show_outcomes(outcomes)
    if not outcomes and not as_json:
        say("Nothing is due. `feedhub poll --all` asks every source.")


def _outcomes(file: Path, slugs: list[str], *, everything: bool, anew: bool) -> Iterator[Outcome]:
    settings = instance.read_settings(file)
    if holder(instance.database_url(settings)) is None:
        yield from poll_here(file, slugs, everything=everything, anew=anew)
        return
    with reading(file) as (_, home):
        address = find_daemon(settings, home)
    note(f"The daemon (process {address.pid}) polls.")
    yield from ask_to_poll(address, slugs, everything=everything, anew=anew)


def _with_progress(outcomes: Iterable[Outcome], *, quiet: bool) -> Iterator[Outcome]:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=notes, transient=True, disable=quiet or not notes.is_terminal) as progress:
        task = progress.add_task("polling", total=None)
        for outcome in outcomes:
            progress.update(task, advance=1, description=printable(outcome.slug[:40]))
            yield outcome


def show_outcomes(outcomes: list[Outcome]) -> None:
    now = instance.now()
    show_table(
        ("source", "outcome", "status", "listed", "new", "updated", "next poll", "remark"),
        (_row(one, ago(one.next_poll_at, now)) for one in sorted(outcomes, key=lambda one: one.slug)),
    )
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(one.kind for one in outcomes).most_common())
    new, updated = sum(one.new for one in outcomes), sum(one.updated for one in outcomes)
    say(f"{counted(len(outcomes), 'source')}: {kinds}. {counted(new, 'new entry', 'new entries')}, {updated} updated.")


def _row(one: Outcome, next_poll: str) -> tuple[object, ...]:
    remark = one.detail if len(one.detail) <= MOST_REMARK else one.detail[:MOST_REMARK] + "…"
    return one.slug, one.kind, one.status or "", one.listed, one.new, one.updated, next_poll, remark
