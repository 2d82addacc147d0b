"""From a ready document and a request's headers to an answer: conditional, encoded, with honest headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from feedhub.model import EPOCH
from feedhub.serve.conditional import Verdict, evaluate, http_date
from feedhub.serve.negotiate import by_preference
from feedhub.serve.shelf import Ready

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing runs, frames or loads from elsewhere on our pages: the words on them come from strangers."""

EVERYWHERE: Mapping[str, str] = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
"""Headers of every answer. No referrer: the address of a private feed is a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a document is handed out: what does not depend on the document or the request."""

    max_age: int = 300  # seconds
    private: bool = False
    cors: bool = False
    noindex: bool = False
    negotiated: bool = False  # the same address gives other documents to other Accept headers
    link: str = ""  # hub and self of a topic (WebSub, 4)
    location: str = ""  # Content-Location: the address of its own that a negotiated document has

    @property
    def cache_control(self) -> str:
        return f"{'private' if self.private else 'public'}, max-age={self.max_age}"


def _shared_headers(manner: Manner, modified: str) -> dict[str, str]:
    """What a 200 and its 304 have in common (RFC 9110, 15.4.5)."""
    headers = {
        "Cache-Control": manner.cache_control,
        "Vary": "Accept, Accept-Encoding" if manner.negotiated else "Accept-Encoding",
    }
    if modified:
        headers["Last-Modified"] = modified
    if manner.location:
        headers["Content-Location"] = manner.location
    if manner.noindex or manner.private:
        headers["X-Robots-Tag"] = "noindex"
    if manner.cors and not manner.private:
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = "ETag, Link" if manner.link else "ETag"
    return headers


def _codings(ready: Ready, accept: str) -> list[str]:
    """The encodings of a document, the one to send first."""
    return list(dict.fromkeys([*by_preference(accept, list(ready.encoded)), *ready.encoded]))


def _joined(request: Request) -> dict[str, str]:
    """Headers by lower-case name; a list spread over several lines is one list (RFC 9110, 5.3)."""
    joined: dict[str, str] = {}
    for name, value in request.headers.items():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def answer(request: Request, ready: Ready, manner: Manner) -> Response:
    """200, 304 or 412. Ranges are not offered, so a ``Range`` is rightly ignored (RFC 9110, 14.2)."""
    asked = _joined(request)
    codings = _codings(ready, asked.get("accept-encoding", ""))
    modified = ready.document.modified
    headers = _shared_headers(manner, "" if modified == EPOCH else http_date(modified))
    verdict, headers["ETag"] = evaluate(asked, [ready.tag(coding) for coding in codings], modified)
    if verdict is Verdict.FAILED:
        return Response(status_code=412, headers={"Cache-Control": "no-store"})
    if verdict is Verdict.NOT_MODIFIED:
        return Response(status_code=304, headers=headers)
    if coding := codings[0]:
        headers["Content-Encoding"] = coding
    headers["Content-Type"] = ready.document.media_type
    if manner.link:  # not with a 304: whoever has the document has the link
        headers["Link"] = manner.link
    if ready.document.media_type.startswith("text/html"):
        headers["Content-Security-Policy"] = PAGE_POLICY
    return Response(ready.encoded.get(coding, ready.document.body), headers=headers)


def page_answer(html: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A page that is no document of its own: not found, gone, refused."""
    fixed = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return Response(html, status, {**fixed, **(headers or {})}, media_type="text/html; charset=utf-8")
