"""``db upgrade``."""

from __future__ import annotations

import typer

from feedhub import instance
from feedhub.cli.common import DEFAULT_FILE, ConfigFile
from feedhub.cli.terminal import say
from feedhub.store import InstanceLock
from feedhub.store.upgrading import migrate

app = typer.Typer()


@app.command(epilog="Example: feedhub db upgrade")
def upgrade(config: ConfigFile = DEFAULT_FILE) -> None:
    """Bring the schema up to this version, after a backup. `feedhub run` does it by itself."""
    url = instance.database_url(instance.read_settings(config))
    with InstanceLock(url):
        lines = migrate(url)
    say(f"The database was brought up to schema {lines[-1]}." if lines else "The database is up to date.")
