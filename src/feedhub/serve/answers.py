"""From a ready document and a request's headers to an answer: conditional, encoded, with honest headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from feedhub.model import EPOCH, Document
from feedhub.serve.conditional import Verdict, evaluate, http_date
from feedhub.serve.negotiate import by_preference
from feedhub.serve.shelf import Ready
from feedhub.settings import Feeds

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing runs, frames or loads from elsewhere on our pages: the words on them come from strangers."""

EVERYWHERE: Mapping[str, str] = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
"""Headers of every answer. No referrer: the address of a private feed is a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a document is handed out: what does not depend on the document or the request."""

    max_age: int = 0  # seconds; 0: as fits the document's rhythm
    least: int = 300  # bounds of what fits it, in seconds
    most: int = 300
    private: bool = False
    cors: bool = False
    noindex: bool = False
    negotiated: bool = False  # the same address gives other documents to other Accept headers
    deltas: bool = False  # the same address tells only what is new to who asks with A-IM
    link: str = ""  # hub and self of a topic (WebSub, 4)
    location: str = ""  # Content-Location: the address of its own that a negotiated document has

    @classmethod
    def of(cls, feeds: Feeds) -> Manner:
        bounds = feeds.max_age
        return cls(noindex=feeds.noindex, least=int(bounds.min.total_seconds()), most=int(bounds.max.total_seconds()))

    def age(self, document: Document) -> int:
        """Seconds: a quarter of a feed's rhythm, within bounds. A cache then delays an entry by an eighth of it on average."""
        return self.max_age or max(self.least, min(document.rhythm // 4, self.most))

    def cache_control(self, document: Document) -> str:
        return f"{'private' if self.private else 'public'}, max-age={self.age(document)}"


_VARY = {
    (False, False): "Accept-Encoding",
    (False, True): "A-IM, Accept-Encoding",
    (True, False): "Accept, Accept-Encoding",
    (True, True): "A-IM, Accept, Accept-Encoding",
}


def _shared_headers(manner: Manner, document: Document) -> dict[str, str]:
    """What a 200 and its 304 have in common (RFC 9110, 15.4.5)."""
    headers = {
        "Cache-Control": manner.cache_control(document),
        "Vary": _VARY[manner.negotiated, manner.deltas],
    }
    if document.modified != EPOCH:
        headers["Last-Modified"] = http_date(document.modified)
    if manner.location:
        headers["Content-Location"] = manner.location
    if manner.noindex or manner.private:
        headers["X-Robots-Tag"] = "noindex"
    if manner.cors and not manner.private:
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = "ETag, IM, Link" if manner.link else "ETag, IM"
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
    headers = _shared_headers(manner, ready.document)
    tags = [ready.tag(coding) for coding in codings]
    verdict, headers["ETag"] = evaluate(asked, tags, ready.document.modified)
    if verdict is Verdict.FAILED:
        return Response(status_code=412, headers={"Cache-Control": "no-store"})
    if verdict is Verdict.NOT_MODIFIED:
        return Response(status_code=304, headers=headers)
    return _whole(ready, codings[0], headers, manner)


def _whole(ready: Ready, coding: str, headers: dict[str, str], manner: Manner, status: int = 200) -> Response:
    if coding:
        headers["Content-Encoding"] = coding
    headers["Content-Type"] = ready.document.media_type
    if manner.link:  # not with a 304: whoever has the document has the link
        headers["Link"] = manner.link
    if ready.document.media_type.startswith("text/html"):
        headers["Content-Security-Policy"] = PAGE_POLICY
    return Response(ready.encoded.get(coding, ready.document.body), status, headers=headers)


def delta_answer(request: Request, ready: Ready, manner: Manner, base: str) -> Response:
    """226 with what is new since the version tagged ``base`` (RFC 3229, 10.5). No cache may take it for the whole.

    ``ready`` holds the new entries and has the tag of the whole, which the reader knows from now on.
    """
    coding = _codings(ready, _joined(request).get("accept-encoding", ""))[0]
    headers = _shared_headers(manner, ready.document)
    headers |= {"Cache-Control": "no-store", "ETag": ready.tag(coding), "IM": "feed", "Delta-Base": base}
    return _whole(ready, coding, headers, manner, 226)


def page_answer(html: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A page that is no document of its own: not found, gone, refused."""
    fixed = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return Response(html, status, {**fixed, **(headers or {})}, media_type="text/html; charset=utf-8")
