"""``import-opml`` and ``export-opml``: moving subscriptions in and out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from feedhub import instance, wiring
from feedhub.cli.common import DEFAULT_FILE, ConfigFile
from feedhub.cli.terminal import counted, note, say
from feedhub.config import import_opml
from feedhub.errors import NotFound
from feedhub.masking import masked, reveals

app = typer.Typer()


@app.command("import-opml", epilog="Example: feedhub import-opml subscriptions.opml")
def import_file(
    file: Annotated[Path, typer.Argument(help="An OPML file; - reads standard input.")],
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Add every feed of an OPML file to config.yaml, folders as categories. Known addresses are left alone."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise NotFound(f"{file} cannot be read: {error.strerror}.", "Check the name.") from error
    added = import_opml(config, data)
    for url in added:
        say(f"added {masked(url)}")
    say(f"{counted(len(added), 'source')} added to {config}.")


@app.command("export-opml", epilog="Example: feedhub export-opml > sources.opml")
def export_file(config: ConfigFile = DEFAULT_FILE) -> None:
    """Print the sources as OPML 2.0.

    User and password are taken out of addresses. A key in a query stays, for without it the feed cannot be read
    elsewhere; which sources have one is said on standard error, so that the file is not passed on unawares.
    """
    settings = instance.read_settings(config)
    if keyed := [source.slug for source in settings.sources if source.enabled and reveals(source.url)]:
        note(
            f"The addresses of these sources hold a key or password; look before you pass this on: {', '.join(keyed)}."
        )
    sys.stdout.buffer.write(wiring.opml_of_sources(settings))
