"""``export``: what is published, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from feedhub import instance
from feedhub.cli.common import DEFAULT_FILE, ConfigFile, reading
from feedhub.cli.control import effective
from feedhub.cli.terminal import say
from feedhub.exporting import export_site

app = typer.Typer()


@app.command(epilog="Example: feedhub export /var/www/feeds")
def export(
    folder: Annotated[Path, typer.Argument(help="Where to write; made when missing.")],
    copies: Annotated[
        bool,
        typer.Option(
            "--copies",
            help="Write renamed feeds under their old names too: for GitHub Pages, which cannot redirect a feed.",
        ),
    ] = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Write every feed and page as static files for any web server, with compressed forms and redirects; files of feeds
    that are gone are removed.
    """
    with reading(config) as (written, reader):
        settings = effective(written, reader)
    home = instance.open_home(settings)  # not for reading only: it keeps what it renders
    try:
        done = export_site(settings, home, folder, copies=copies)
    finally:
        home.close()
    say(f"{folder}: {done.written} files written, {done.unchanged} unchanged, {done.removed} removed.")
