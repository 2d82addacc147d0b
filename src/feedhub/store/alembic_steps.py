"""The steps of the schema, taken by Alembic. The one door to it."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from feedhub.store.schema import migrations_folder


def alembic_config(connection: Connection | None = None) -> Config:
    """A configuration made in memory; ``env.py`` takes the connection from it."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Take all steps that are left, in the transaction of ``connection``."""
    command.upgrade(alembic_config(connection), "head")
