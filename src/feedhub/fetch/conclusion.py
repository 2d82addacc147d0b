"""The last reply of a fetch -> its result. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus

from feedhub.fetch.challenge import challenge
from feedhub.fetch.headers import Headers, content_type_of, links_of, merged, validators_of
from feedhub.fetch.redirects import Journey
from feedhub.model import Digest, Failure, Fetched, FetchFailed, FetchResult, Freshness, NotModified, Request

_FAILURES = {
    401: Failure.NEEDS_CREDENTIALS,
    403: Failure.FORBIDDEN,
    404: Failure.NOT_FOUND,
    407: Failure.NEEDS_CREDENTIALS,
    410: Failure.GONE,
    429: Failure.RATE_LIMITED,
    451: Failure.LEGAL,
}
WHOLE = frozenset({200, 203})
_BLANK = b" \t\r\n\x0b\x0c\x00"
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer. ``body`` is decoded; of an answer that is no success it may be only the beginning."""

    status: int
    headers: Headers
    body: bytes = b""
    wire_bytes: int = 0


def conclude(
    request: Request, journey: Journey, reply: Reply, freshness: Freshness, *, conditional: bool
) -> FetchResult:
    """What the caller gets. ``conditional``: validators were sent with the request that this reply answers."""
    if reply.status == HTTPStatus.NOT_MODIFIED:
        return _unchanged(request, journey, reply, freshness, conditional)
    media_type, charset = content_type_of(reply.headers)
    service = challenge(reply.status, reply.headers, media_type, reply.body)
    if service:
        detail = f"The server wants a browser: a page of {service} came instead of the document."
        return failed(Failure.BLOCKED, detail, reply, freshness)
    if reply.status in WHOLE or reply.status == HTTPStatus.IM_USED:
        problem = _partial_problem(reply, conditional)
        if problem:
            return failed(Failure.PROTOCOL, problem, reply, freshness)
        if is_blank(reply.body):
            return failed(Failure.EMPTY, "The answer has no content.", reply, freshness)
        return _fetched(journey, reply, freshness, media_type, charset)
    return failed(*_status_failure(reply.status), reply, freshness)


def failed(failure: Failure, detail: str, reply: Reply, freshness: Freshness) -> FetchFailed:
    return FetchFailed(failure=failure, detail=detail, status=reply.status, freshness=freshness)


def is_blank(body: bytes) -> bool:
    """Nothing but white space, NUL bytes and a byte order mark."""
    for mark in _MARKS:
        body = body.removeprefix(mark)
    return not body.strip(_BLANK)


def _unchanged(
    request: Request, journey: Journey, reply: Reply, freshness: Freshness, conditional: bool
) -> FetchResult:
    if not conditional:
        return failed(Failure.PROTOCOL, "The server answered 304 to a request without conditions.", reply, freshness)
    answer = validators_of(reply.headers, journey.written)
    return NotModified(validators=merged(request.validators, answer), freshness=freshness, move=journey.move)


def _fetched(journey: Journey, reply: Reply, freshness: Freshness, media_type: str, charset: str | None) -> Fetched:
    return Fetched(
        url=journey.target.url,
        status=reply.status,
        body=reply.body,
        body_digest=Digest(blake2b(reply.body, digest_size=16).digest()),
        content_type=media_type,
        charset=charset,
        validators=validators_of(reply.headers, journey.written),
        freshness=freshness,
        move=journey.move,
        links=links_of(reply.headers, journey.target.url),
        partial=reply.status == HTTPStatus.IM_USED,
        wire_bytes=reply.wire_bytes,
    )


def _partial_problem(reply: Reply, conditional: bool) -> str | None:
    """226 must answer a request for it, and with the manipulation that was asked for (RFC 3229, 10.4.1 and 10.5.2)."""
    if reply.status != HTTPStatus.IM_USED:
        return None
    if not conditional:
        return "The server answered 226 to a request without conditions."
    used = {item.partition(";")[0].strip().lower() for item in reply.headers.joined("im").split(",")} - {""}
    return None if used <= {"feed"} else "The server answered 226 with a manipulation that was not asked for."


def _status_failure(status: int) -> tuple[Failure, str]:
    if status in {HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT}:
        return Failure.EMPTY, f"The server answered {_phrase(status)}."
    if status == HTTPStatus.PARTIAL_CONTENT:
        return Failure.PROTOCOL, "The server answered with a part (206) that was not asked for."
    usual = Failure.SERVER if 500 <= status <= 599 else Failure.HTTP
    return _FAILURES.get(status, usual), f"The server answered {_phrase(status)}."


def _phrase(status: int) -> str:
    """Our own words for a status; the server's are not trusted."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
