"""``relabel``: stored entries under changed rules."""

from __future__ import annotations

from typing import Annotated

import typer

from feedhub import instance
from feedhub.cli.common import DEFAULT_FILE, ConfigFile, reading
from feedhub.cli.control import ask_to_reload, find_daemon
from feedhub.cli.labels import follow, progress_of
from feedhub.cli.terminal import counted, note, say
from feedhub.once import relabel_here
from feedhub.store import SchemaKind, holder, schema_state

app = typer.Typer()


@app.command(epilog="Example: feedhub relabel")
def relabel(
    wait: Annotated[bool, typer.Option(help="Wait for the daemon to end; without it only say how far it is.")] = True,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Bring the labels of stored entries in agreement with the configuration, and show how far that is.

    A running daemon does it by itself after each change of rules: then it is told of the file and followed. Without one
    it is done here. Interrupted at any moment, it goes on from there the next time.
    """
    settings = instance.read_settings(config)
    url = instance.database_url(settings)
    if schema_state(url).kind is SchemaKind.MISSING:
        say("Nothing is stored yet, so nothing is to be labelled.")
    elif holder(url) is None:
        _relabel_here(config)
    else:
        _follow_daemon(config, wait=wait)


def _relabel_here(config: ConfigFile) -> None:
    with progress_of("labelling") as step:
        report = relabel_here(config, step)
    if report is None:
        say("All labels are those of the configuration.")
        return
    say(f"{counted(report.entries, 'entry', 'entries')} labelled by the rules of the configuration.")
    if report.words:
        note(report.words)


def _follow_daemon(config: ConfigFile, *, wait: bool) -> None:
    with reading(config) as (settings, home):
        ask_to_reload(find_daemon(settings, home))
        follow(settings, home, wait=wait)
