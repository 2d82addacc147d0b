"""``db``: check, stats, compact, index, backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from feedhub import instance
from feedhub.cli.common import DEFAULT_FILE, AsJson, ConfigFile
from feedhub.cli.statistics import show_statistics, size
from feedhub.cli.terminal import counted, notes, say, show_json
from feedhub.errors import DatabaseBroken
from feedhub.store import InstanceLock, backup, compact, restore, schema_state, statistics
from feedhub.store import check as check_database
from feedhub.store.statistics import SECONDS

INDEXED_AT_ONCE = 500
"""Entries of one transaction."""

app = typer.Typer()


@app.command(epilog="Example: feedhub db check")
def check(config: ConfigFile = DEFAULT_FILE) -> None:
    """Check the database's integrity and FeedHub's own rules about it."""
    url = instance.database_url(instance.read_settings(config))
    problems = check_database(url)
    if problems:
        say("\n".join(problems))
        raise DatabaseBroken(
            f"The database has {counted(len(problems), 'problem')}.", "Restore a backup with `feedhub db restore`."
        )
    say(f"The database is sound. Schema: {schema_state(url).revision}.")


@app.command(epilog="Example: feedhub db stats")
def stats(
    exact: Annotated[
        bool, typer.Option("--exact", help="Count and measure everything, however long it takes.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Show what the database holds and where its bytes are. Takes some ten seconds at most; of a large database it
    says what it estimated or did not measure."""
    settings = instance.read_settings(config)
    kept = settings.retention
    found = statistics(
        instance.database_url(settings),
        instance.now(),
        kept.keep_for,
        kept.keep_at_least,
        seconds=None if exact else SECONDS,
    )
    if as_json:
        show_json(found)
    else:
        show_statistics(found, settings.retention.keep_for)


@app.command("index", epilog="Example: feedhub db index")
def make_index(
    anew: Annotated[bool, typer.Option("--anew", help="Empty the index first.")] = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Build the full-text index for entries that it does not know. `feedhub run` does it by itself."""
    settings = instance.read_settings(config)
    with InstanceLock(instance.database_url(settings)):
        home = instance.open_home(settings)
        try:
            done = home.store.index_some(batch=INDEXED_AT_ONCE, anew=anew)
            total = home.store.index_state().waiting + done
            with Progress(console=notes, transient=True) as bar:
                task = bar.add_task("indexing", total=total, completed=done)
                while some := home.store.index_some(batch=INDEXED_AT_ONCE):
                    done += some
                    bar.update(task, completed=done)
        finally:
            home.close()
    say(f"{counted(done, 'entry', 'entries')} indexed. The index is complete.")


@app.command("compact", epilog="Example: feedhub db compact")
def make_compact(config: ConfigFile = DEFAULT_FILE) -> None:
    """Give the room of removed entries back to the disk, while FeedHub is stopped.

    Writes the SQLite file anew, which takes as much room again until it is done. Only databases that were made before files
    could shrink need it, once: from then on `feedhub run` shrinks the file by itself."""
    before, after = compact(instance.database_url(instance.read_settings(config)))
    say(f"Compacted from {size(before)} to {size(after)}.")


@app.command("backup", epilog="Example: feedhub db backup /var/backups/feedhub.db")
def make_backup(
    target: Annotated[Path, typer.Argument(help="The file to write; must not exist.")],
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Copy the database to a file, safely while the daemon runs."""
    backup(instance.database_url(instance.read_settings(config)), target)
    say(f"Backed up to {target}.")


@app.command("restore", epilog="Example: feedhub db restore /var/backups/feedhub.db")
def restore_backup(
    source: Annotated[Path, typer.Argument(help="A file that `feedhub db backup` wrote.")],
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Put a backup in place of the database. The replaced database is kept beside it."""
    aside = restore(instance.database_url(instance.read_settings(config)), source)
    say(f"Restored from {source}." + (f" The replaced database is {aside}." if aside else ""))
