"""A database without any table, on both dialects."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'feedhub.db'}"
    return str(request.getfixturevalue("postgres_url"))
