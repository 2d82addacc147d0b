"""The fetcher on aiohttp: one polite, bounded, guarded exchange a hop (standards, part 1)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from functools import partial
from io import BytesIO
from time import monotonic
from traceback import extract_tb
from types import SimpleNamespace
from typing import TypeVar

import aiohttp
import yarl
from aiohttp.abc import AbstractResolver

from feedhub.fetch.aiohttp_errors import Broken, ForbiddenAddress, refusal_of
from feedhub.fetch.challenge import LOOK_AT
from feedhub.fetch.conclusion import WHOLE, Reply, conclude
from feedhub.fetch.decoding import Body, Bounds, too_large
from feedhub.fetch.dns_resolver import RememberingResolver, SystemResolver
from feedhub.fetch.freshness import freshness_of
from feedhub.fetch.guard import MESSAGE, ports_of, verdict
from feedhub.fetch.headers import Headers, content_type_of, is_file, request_headers
from feedhub.fetch.hosts import Hosts, manners_of
from feedhub.fetch.redirects import FOLLOWED, Journey, begin, next_hop
from feedhub.fetch.refusal import Refused, Resting, failure_of, permitted
from feedhub.fetch.registrable import registrable
from feedhub.fetch.submission import form_body, form_headers, hub_reply, next_hub, require_secrecy
from feedhub.fetch.urls import Target, may_share_secrets, target_of
from feedhub.fetch.user_agent import user_agent
from feedhub.logs import get_logger
from feedhub.model import Failure, FetchFailed, FetchResult, Freshness, HubForm, HubReply, Request
from feedhub.ports import Clock
from feedhub.ports.hub import Addressee, Call, Called
from feedhub.settings import Polling

GLANCE = 5.0
"""Most seconds spent on the body of an answer that is no success, to see whether it is a challenge page."""

LARGE = 2**19
"""Bytes from which the library wants a body as a file, to send it in pieces."""

T = TypeVar("T")
Reader = Callable[[aiohttp.ClientResponse], Awaitable[Reply]]

_guarded: ContextVar[list[str]] = ContextVar("addresses that the guard refused during this exchange")
_at_home: ContextVar[bool] = ContextVar("whether this exchange is one with our own samples", default=False)


class AiohttpFetcher:
    """Asks servers. Every expected outcome is a value; it raises only on cancellation.

    Waiting for a turn counts for no time limit. A host that rests (it sent 429 or 503, or is down for several
    sources) is not asked: the result then says ``asked=False`` and ``freshness.retry_at``.

    :param contact: URL or mail address of the operator, for the User-Agent; may be empty.
    :param resolver: how names are looked up; by default the system's way. Closed together with the fetcher.
    :param ssl_context: whom to trust; by default the system's authorities.
    :param hosts: what is remembered of hosts, shared by the fetchers of one process; by default its own.
    :param own_endpoints: addresses and ports at which this very program serves its samples; the guard lets them pass.
    """

    def __init__(
        self,
        polling: Polling,
        *,
        contact: str,
        version: str,
        clock: Clock,
        resolver: AbstractResolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
        hosts: Hosts | None = None,
        own_endpoints: frozenset[tuple[str, int]] = frozenset(),
    ) -> None:
        self._polling = polling
        self._own = own_endpoints
        self._contact = contact
        self._version = version
        self._clock = clock
        self._ssl = ssl_context
        self._ports = ports_of(polling.ports)
        self._resolver = RememberingResolver(
            resolver or SystemResolver(), timeout=polling.timeouts.dns.total_seconds(), now=monotonic
        )
        self._hosts = hosts or Hosts()
        self._gate = self._hosts.gate(manners_of(polling))
        self._rests = self._hosts.rests
        self._session: aiohttp.ClientSession | None = None
        self._old_sessions: list[aiohttp.ClientSession] = []
        self._closed = False
        self._log = get_logger("fetch")

    async def fetch(self, request: Request) -> FetchResult:
        """One conditional GET with its redirects."""
        watch = _Watch(self._polling.timeouts.total.total_seconds())
        result = await self._valued(self._follow(request, watch))
        return replace(result, elapsed=round(watch.spent, 6))

    async def submit(self, form: HubForm) -> HubReply:
        """One POST to a hub (:class:`feedhub.ports.HubCaller`), forwarded by 307 and 308 only."""
        return await self._valued(self._post(form, _Watch(self._polling.timeouts.total.total_seconds())))

    def addressee(self, url: str) -> Addressee | FetchFailed:
        """As :class:`feedhub.ports.hub.Courier` says."""
        try:
            target = target_of(url)
            self._refuse_the_forbidden(target)
        except Refused as refused:
            return failure_of(refused)
        return Addressee(host=target.host, domain=registrable(target.host))

    async def call(self, call: Call) -> Called | FetchFailed:
        """One exchange with a callback (:class:`feedhub.ports.hub.Courier`). It takes no turn and rests no host: strangers
        name callbacks, and must not be able to keep us from polling somebody's host."""
        return await self._valued(self._call(call))

    async def _valued(self, result: Awaitable[T]) -> T | FetchFailed:
        """The promise is that only cancellation is raised. Messages of libraries may hold URLs: only the place is said."""
        try:
            return await result
        except Refused as refused:
            return failure_of(refused)
        except Exception as error:
            place = extract_tb(error.__traceback__)[-1]
            self._log.error(
                "fetch.failed_unforeseen", error=type(error).__name__, at=f"{place.filename}:{place.lineno}"
            )
            return failure_of(refusal_of(error))

    def adopt(self, polling: Polling, *, contact: str, own_endpoints: frozenset[tuple[str, int]] = frozenset()) -> None:
        """Ask by these settings from now on; what is remembered of hosts stays, so that a reload is no excuse."""
        before, self._polling = self._polling, polling
        self._contact, self._own = contact, own_endpoints
        self._ports = ports_of(polling.ports)
        self._resolver.timeout = polling.timeouts.dns.total_seconds()
        self._hosts.gate(manners_of(polling))
        if self._session is not None and _session_needs(polling) != _session_needs(before):
            self._old_sessions.append(self._session)  # exchanges in flight end there; connections are not kept anyway
            self._session = None

    async def close(self) -> None:
        """End what is in flight and give everything back. A fetch after this fails at once."""
        self._closed = True
        for session in [*self._old_sessions, *([self._session] if self._session else [])]:
            await session.close()
        await asyncio.sleep(0)  # transports end in the loop's next turn
        await self._resolver.close()

    # ------------------------------------------------------------ one request, hop by hop

    async def _follow(self, request: Request, watch: _Watch) -> FetchResult:
        journey = begin(request.url)
        wait: datetime | None = None
        led = 0  # the status that led to this hop
        while True:
            try:
                fields = self._fields(request, journey)
                reply = await self._ask(request, journey, fields, watch)
                freshness = self._freshness(reply, wait)
                wait = freshness.retry_at
                if reply.status not in FOLLOWED:
                    return conclude(request, journey, reply, freshness, conditional="A-IM" in fields)
                led, location = reply.status, reply.headers.first("location")
                journey = next_hop(journey, reply.status, location, self._polling.limits.redirects)
                request = await permitted(request, journey.target.url)
            except Refused as refused:
                refused.until = refused.until or wait
                refused.status = refused.status or (led if isinstance(refused, Resting) else 0)
                raise

    async def _post(self, form: HubForm, watch: _Watch) -> HubReply:
        journey, body = begin(form.url), form_body(form)
        fields = form_headers(user_agent(self._version, self._contact, 1))
        while True:
            require_secrecy(form, journey.target, self._polling.allow_networks)
            reply = await self._ask(Request(url=form.url), journey, fields, watch, body)
            if reply.status not in FOLLOWED:
                return hub_reply(form, reply, self._freshness(reply, None))
            journey = next_hub(journey, reply, self._polling.limits.redirects)

    async def _call(self, call: Call) -> Called:
        _at_home.set(False)
        target = target_of(call.url)
        self._refuse_the_forbidden(target)
        if self._closed:
            raise Resting(Failure.CONNECT, "FeedHub is stopping; nothing was sent.")
        fields = {
            "User-Agent": user_agent(self._version, self._contact, 1),
            "Accept": "*/*",
            "Accept-Encoding": "identity",
        }
        fields |= call.headers
        body = call.body if call.method == "POST" else None
        reply = await self._exchange(target, fields, call.within, body, partial(self._some, most=call.most))
        retry_at = self._freshness(reply, None).retry_at
        return Called(status=reply.status, body=reply.body, retry_at=retry_at)

    def _fields(self, request: Request, journey: Journey) -> dict[str, str]:
        home = target_of(request.home) if request.home not in {"", request.url} else journey.start
        try:
            return request_headers(
                journey.written,
                agent=user_agent(self._version, self._contact, request.subscribers),
                validators=request.validators,
                custom=request.headers,
                credentials=journey.start.credentials or home.credentials,
                loyal=journey.loyal and may_share_secrets(home, journey.start),
            )
        except ValueError as error:
            raise Refused(Failure.PROTOCOL, f"Nothing was asked: {error}.") from error

    def _freshness(self, reply: Reply, wait: datetime | None) -> Freshness:
        """Of this reply, with the Retry-After of the redirects before it."""
        polling = self._polling
        freshness = freshness_of(
            reply.status,
            reply.headers,
            self._clock(),
            hint_max=polling.hint_max,
            retry_after_max=polling.retry_after_max,
        )
        if wait is None or (freshness.retry_at and freshness.retry_at > wait):
            return freshness
        return replace(freshness, retry_at=wait)

    async def _ask(
        self, request: Request, journey: Journey, fields: dict[str, str], watch: _Watch, form: bytes | None = None
    ) -> Reply:
        """Wait for the host's turn, then exchange; what came of it is remembered for the host."""
        target = journey.target
        # Only who asks for a sample gets there: no redirect of others, and no name that turns to this address.
        _at_home.set({self._place(journey.start), self._place(target)} <= self._own)
        self._refuse_the_forbidden(target)
        self._leave_resting_hosts_alone(target, request)
        try:
            address = await self._address(target)
            async with self._gate.turn(target.host.rstrip("."), address, self._domain(target), request.pause):
                self._leave_resting_hosts_alone(target, request)
                with watch:
                    read = partial(self._read, beside=request.beside) if form is None else self._glance
                    reply = await self._exchange(target, fields, watch.left, form, read)
        except Resting:
            raise
        except Refused as refused:
            self._rests.failed(target.authority, target.url, refused.failure, self._clock(), self._polling.backoff)
            raise
        self._remember(request, target, reply)
        return reply

    def _refuse_the_forbidden(self, target: Target) -> None:
        """What is known before a look-up is judged at once, also for the sake of the host's turn and its record."""
        address = str(target.address) if target.address else None
        refused = self._verdict(address, target.port)
        if refused:
            raise Refused(Failure.FORBIDDEN_ADDRESS, refused)

    @staticmethod
    def _place(target: Target) -> tuple[str, int]:
        return target.host, target.port

    def _verdict(self, address: str | None, port: int) -> str | None:
        if _at_home.get() and (address, port) in self._own:
            return None
        return verdict(address, port, self._polling.allow_networks, self._ports)

    def _leave_resting_hosts_alone(self, target: Target, request: Request) -> None:
        if self._closed:
            raise Resting(Failure.CONNECT, "FeedHub is stopping; nothing was sent.")
        rest = self._rests.resting(target.authority, self._clock(), beside=request.beside)
        if rest:
            raise Resting(rest.failure, rest.detail, until=rest.until)

    def _domain(self, target: Target) -> str:
        return registrable(target.host) if self._polling.domain_gap and not target.address else ""

    async def _address(self, target: Target) -> str:
        if target.address:
            return str(target.address)
        return await self._resolver.first_address(target.host, target.port)

    def _remember(self, request: Request, target: Target, reply: Reply) -> None:
        now = self._clock()
        retry_at = self._freshness(reply, None).retry_at
        if reply.status in {429, 503}:
            self._rests.busy(target.authority, target.url, now, retry_at, self._polling.backoff)
            return
        if retry_at is not None and request.beside and reply.status not in FOLLOWED:
            self._rests.later(target.authority, now, retry_at)
        if reply.status >= 500:
            self._rests.failed(target.authority, target.url, Failure.SERVER, now, self._polling.backoff)
        elif reply.status < 400 and reply.status not in FOLLOWED:  # what a redirect leads to will tell
            self._rests.answered(target.authority, target.url, now)

    # ------------------------------------------------------------ one exchange

    async def _exchange(
        self, target: Target, fields: dict[str, str], left: float, form: bytes | None, read: Reader
    ) -> Reply:
        refused_by_guard: list[str] = []
        _guarded.set(refused_by_guard)
        try:
            async with (
                _within(left, "The whole exchange took too long."),
                self._answer(target, fields, form) as answer,
            ):
                return await read(answer)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if refused_by_guard and isinstance(error, aiohttp.ClientConnectorError):
                raise Refused(Failure.FORBIDDEN_ADDRESS, MESSAGE) from error
            raise refusal_of(error) from error

    @asynccontextmanager
    async def _answer(
        self, target: Target, fields: dict[str, str], form: bytes | None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a GET, or to a POST of this form, with its head read. Its time limit starts when the request has been sent."""
        async with _within(None, "The server sent no answer in time.") as first_byte:
            answer = await self._open_session().request(
                "GET" if form is None else "POST",
                yarl.URL(target.url, encoded=True),
                headers=fields,
                data=form if form is None or len(form) < LARGE else BytesIO(form),
                allow_redirects=False,
                trace_request_ctx=first_byte,
            )
        try:
            yield answer
        finally:
            answer.close()

    async def _read(self, answer: aiohttp.ClientResponse, beside: bool) -> Reply:
        headers = Headers.of(answer.raw_headers)
        if headers.size > self._polling.limits.header_bytes:
            raise too_large("The headers of the answer are too large.")
        if answer.status in WHOLE or answer.status == 226:
            if beside and is_file(content_type_of(headers)[0]):
                raise Refused(Failure.NOT_A_FEED, "It is a file and no page; it was not read.", status=answer.status)
            body = await self._whole(answer, headers)
            return Reply(status=answer.status, headers=headers, body=body.finish(), wire_bytes=body.wire)
        beginning = await self._beginning(answer, headers) if answer.status >= 400 or answer.status == 202 else b""
        return Reply(status=answer.status, headers=headers, body=beginning)

    async def _glance(self, answer: aiohttp.ClientResponse) -> Reply:
        """A hub's answer: its status, and the begin of what it says about a refusal in plain text."""
        headers = Headers.of(answer.raw_headers)
        body = await self._beginning(answer, headers, "text/plain") if answer.status >= 400 else b""
        return Reply(status=answer.status, headers=headers, body=body)

    async def _some(self, answer: aiohttp.ClientResponse, most: int) -> Reply:
        """The first bytes of an answer, as they were sent; one more than ``most`` shows that it is longer."""
        body = b""
        async for piece in answer.content.iter_chunked(most + 1) if most else _nothing():
            body += piece
            if len(body) > most:
                break
        return Reply(status=answer.status, headers=Headers.of(answer.raw_headers), body=body[: most + 1])

    async def _whole(self, answer: aiohttp.ClientResponse, headers: Headers) -> Body:
        limits = self._polling.limits
        if (answer.content_length or 0) > limits.wire_bytes:
            raise too_large(f"The answer is larger than {limits.wire_bytes:,} bytes.")
        bounds = Bounds(wire=limits.wire_bytes, decoded=limits.decoded_bytes, ratio=limits.ratio)
        body = Body(headers.joined("content-encoding"), bounds)
        pause = self._polling.timeouts.read.total_seconds()
        now = asyncio.get_running_loop().time
        async with _within(pause, "The answer stopped in the middle.") as quiet:
            async for piece in answer.content.iter_any():
                body.add(piece)
                quiet.reschedule(now() + pause)
        return body

    async def _beginning(self, answer: aiohttp.ClientResponse, headers: Headers, kind: str = "html") -> bytes:
        """As much of an unsuccessful answer's page as is looked at. Whatever goes wrong here, the status says more."""
        if kind not in content_type_of(headers)[0]:
            return b""
        with suppress(Refused, aiohttp.ClientError, OSError):
            bounds = Bounds(wire=LOOK_AT, decoded=LOOK_AT, ratio=self._polling.limits.ratio)
            body = Body(headers.joined("content-encoding"), bounds)
            with suppress(Refused, aiohttp.ClientError, OSError):
                async with _within(
                    min(GLANCE, self._polling.timeouts.read.total_seconds()), "The page came too slowly."
                ):
                    async for piece in answer.content.iter_any():
                        body.add(piece)
            return body.so_far
        return b""

    # ------------------------------------------------------------ the session

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeouts = self._polling.timeouts
            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                max_headers=self._polling.limits.headers,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=timeouts.connect.total_seconds()),
                middlewares=(_only_once,),
                trace_configs=[_first_byte_trace(timeouts.first_byte.total_seconds())],
            )
        return self._session

    def _connector(self) -> aiohttp.TCPConnector:
        # Connections are not kept: an idle TLS connection costs a quarter of a megabyte, and a host is asked seldom.
        return aiohttp.TCPConnector(
            limit=0,
            force_close=True,
            use_dns_cache=False,
            resolver=self._resolver,
            socket_factory=self._guarded_socket,
            ssl=self._ssl if self._ssl is not None else True,
        )

    def _guarded_socket(self, addr_info: aiohttp.AddrInfoType) -> socket.socket:
        """A socket for this very address; called for each attempt to connect, literal or looked up."""
        family, kind, protocol, _, place = addr_info
        address = str(place[0])
        if self._verdict(address, int(place[1])):
            _guarded.get([]).append(address)
            raise ForbiddenAddress
        return socket.socket(family=family, type=kind, proto=protocol)


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


