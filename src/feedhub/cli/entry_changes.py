"""``entries``: split and withdraw, by the daemon where one runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from feedhub.cli.common import DEFAULT_FILE, ConfigFile, reading
from feedhub.cli.control import ask_to_change, find_daemon
from feedhub.cli.entries import GREATEST
from feedhub.cli.terminal import say
from feedhub.errors import NotFound, NotRunning
from feedhub.model import EntryId
from feedhub.once import change_entry_here
from feedhub.ports import EntryChange

Number = Annotated[int, typer.Argument(min=1, max=GREATEST, help="The entry's number, from `feedhub entries list`.")]

app = typer.Typer()


@app.command(epilog="Example: feedhub entries split 42")
def split(entry: Number, config: ConfigFile = DEFAULT_FILE) -> None:
    """Take an entry out of the story that it joined, for good: it is shown beside the others from now on."""
    title = _title(config, entry)
    if _change(config, EntryId(entry), EntryChange.SPLIT):
        say(f"Entry {entry} ({title}) is a story of its own now.")
    else:
        say(f"Entry {entry} ({title}) is a story of its own already.")


@app.command(epilog="Example: feedhub entries withdraw 42 --yes")
def withdraw(
    entry: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Remove an entry from all feeds and the database, for good. Feeds say so for a month (RFC 6721)."""
    title = _title(config, entry)
    if not yes:
        typer.confirm(
            f"Withdraw entry {entry} ({title})? It never comes back, even if its source still lists it", abort=True
        )
    _change(config, EntryId(entry), EntryChange.WITHDRAW)
    say(f"Entry {entry} ({title}) is withdrawn.")


def _title(config: Path, entry: int) -> str:
    with reading(config) as (_, home):
        found = home.store.stored([EntryId(entry)])
    if not found:
        raise NotFound(f"There is no entry {entry}.", "See `feedhub entries list`.")
    return found[0].entry.title or found[0].entry.link


def _change(config: Path, entry: EntryId, change: EntryChange) -> bool:
    with reading(config) as (settings, home):
        try:
            daemon = find_daemon(settings, home)
        except NotRunning:
            daemon = None
    return ask_to_change(daemon, entry, change) if daemon else change_entry_here(config, entry, change)
