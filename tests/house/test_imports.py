"""What starts often imports only what it needs: the command line, commands that read, worker processes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from feedhub.cli.registry import COMMANDS, GROUPS
from feedhub.understand import prepare
from feedhub.workers.process_workers import preloaded

READING = [
    COMMANDS["status"],
    COMMANDS["search"],
    *(GROUPS[group].commands["list"] for group in ("sources", "feeds", "tokens", "entries", "hub")),
    *(GROUPS["db"].commands[name] for name in ("check", "stats", "compact", "index", "backup", "restore")),
]
"""Commands that look at the database, and ask no source."""

POLLING = {"aiohttp", "feedparser", "starlette", "uvicorn", "jinja2", "alembic", "lxml", "nh3", "apscheduler"}
"""Libraries of those who fetch, understand, serve and upgrade."""


@pytest.mark.parametrize(
    ("modules", "kept_out"),
    [
        (["feedhub.cli.app"], POLLING | {"sqlalchemy", "pydantic", "ruamel"}),
        (sorted({f"feedhub.cli.{command.module}" for command in READING}), POLLING),
        (
            ["feedhub.cli", *preloaded(prepare)],  # multiprocessing imports the main script, too
            {"sqlalchemy", "aiohttp", "starlette", "typer", "rich", "alembic", "lxml", "structlog", "ruamel"},
        ),
    ],
    ids=["the command line", "commands that read", "worker processes"],
)
def test_what_starts_often_imports_no_libraries_of_others(modules: list[str], kept_out: set[str]) -> None:
    program = f"import json, sys, {', '.join(modules)}; print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stdout))
    assert imported >= set(modules)
    assert imported & kept_out == set()
