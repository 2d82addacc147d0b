"""A PostgreSQL server of the tests' own, in a temporary folder, for the length of the run.

The server refuses to run as root, so it runs as an unprivileged user then. Import the fixtures where they are used::

    from support.postgres import postgres_server, postgres_url  # noqa: F401
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from support.require import missing

_USERS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server; ``url`` names no database."""

    port: int
    folder: Path
    control: Callable[[str], None] = field(repr=False, compare=False)  # start or stop

    def url(self, database: str) -> str:
        return f"postgresql://feedhub@127.0.0.1:{self.port}/{database}"


def binaries() -> Path | None:
    """The folder of the newest installed server programs."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name.partition(".")[0]))
    program = shutil.which("initdb")
    return None if program is None else Path(program).resolve().parent


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run as; None when this process is unprivileged itself."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name: user for user in pwd.getpwall()}
    return next((names[name] for name in _USERS if name in names), None)


def _run(command: list[str], user: pwd.struct_passwd | None, folder: Path) -> None:
    ids = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **ids)  # type: ignore[call-overload]
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr or done.stdout}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _options(port: int, folder: Path) -> str:
    # Durability is not what these tests measure: without fsync they are several times faster.
    settings = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}
    flags = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return f"-h 127.0.0.1 -p {port} -k {folder} {flags}"


@contextmanager
def a_postgres_server() -> Iterator[Server]:
    """A running server of the caller's own; skips (or fails) where the programs are missing."""
    programs = binaries()
    if programs is None:
        missing("PostgreSQL's server programs (package postgresql)")
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="feedhub-pg-"))
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data, port = folder / "data", _free_port()
        start = ["--auth=trust", "--username=feedhub", "--encoding=UTF8", "--locale=C", "--no-sync"]
        _run([str(programs / "initdb"), "-D", str(data), *start], user, folder)
        pg_ctl = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-t", "30"]
        orders = {
            "start": [*pg_ctl, "-l", str(folder / "log"), "-o", _options(port, folder), "start"],
            "stop": [*pg_ctl, "-m", "immediate", "stop"],
        }

        def control(order: str) -> None:
            _run(orders[order], user, folder)

        control("start")
        try:
            yield Server(port=port, folder=folder, control=control)
        finally:
            control("stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    with a_postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database, dropped after the test."""
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield postgres_server.url(name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
