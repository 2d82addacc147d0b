"""The library's errors -> our failures, each with one sentence that names nothing secret."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator

import aiohttp
from aiohttp import http_exceptions

from feedhub.fetch.guard import MESSAGE
from feedhub.fetch.refusal import Refused
from feedhub.model import Failure


class ForbiddenAddress(OSError):
    """Raised by the socket factory: the guard refuses this address."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, MESSAGE)


class Broken(aiohttp.ClientError):
    """Stands for an error after which the library would send the request a second time by itself."""


def refusal_of(error: BaseException) -> Refused:
    """What the operator is told about an error of the library.

    The most telling error of the chain of causes counts: libraries wrap.
    """
    chain = list(_chain(error))
    if any("Too many headers" in str(link) for link in chain if isinstance(link, http_exceptions.BadHttpMessage)):
        return Refused(Failure.TOO_LARGE, "The answer has too many headers.")
    for kinds, failure, detail in _TABLE:
        if any(isinstance(link, kinds) for link in chain):
            return Refused(failure, detail)
    return Refused(Failure.PROTOCOL, f"The exchange failed in an unknown way ({type(chain[-1]).__name__}).")


_Row = tuple[tuple[type[BaseException], ...], Failure, str]

_TABLE: tuple[_Row, ...] = (
    ((ForbiddenAddress,), Failure.FORBIDDEN_ADDRESS, MESSAGE),
    (
        (ssl.SSLCertVerificationError, ssl.CertificateError),
        Failure.TLS,
        "The server's certificate is not valid for this host.",
    ),
    ((ssl.SSLError, aiohttp.ClientSSLError), Failure.TLS, "No secure connection could be made."),
    ((http_exceptions.LineTooLong,), Failure.TOO_LARGE, "A header of the answer is too long."),
    ((aiohttp.ConnectionTimeoutError,), Failure.TIMEOUT, "No connection was made in time."),
    ((TimeoutError,), Failure.TIMEOUT, "The server took too long."),
    ((aiohttp.ClientConnectorDNSError,), Failure.DNS, "The name could not be resolved."),
    ((aiohttp.ClientConnectorError,), Failure.CONNECT, "No connection could be made."),
    ((http_exceptions.ContentEncodingError,), Failure.BAD_ENCODING, "The answer's content coding is damaged."),
    (
        (aiohttp.ClientPayloadError,),
        Failure.CONNECT,
        "The answer ended before it was complete.",
    ),
    (
        (aiohttp.ClientResponseError, http_exceptions.HttpProcessingError),
        Failure.PROTOCOL,
        "What the server sent is not HTTP.",
    ),
    (
        (aiohttp.ServerDisconnectedError,),
        Failure.CONNECT,
        "The server closed the connection without an answer.",
    ),
    (
        (aiohttp.ClientConnectionError, ConnectionError, OSError),
        Failure.CONNECT,
        "The connection broke.",
    ),
    ((aiohttp.InvalidURL,), Failure.FORBIDDEN_ADDRESS, MESSAGE),
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        inner = getattr(link, "os_error", None)
        if isinstance(inner, BaseException):
            yield inner
        link = link.__cause__ or link.__context__
