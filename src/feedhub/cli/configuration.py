"""``init``, ``plan``, ``reload`` and ``config``: the one YAML file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from feedhub import applying, instance
from feedhub.cli import labels
from feedhub.cli.common import DEFAULT_FILE, AsJson, ConfigFile, reading_if_any
from feedhub.cli.control import ask_to_reload, find_daemon
from feedhub.cli.terminal import note, notes, say, show_json
from feedhub.config import Snapshot, json_schema, plan, show, snapshot_of, write_starter
from feedhub.errors import NotRunning

IN_FORCE = "The running configuration stays in force"
"""How the daemon's last line begins when it did not take the file."""

app = typer.Typer()


@app.command(epilog="Example: feedhub init news")
def init(folder: Annotated[Path, typer.Argument(help="Where to put config.yaml.")] = Path()) -> None:
    """Write a commented config.yaml that works at once, and its JSON Schema for editors."""
    for path in write_starter(folder):
        say(f"wrote {path}")
    change = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    say(f"Next: `{change}feedhub run`, then open http://127.0.0.1:8080/ in a browser.")


@app.command("plan", epilog="Example: feedhub plan --config edited.yaml")
def show_plan(as_json: AsJson = False, config: ConfigFile = DEFAULT_FILE) -> None:
    """What the file would add, rename, move and remove, compared with what was last in force. Changes nothing."""
    with reading_if_any(config) as (settings, home):
        before = _last_applied(home)
    found = plan(before, snapshot_of(settings))
    if as_json:
        show_json(found.as_json())
        return
    if before is None:
        note("No configuration is in force yet, so everything is new.")
    say("\n".join(found.render()) or "Nothing would change.")


def _last_applied(home: instance.Home | None) -> Snapshot | None:
    text = home.store.recall(applying.APPLIED) if home else None
    if not text:
        return None
    try:
        return Snapshot.loads(text)
    except ValueError:
        note("What is in force was written by another version of FeedHub and cannot be compared.")
        return None


@app.command(epilog="Example: feedhub reload")
def reload(
    wait: Annotated[
        bool | None,
        typer.Option(
            "--wait/--no-wait",
            help="Wait until stored entries are labelled by changed rules, with a progress bar; by default in a terminal only.",
            show_default=False,
        ),
    ] = None,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Have the running daemon read its configuration again. A bad file changes nothing and is shown.

    Changed rules hold for new entries at once; stored entries are labelled by them in the background.
    """
    with reading_if_any(config) as (settings, home):  # a bad file is refused here, before the daemon is asked
        if home is None:
            raise NotRunning("No FeedHub is running on this database.", "Start it with `feedhub run`.")
        lines = ask_to_reload(find_daemon(settings, home))
        say("\n".join(lines))
        if not lines[-1].startswith(IN_FORCE) and labels.is_due(settings, home):
            labels.follow(settings, home, wait=notes.is_terminal if wait is None else wait)


@app.command(epilog="Example: feedhub config schema > feedhub.schema.json")
def schema() -> None:
    """Print the JSON Schema of config.yaml, for editors."""
    show_json(json_schema())


@app.command("show", epilog="Example: feedhub config show")
def show_effective(config: ConfigFile = DEFAULT_FILE) -> None:
    """Print the effective configuration, every default filled in and every secret masked."""
    typer.echo(show(instance.read_settings(config)), nl=False)
