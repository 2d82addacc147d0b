"""``status``: how sources are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from feedhub import instance
from feedhub.cli.common import DEFAULT_FILE, FIRST_STEPS, AsJson, ConfigFile, reading_if_any
from feedhub.cli.control import effective
from feedhub.cli.labels import words_of
from feedhub.cli.terminal import counted, say, show_json, show_table
from feedhub.errors import NotFound
from feedhub.masking import masked
from feedhub.model import Health, PushNote, SourceId, SourceState
from feedhub.ports.hub import HubNote
from feedhub.schedule import NEVER, explain
from feedhub.search.selection import IndexState
from feedhub.serve.wire import note_to_json
from feedhub.settings import Settings
from feedhub.store import holder

MOST_CHANGES = 50
"""Changes shown by `--changes`; `/status.atom` has as many more."""
_WELL = frozenset({Health.FRESH, Health.SILENT, Health.NEW, Health.WAITING, Health.MOVED})
_UNITS = (("d", 86400), ("h", 3600), ("min", 60))

app = typer.Typer()


@app.command(epilog="Example: feedhub status --json | jq '.[] | select(.health != \"fresh\")'")
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
        labelling = words_of(effective(settings, home), home) if home else ""
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


def ago(moment: datetime | None, now: datetime) -> str:
    """``3 min ago``, ``in 2 h`` (whole units, cut off); "" for no moment, ``never`` for one that will not come."""
    if moment is None:
        return ""
    if moment >= NEVER:
        return "never"
    seconds = int((now - moment).total_seconds())
    size = abs(seconds)
    text = next((f"{size // length} {unit}" for unit, length in _UNITS if size >= length), f"{size} s")
    return f"in {text}" if seconds < 0 else f"{text} ago"
