"""Talking to a running daemon over loopback HTTP (endpoints in ``serve``)."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from feedhub import instance
from feedhub.errors import AlreadyRunning, FeedHubError, NotRunning
from feedhub.model import EntryId, Outcome
from feedhub.ports import EntryChange
from feedhub.serve.wire import outcome_from_json
from feedhub.settings import Settings
from feedhub.store import holder

ANSWER_TIMEOUT = 120.0
"""Seconds to wait for the next line of an answer: longer than any single poll may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    pid: int
    host: str
    port: int
    token: str


def find_daemon(settings: Settings, home: instance.Home) -> Address:
    """Where the daemon of this database listens.

    :raises NotRunning: nothing holds the database.
    :raises AlreadyRunning: a command that is no daemon holds it, or a daemon that is still starting.
    """
    pid = holder(instance.database_url(settings))
    if pid is None:
        raise NotRunning("No FeedHub is running on this database.", "Start it with `feedhub run`.")
    address = _left_address(home)
    if address is None or (pid and address.pid != pid):
        raise AlreadyRunning(
            f"Another FeedHub command{f' (process {pid})' if pid else ''} is at work on this database.",
            "Try again in a moment.",
        )
    return address


def effective(settings: Settings, home: instance.Home | None) -> Settings:
    """The settings with the address readers use, also where the daemon that runs chose the port."""
    host, port = settings.server.host, settings.server.port
    if port == 0 and home is not None and (address := _left_address(home)) is not None:
        host, port = address.host, address.port
    return instance.at_address(settings, host, port) if port else settings


def _left_address(home: instance.Home) -> Address | None:
    text = home.store.recall(instance.CONTROL)
    return Address(**json.loads(text)) if text else None


def ask_to_poll(address: Address, slugs: Sequence[str], *, everything: bool, anew: bool = False) -> Iterator[Outcome]:
    """Have the daemon poll; yields each outcome as it is committed. ``anew``: without conditions."""
    wish: dict[str, Any] = {"slugs": list(slugs), "everything": everything} | ({"anew": True} if anew else {})
    for line in _post(address, "/control/poll", wish):
        found = json.loads(line)
        if "error" in found:
            raise _theirs(found)
        yield outcome_from_json(found)


def ask_to_reread(address: Address, slugs: Sequence[str]) -> Iterator[Outcome]:
    """Have the daemon read stored pages again; yields what came of each."""
    for line in _post(address, "/control/reread", {"slugs": list(slugs)}):
        found = json.loads(line)
        if "error" in found:
            raise _theirs(found)
        yield outcome_from_json(found)


def _theirs(found: dict[str, Any]) -> FeedHubError:
    """What the daemon ran into, as if it had happened here: the exit code too."""
    error = FeedHubError(found["error"], found.get("advice", ""))
    error.exit_code = int(found.get("exit_code", error.exit_code))
    return error


def ask_to_reload(address: Address) -> list[str]:
    """Have the daemon read its configuration again; the lines say what changed."""
    text = "".join(_post(address, "/control/reload", {}))
    lines = json.loads(text)["lines"]
    return [str(line) for line in lines]


def ask_to_forget(address: Address, slug: str) -> int:
    """Have the daemon delete what only this source carried; returns how many entries that were."""
    found = json.loads("".join(_post(address, f"/control/forget/{quote(slug, safe='')}", {})))
    if "error" in found:
        raise _theirs(found)
    return int(found["deleted"])


def ask_to_change(address: Address, entry: EntryId, change: EntryChange) -> bool:
    """Have the daemon split or withdraw an entry; whether there was anything to do."""
    found = json.loads("".join(_post(address, f"/control/entries/{entry}/{change.value}", {})))
    if "error" in found:
        raise _theirs(found)
    return bool(found["done"])


def _post(address: Address, path: str, body: dict[str, Any]) -> Iterator[str]:
    connection = http.client.HTTPConnection(address.host, address.port, timeout=ANSWER_TIMEOUT)
    headers = {"Authorization": f"Bearer {address.token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        if response.status != http.client.OK:
            raise FeedHubError(f"The daemon answered {response.status} {response.reason}.", "See its log.")
        for line in response:
            if text := line.decode("utf-8").strip():
                yield text
    except (OSError, http.client.HTTPException) as error:
        raise NotRunning(
            f"FeedHub (process {address.pid}) does not answer at {address.host}:{address.port}: {error}.",
            "If it was killed, start it again with `feedhub run`.",
        ) from error
    finally:
        connection.close()
