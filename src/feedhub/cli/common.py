"""What all commands share: the option for the configuration, and its database to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from feedhub import instance
from feedhub.errors import DatabaseOutdated
from feedhub.settings import Settings
from feedhub.store import SchemaKind, schema_state

ConfigFile = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="FEEDHUB_CONFIG", help="The configuration file.", show_default="config.yaml"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
DEFAULT_FILE = Path("config.yaml")
FIRST_STEPS = "`feedhub run` starts polling and serving; `feedhub poll --all` asks every source once."


@contextmanager
def reading(file: Path) -> Iterator[tuple[Settings, instance.Home]]:
    """The configuration and its database, opened for reading only.

    :raises feedhub.errors.DatabaseOutdated: there is no database yet.
    """
    with reading_if_any(file) as (settings, home):
        yield settings, existing(settings, home)


@contextmanager
def reading_if_any(file: Path) -> Iterator[tuple[Settings, instance.Home | None]]:
    """The same; None when there is no database yet, as before the first run."""
    settings = instance.read_settings(file)
    if schema_state(instance.database_url(settings)).kind is SchemaKind.MISSING:
        yield settings, None
        return
    home = instance.open_home(settings, read_only=True)
    try:
        yield settings, home
    finally:
        home.close()


def existing(settings: Settings, home: instance.Home | None) -> instance.Home:
    """:raises feedhub.errors.DatabaseOutdated: there is no database yet."""
    if home is None:
        where = settings.database.url.get_secret_value().partition("@")[2] or instance.database_url(settings)
        raise DatabaseOutdated(f"There is no FeedHub database yet ({where.removeprefix('sqlite:///')}).", FIRST_STEPS)
    return home