def _session_needs(polling: Polling) -> tuple[object, ...]:
    """What a session of the library is built with and keeps for life."""
    return polling.limits.headers, polling.timeouts.connect, polling.timeouts.first_byte


class _Watch:
    """Adds up the seconds spent in exchanges; waiting for turns is left out."""

    def __init__(self, total: float) -> None:
        self.spent = 0.0
        self._total = total
        self._since = 0.0

    @property
    def left(self) -> float:
        return max(self._total - self.spent, 0.0)

    def __enter__(self) -> None:
        self._since = monotonic()

    def __exit__(self, *_: object) -> None:
        self.spent += monotonic() - self._since


@asynccontextmanager
async def _within(seconds: float | None, otherwise: str) -> AsyncIterator[asyncio.Timeout]:
    """A time limit of its own: only its own expiry becomes ``Refused``, with this sentence."""
    timer = asyncio.timeout(seconds)
    try:
        async with timer:
            yield timer
    except TimeoutError as error:
        if not timer.expired():
            raise
        raise Refused(Failure.TIMEOUT, otherwise) from error


async def _only_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp sends a GET again when the server closes the connection; the gate must see every request."""
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise Broken("not asked again") from error


def _first_byte_trace(seconds: float) -> aiohttp.TraceConfig:
    async def sent(
        _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestHeadersSentParams
    ) -> None:
        timer: asyncio.Timeout = context.trace_request_ctx
        timer.reschedule(asyncio.get_running_loop().time() + seconds)

    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(sent)
    return trace
