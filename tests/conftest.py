"""What every test runs under: no socket but loopback, and a plain word about missing programs."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from feedhub.logs import set_up_logging
from support.require import missing

PROJECT = Path(__file__).resolve().parent.parent
SHARED_CORPUS = PROJECT.parent / "shared" / "corpus"


# A landing is judged on the same examples every time; a developer's run looks for new ones. A busy machine is no failure.
settings.register_profile("feedhub", deadline=None, derandomize=bool(os.environ.get("FEEDHUB_REQUIRE_ALL")))
settings.load_profile("feedhub")


class OutsideTheSeal(AssertionError):
    """A test tried to leave this machine."""


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0]).split("%")[0]
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that does not stay on loopback, and every look-up of another name."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded(self: socket.socket, address: Any) -> None:
        if not _is_loopback(address):
            raise OutsideTheSeal(f"a test tried to connect to {address!r}")
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        if not _is_loopback(address):
            raise OutsideTheSeal(f"a test tried to connect to {address!r}")
        return connect_ex(self, address)

    def resolving(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if name and not _is_loopback((name, 0)):
            try:
                ipaddress.ip_address(name.split("%")[0])
            except ValueError:
                raise socket.gaierror(socket.EAI_NONAME, f"sealed: {name} is not looked up in tests") from None
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)
    monkeypatch.setattr(socket, "getaddrinfo", resolving)
    return


@pytest.fixture(autouse=True)
def _plain_logs() -> None:
    """As the program logs where nobody watches: the library's own default takes seconds to print a traceback."""
    set_up_logging("info", "json")


UNCOUNTED = (
    "acceptance",
    "fuzz",
    "test_parse_hostile.py",
    "test_parse_fast.py",
    "test_parse_shared_feeds.py",
    "test_classify_laws.py",
)
"""Tests that run the same lines many thousand times, or in other processes: counting lines would double their cost, and
what they run is counted in others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not {*item.path.relative_to(PROJECT).parts}.isdisjoint(UNCOUNTED):
            item.add_marker("no_cover")


def pytest_collection_finish() -> None:
    """Before any test starts the one fork server of this process with less in it."""
    if forked := sys.modules.get("support.forked"):
        forked.preload()


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            if shutil.which(program) is None:
                missing(f"the program {program}")


@pytest.fixture(scope="session")
def shared_feeds() -> Path:
    """Real feed documents that are not part of the project; tests that use them skip where they are not."""
    folder = SHARED_CORPUS / "feeds"
    if not folder.is_dir():
        pytest.skip("the shared corpus is not on this machine")
    return folder


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    folder = SHARED_CORPUS / "cases"
    if not folder.is_dir():
        pytest.skip("the shared corpus is not on this machine")
    return folder
