"""Where hubs verify and deliver: ``/websub/<token>`` (W3C WebSub, 5.3 and 7).

The token is the only key, so that it is neither logged nor told apart from another wrong one by the answer's words.
What comes back is a hub's challenge, which an attacker may have chosen: plain text that nothing renders.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from feedhub.model import HubQuestion
from feedhub.ports import Arrival, Pushes, Receipt
from feedhub.serve.parts import ServeParts

LONGEST_TOKEN = 100
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_LATER = {"Retry-After": "60"}
_ANSWERS: Mapping[Receipt, tuple[int, str, Mapping[str, str]]] = {
    Receipt.TAKEN: (202, "Taken.", {}),
    Receipt.UNKNOWN: (404, "There is no such callback.", {}),
    Receipt.ENDED: (410, "This subscription has ended.", {}),
    Receipt.FULL: (503, "Too much is waiting; please try again.", _LATER),
    Receipt.TOO_LARGE: (413, "Too large.", {"Connection": "close"}),
    Receipt.TOO_SLOW: (408, "Too slow.", {"Connection": "close"}),
}


class WebSubRoutes:
    def __init__(self, parts: ServeParts) -> None:
        self._pushes = parts.pushes

    def routes(self) -> list[Route]:
        return [Route("/websub/{token}", self.callback, methods=["GET", "POST"])]

    async def callback(self, request: Request) -> Response:
        if self._pushes is None:
            return _said(503, "This process only serves; hubs are heard by another one.", {"Retry-After": "3600"})
        if len(request.path_params["token"]) > LONGEST_TOKEN:
            return _answer(Receipt.UNKNOWN)
        if request.method == "POST":
            return await self._deliver(request, self._pushes)
        if request.method != "GET":  # a HEAD must change nothing
            return _said(405, "Only GET and POST.", {"Allow": "GET, POST"})
        return await self._verify(request, self._pushes)

    async def _verify(self, request: Request, pushes: Pushes) -> Response:
        asked = request.query_params
        question = HubQuestion(
            mode=asked.get("hub.mode", ""),
            topic=asked.get("hub.topic", ""),
            challenge=asked.get("hub.challenge", ""),
            lease_seconds=asked.get("hub.lease_seconds", ""),
            reason=asked.get("hub.reason", ""),
        )
        receipt = await pushes.confirm(request.path_params["token"], question)
        if receipt is not Receipt.TAKEN:
            return _answer(Receipt.UNKNOWN)  # whatever was not agreed to (5.3.1)
        return PlainTextResponse("" if question.mode == "denied" else question.challenge, 200, _HEADERS)

    async def _deliver(self, request: Request, pushes: Pushes) -> Response:
        if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            return _said(415, "Deliver without a content coding.", {"Accept-Encoding": "identity"})
        try:
            receipt = await pushes.receive(request.path_params["token"], _arrival(request), request.stream())
        except ClientDisconnect:
            return _answer(Receipt.TOO_SLOW)
        return _answer(receipt)


def _arrival(request: Request) -> Arrival:
    length = request.headers.get("content-length", "")
    return Arrival(
        content_type=request.headers.get("content-type", ""),
        signature=request.headers.get("x-hub-signature", ""),
        link=", ".join(request.headers.getlist("link")),
        length=int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None,
    )


def _answer(receipt: Receipt) -> Response:
    return _said(*_ANSWERS[receipt])


def _said(status: int, words: str, headers: Mapping[str, str]) -> Response:
    return PlainTextResponse(f"{words}\n", status, {**_HEADERS, **headers})
