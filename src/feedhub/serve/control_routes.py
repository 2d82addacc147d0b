"""What a command asks of the running daemon: poll now, read the configuration again, forget a source.

Three locks, because this is the only part of the server that changes anything: the peer is on this machine, no proxy
passed the request on, and it knows the token that the daemon left in the database.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from feedhub.errors import FeedHubError
from feedhub.model import EntryId, Outcome
from feedhub.ports import Control, EntryChange
from feedhub.serve.parts import ServeParts
from feedhub.serve.wire import outcome_to_json

MOST_BODY = 1_000_000
"""Bytes of a request: room for the slugs of some ten thousand sources."""
_PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_FRESH = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PollWish:
    slugs: tuple[str, ...]
    everything: bool
    anew: bool = False  # without conditions


def read_wish(body: bytes) -> PollWish:
    """What ``/control/poll`` is asked.

    :raises ValueError: when the body is not ``{"slugs": [text, …], "everything": true or false, "anew": …}``.
    """
    wish = json.loads(body or b"{}")
    if not isinstance(wish, dict) or wish.keys() - {"slugs", "everything", "anew"}:
        raise ValueError("an object with slugs, everything and anew is expected")
    slugs, everything, anew = wish.get("slugs", []), wish.get("everything", False), wish.get("anew", False)
    if not (isinstance(slugs, list) and all(isinstance(slug, str) for slug in slugs)):
        raise ValueError("slugs is a list of names")
    if not (isinstance(everything, bool) and isinstance(anew, bool)):
        raise ValueError("everything and anew are true or false")
    return PollWish(slugs=tuple(slugs), everything=everything, anew=anew)


def is_loopback(host: str) -> bool:
    """Whether a peer's address is this machine's own, in either family."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def was_passed_on(request: Request) -> bool:
    """Whether a proxy says that the request came from elsewhere. Not all of them do."""
    return any(name in request.headers for name in _PASSED_ON)


async def outcome_lines(control: Control, wish: PollWish) -> AsyncIterator[bytes]:
    """One JSON object a line, each as soon as its poll is committed; an error is the last line."""
    asked = control.poll(wish.slugs, everything=wish.everything, anew=wish.anew)
    async for line in lines_of(asked):
        yield line


async def lines_of(outcomes: AsyncIterator[Outcome]) -> AsyncIterator[bytes]:
    try:
        async for outcome in outcomes:
            yield _line(outcome_to_json(outcome))
    except FeedHubError as error:
        yield _line(_told(error))


def _told(error: FeedHubError) -> dict[str, object]:
    return {"error": error.what, "advice": error.advice, "exit_code": error.exit_code}


def _line(values: object) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"


class ControlRoutes:
    def __init__(self, parts: ServeParts) -> None:
        self._control = parts.control
        self._token = parts.control_token.encode()

    def routes(self) -> list[Route]:
        return [
            Route("/control/poll", self.poll, methods=["POST"], max_body_size=MOST_BODY),
            Route("/control/reread", self.reread, methods=["POST"], max_body_size=MOST_BODY),
            Route("/control/reload", self.reload, methods=["POST"], max_body_size=MOST_BODY),
            Route("/control/forget/{slug}", self.forget, methods=["POST"], max_body_size=MOST_BODY),
            Route("/control/entries/{entry:int}/{change}", self.change, methods=["POST"], max_body_size=MOST_BODY),
        ]

    def _admit(self, request: Request) -> Control:
        """:raises HTTPException: 403 from elsewhere, 401 without the token, 503 where nothing can be steered."""
        peer = request.client.host if request.client else ""
        ours = (request.scope.get("server") or ("",))[0]  # a server bound to one address is reached from that address
        if not (is_loopback(peer) or peer == ours) or was_passed_on(request):
            raise HTTPException(403, "Control is for this machine only.")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(given.strip().encode(), self._token)
        if scheme.lower() != "bearer" or not right or not self._token:
            raise HTTPException(401, "The control token is missing or wrong.", {"WWW-Authenticate": "Bearer"})
        if self._control is None:
            raise HTTPException(503, "This process only serves; nothing here can poll.")
        return self._control

    async def poll(self, request: Request) -> Response:
        control, wish = await self._wish(request)
        return StreamingResponse(outcome_lines(control, wish), media_type="application/x-ndjson", headers=_FRESH)

    async def reread(self, request: Request) -> Response:
        control, wish = await self._wish(request)
        lines = lines_of(control.reread(wish.slugs))
        return StreamingResponse(lines, media_type="application/x-ndjson", headers=_FRESH)

    async def _wish(self, request: Request) -> tuple[Control, PollWish]:
        """:raises HTTPException: who asks may not, or what is asked is not understood."""
        control = self._admit(request)
        if request.headers.get("content-type", "application/json").partition(";")[0].strip() != "application/json":
            raise HTTPException(415, "Send JSON.")
        try:
            return control, read_wish(await request.body())
        except ValueError as error:
            raise HTTPException(400, f"Not understood: {error}.") from error

    async def reload(self, request: Request) -> Response:
        lines = await self._admit(request).reload()
        return JSONResponse({"lines": lines}, headers=_FRESH)

    async def change(self, request: Request) -> Response:
        control, wish = self._admit(request), request.path_params["change"]
        if wish not in EntryChange._value2member_map_:
            raise HTTPException(404)
        try:
            done = await control.change_entry(EntryId(request.path_params["entry"]), EntryChange(wish))
            found: dict[str, object] = {"done": done}
        except FeedHubError as error:
            found = _told(error)
        return JSONResponse(found, headers=_FRESH)

    async def forget(self, request: Request) -> Response:
        control = self._admit(request)
        try:
            found: dict[str, object] = {"deleted": await control.forget(request.path_params["slug"])}
        except FeedHubError as error:
            found = _told(error)
        return JSONResponse(found, headers=_FRESH)
