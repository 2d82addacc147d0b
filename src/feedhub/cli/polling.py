"""``poll`` and ``status``: asking now, and how sources are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from feedhub import instance
from feedhub.cli import relabelling
from feedhub.cli.common import (
    DEFAULT_FILE,
    FIRST_STEPS,
    AsJson,
    ConfigFile,
    ago,
    counted,
    note,
    notes,
    printable,
    reading,
    reading_if_any,
    say,
    show_json,
    show_table,
)
from feedhub.cli.control import ask_to_poll, effective, find_daemon
from feedhub.errors import NotFound
from feedhub.masking import masked
from feedhub.model import Health, Outcome, PushNote, SourceId, SourceState
from feedhub.once import poll_here
from feedhub.ports.hub import HubNote
from feedhub.schedule import explain
from feedhub.search.selection import IndexState
from feedhub.serve.wire import note_to_json
from feedhub.settings import Settings
from feedhub.store import holder

MOST_CHANGES = 50
"""Changes shown by `--changes`; `/status.atom` has as many more."""
_WELL = frozenset({Health.FRESH, Health.SILENT, Health.NEW, Health.WAITING, Health.MOVED})

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


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: feedhub poll world-economy --json")(poll)
    app.command(epilog="Example: feedhub status --json | jq '.[] | select(.health != \"fresh\")'")(status)


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


def status(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Slugs; all when left out.")
    ] = None,
    changes: Annotated[bool, typer.Option("--changes", help="What changed lately, newest first.")] = False,
    missed: Annotated[bool, typer.Option("--missed", help="Entries that were probably missed.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """How every source is, since when, why, and what comes next.

    The same words are on the page `/status`, and `/status.atom` tells your feed reader of every change.
    """
    if changes and missed:
        raise typer.BadParameter("give either --changes or --missed, not both")
    now = instance.now()
    with reading_if_any(config) as (settings, home):
        labelling = relabelling.words_of(effective(settings, home), home) if home else ""
        states = _asked_for(sources or [], home)
        found = _changes(states, sources, home) if changes else _missed(states, home) if missed else None
        hub = instance.hub_note(effective(settings, home), home, now) if home else HubNote()
        notes = instance.push_notes(effective(settings, home), home, now) if home else {}
        index = home.store.index_state() if home else IndexState()
    if found is not None:
        _show_rows(found, as_json=as_json)
    elif as_json:
        show_json(
            [{**_public(s), "explanation": explain(s, now), "websub": note_to_json(notes.get(s.id))} for s in states]
        )
    elif states:
        _show_states(states, settings, notes)
        if not index.complete:
            say(f"The full-text index is {index.words}.")
        for sentence in filter(None, (labelling, hub.words)):
            say(sentence)
    else:
        say(f"Nothing has been polled yet. {FIRST_STEPS}")


def _asked_for(slugs: list[str], home: instance.Home | None) -> list[SourceState]:
    """:raises NotFound: a slug names no source."""
    states = home.store.states(slugs or None) if home else []
    if unknown := sorted(set(slugs) - {state.slug for state in states}):
        raise NotFound(f"There is no source called {', '.join(unknown)}.", "See `feedhub sources list`.")
    return states


def _changes(states: list[SourceState], asked: list[str] | None, home: instance.Home | None) -> list[dict[str, object]]:
    """Of the sources asked for, or of all, also of those that left the configuration."""
    if home is None:
        return []
    slugs = [state.slug for state in states] if asked else [None]
    found = [change for slug in slugs for change in home.store.changes(MOST_CHANGES, source=slug)]
    found.sort(key=lambda change: change.number, reverse=True)
    return [
        {
            "at": change.at,
            "source": change.slug,
            "before": change.before,
            "after": change.after,
            "cause": change.cause,
            "explanation": change.detail,
        }
        for change in found[:MOST_CHANGES]
    ]


def _missed(states: list[SourceState], home: instance.Home | None) -> list[dict[str, object]]:
    found = [(state.slug, gap) for state in states for gap in (home.store.gaps(state.id) if home else ())]
    found.sort(key=lambda pair: pair[1].noticed_at, reverse=True)
    return [
        {
            "noticed": gap.noticed_at,
            "source": slug,
            "after": gap.after,
            "before": gap.before,
            "pages": gap.pages,
            "found": gap.brought,
            "filled": gap.filled_at,
            "remark": gap.remark,
        }
        for slug, gap in found
    ]


def _show_rows(rows: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        show_json(rows)
    elif rows:
        show_table(tuple(rows[0]), (tuple(row.values()) for row in rows))
    else:
        say("Nothing to tell.")


def _show_states(states: list[SourceState], settings: Settings, notes: Mapping[SourceId, PushNote]) -> None:
    now = instance.now()
    show_table(
        ("source", "health", "last poll", "next poll", "explanation"),
        (
            (
                state.slug,
                state.health,
                ago(state.last_poll_at, now),
                ago(state.next_poll_at, now),
                " ".join(filter(None, (explain(state, now), notes[state.id].words if state.id in notes else ""))),
            )
            for state in states
        ),
    )
    well = sum(state.health in _WELL for state in states)
    pid = holder(instance.database_url(settings))
    daemon = "No daemon is running." if pid is None else f"A FeedHub is running (process {pid or 'unknown'})."
    say(f"{well} of {counted(len(states), 'source')} {'is' if len(states) == 1 else 'are'} well. {daemon}")


def _public(state: SourceState) -> dict[str, object]:
    """A state for scripts: without the validators, which are the server's words to us alone, and without keys."""
    fields = {name: masked(value) if isinstance(value, str) else value for name, value in asdict(state).items()}
    return {name: value for name, value in fields.items() if name not in {"validators", "body_digest"}}
