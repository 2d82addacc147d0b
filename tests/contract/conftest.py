"""The same cases on every database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from feedhub.store import SqlStore, check, open_store
from feedhub.store.upgrading import migrate
from support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'feedhub.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(database: str) -> Iterator[SqlStore]:
    """A new store, checked for broken invariants after the test."""
    migrate(database)
    opened = open_store(database, busy_timeout=5.0)
    yield opened
    opened.close()
    assert check(database) == []
