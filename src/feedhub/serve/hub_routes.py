"""Our own hub at ``/hub``: where subscribers ask to be told of our feeds (W3C WebSub, 5.1)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from feedhub.ports.hub import HubDoor
from feedhub.serve.parts import ServeParts
from feedhub.settings import OWN_HUB

MOST_BODY = 16_000
"""Bytes of a form: two addresses of 2,048 characters, percent-encoded, and a secret."""
MOST_FIELDS = 30
_FORM = "application/x-www-form-urlencoded"
_FRESH = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_ABOUT = """\
This is the WebSub hub of this site's feeds (https://www.w3.org/TR/websub/). Feed readers subscribe here with a POST of
hub.mode, hub.topic, hub.callback, and hub.secret and hub.lease_seconds if they like; hub.topic is the address of any feed
that names this hub.
"""


class HubRoutes:
    def __init__(self, parts: ServeParts) -> None:
        self._hub = parts.hub

    def routes(self) -> list[Route]:
        return [Route(OWN_HUB, self.take, methods=["GET", "POST"], max_body_size=MOST_BODY)]

    async def take(self, request: Request) -> Response:
        if request.method != "POST":
            return PlainTextResponse(_ABOUT, headers=_FRESH)
        if self._hub is None:
            later = {**_FRESH, "Retry-After": "3600"}
            return PlainTextResponse("This process only serves; the hub is in another one.\n", 503, later)
        return await self._taken(request, self._hub)

    async def _taken(self, request: Request, hub: HubDoor) -> Response:
        if request.headers.get("content-type", _FORM).partition(";")[0].strip().lower() != _FORM:
            raise HTTPException(415, f"Send {_FORM}.", _FRESH)
        try:
            form = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError as error:  # no UTF-8, or too many fields
            raise HTTPException(400, "This is no form that a subscriber sends.", _FRESH) from error
        answer = await hub.take(form)
        headers = {**_FRESH, **({"Retry-After": str(answer.retry_after)} if answer.retry_after else {})}
        return PlainTextResponse(f"{answer.words}\n", answer.status, headers)
