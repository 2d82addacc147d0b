"""Servers that lie, flood, drip, break off or lead astray: each has its failure, and none costs more than its bound."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import socket
import ssl
import subprocess
import sys
import time
import tracemalloc
import zlib
from datetime import timedelta
from ipaddress import ip_network
from itertools import count
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest

from feedhub.fetch.guard import MESSAGE
from feedhub.model import Failure, Fetched, Request
from feedhub.settings import Limits
from support.fetching import QUICK, FixedResolver, failed, fetched, fetcher, polling
from support.hostile import HostileServer, Wire, answer
from support.require import missing

FEED = b"<rss version='2.0'><channel><title>x</title></channel></rss>"
OK = b"HTTP/1.1 200 OK\r\n"
HASTY = QUICK.model_copy(
    update={
        "connect": timedelta(seconds=0.4),
        "first_byte": timedelta(seconds=0.4),
        "read": timedelta(seconds=0.4),
        "total": timedelta(seconds=1.2),
    }
)


# ---------------------------------------------------------------- not HTTP, cut off, too much

BROKEN = {
    "garbage": (b"hello world\r\n\r\n", Failure.PROTOCOL),
    "http 0.9": (FEED, Failure.PROTOCOL),
    "a TLS alert": (b"\x15\x03\x01\x00\x02\x02\x46", Failure.PROTOCOL),
    "no status": (b"HTTP/1.1 OK\r\n\r\n", Failure.PROTOCOL),
    "nothing": (b"", Failure.CONNECT),
    "half a head": (b"HTTP/1.1 200 OK\r\nETag: ", Failure.CONNECT),
    "length too long": (OK + b"Content-Length: 500\r\n\r\n" + FEED, Failure.CONNECT),
    "length no number": (OK + b"Content-Length: many\r\n\r\n" + FEED, Failure.PROTOCOL),
    "negative length": (OK + b"Content-Length: -1\r\n\r\n" + FEED, Failure.PROTOCOL),
    "two lengths": (OK + b"Content-Length: 5\r\nContent-Length: 50\r\n\r\n" + FEED, Failure.PROTOCOL),
    "length and chunks": (
        OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        Failure.PROTOCOL,
    ),
    "chunks without end": (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", Failure.CONNECT),
    "chunk cut short": (OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc", Failure.CONNECT),
    "chunk size no number": (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", Failure.PROTOCOL),
    "too many headers": (
        OK + b"".join(b"X-%d: a\r\n" % number for number in range(5000)) + b"\r\n",
        Failure.TOO_LARGE,
    ),
    "a header too long": (OK + b"X: " + b"a" * 9000 + b"\r\n\r\n", Failure.TOO_LARGE),
    "a status line too long": (b"HTTP/1.1 200 " + b"a" * 9000 + b"\r\n\r\n", Failure.TOO_LARGE),
    "headers too large together": (
        OK + b"".join(b"X-%d: %b\r\n" % (number, b"a" * 7000) for number in range(12)) + b"\r\n",
        Failure.TOO_LARGE,
    ),
    "length above the bound": (OK + b"Content-Length: 10000001\r\n\r\n", Failure.TOO_LARGE),
    "unknown coding": (answer(200, FEED, Content_Encoding="zstd"), Failure.BAD_ENCODING),
    "two codings": (answer(200, FEED, Content_Encoding="gzip, br"), Failure.BAD_ENCODING),
    "two codings in two lines": (answer(200, FEED, Content_Encoding=["gzip", "gzip"]), Failure.BAD_ENCODING),
    "plain text as gzip": (answer(200, FEED, Content_Encoding="gzip"), Failure.BAD_ENCODING),
    "plain text as brotli": (answer(200, FEED, Content_Encoding="br"), Failure.BAD_ENCODING),
    "plain text as deflate": (answer(200, FEED, Content_Encoding="deflate"), Failure.BAD_ENCODING),
    "gzip cut short": (answer(200, gzip.compress(FEED)[:-5], Content_Encoding="gzip"), Failure.BAD_ENCODING),
    "gzip with a wrong checksum": (
        answer(200, gzip.compress(FEED)[:-8] + b"\0" * 8, Content_Encoding="gzip"),
        Failure.BAD_ENCODING,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_answer_has_its_failure_and_is_not_asked_again(name: str) -> None:
    sent, failure = BROKEN[name]
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", lambda wire: wire.send(sent)) if not sent else server.route("/feed", sent)
        result = failed(await ours.fetch(Request(url=url)), failure)
    assert len(server.requests) == 1
    assert "127.0.0.1" not in result.detail
    assert result.detail.endswith(".")


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(FEED)),
        ("x-gzip", gzip.compress(FEED)),
        ("GZip", gzip.compress(FEED[:9]) + gzip.compress(FEED[9:]) + b"\0" * 20),
        ("deflate", zlib.compress(FEED)),
        ("deflate", zlib.compress(FEED)[2:-4]),
        ("br", brotli.compress(FEED)),
        ("identity", FEED),
    ],
    # Named here, for gzip writes the time into its head: every process would collect the test under another name.
    ids=["gzip", "x-gzip", "two members and padding", "zlib", "bare deflate", "br", "identity"],
)
async def test_codings_that_we_ask_for_are_undone(coding: str, body: bytes) -> None:
    async def drip(wire: Wire) -> None:
        await wire.send(OK + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (coding.encode(), len(body)))
        for position in range(len(body)):
            await wire.send(body[position : position + 1])

    async with HostileServer() as server, fetcher() as ours:
        result = fetched(await ours.fetch(Request(url=server.route("/feed", drip))))
    assert result.body == FEED
    assert result.wire_bytes == len(body)


async def test_a_body_that_ends_with_the_connection_is_whole() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", b"HTTP/1.0 200 OK\r\n\r\n" + FEED)
        assert fetched(await ours.fetch(Request(url=url))).body == FEED


async def test_early_hints_are_not_the_answer() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", b"HTTP/1.1 103 Early Hints\r\nLink: <a>; rel=b\r\n\r\n" + answer(200, FEED))
        assert fetched(await ours.fetch(Request(url=url))).links == {}


@pytest.mark.parametrize("sent", [b"", OK, OK + b"Content-Length: 500\r\n\r\n" + FEED])
async def test_a_reset_is_a_failure_and_never_half_a_body(sent: bytes) -> None:
    async def reset(wire: Wire) -> None:
        await wire.send(sent)
        wire.reset()

    async with HostileServer() as server, fetcher() as ours:
        failed(await ours.fetch(Request(url=server.route("/feed", reset))), Failure.CONNECT)
    assert len(server.requests) == 1


# ---------------------------------------------------------------- endless and slow


async def test_an_endless_body_ends_at_the_bound() -> None:
    async def endless(wire: Wire) -> None:
        await wire.send(OK + b"\r\n")
        for _ in count():
            await wire.send(b"<item>" * 10_000)

    async with HostileServer() as server, fetcher(polling(limits=Limits(wire_bytes=1_000_000))) as ours:
        failed(await ours.fetch(Request(url=server.route("/feed", endless))), Failure.TOO_LARGE)


async def _silence(wire: Wire) -> None:
    await wire.reader.read()


async def _drip_head(wire: Wire) -> None:
    await wire.send(OK)
    for number in count():
        await wire.send(b"X-%d: a\r\n" % number)
        await asyncio.sleep(0.05)


async def _stop_in_body(wire: Wire) -> None:
    await wire.send(OK + b"Content-Length: 500\r\n\r\n" + FEED)
    await wire.reader.read()


async def _drip_body(wire: Wire) -> None:
    await wire.send(OK + b"Content-Length: 50000\r\n\r\n")
    for _ in count():
        await wire.send(b"x")
        await asyncio.sleep(0.05)


async def _hints_for_ever(wire: Wire) -> None:
    for _ in count():
        await wire.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("handler", "seconds", "word"),
    [
        (_silence, 0.4, "no answer"),
        (_drip_head, 0.4, "no answer"),
        (_hints_for_ever, 0.4, "no answer"),
        (_stop_in_body, 0.4, "stopped"),
        (_drip_body, 1.2, "whole exchange"),
    ],
)
async def test_each_slowness_has_its_limit(handler: object, seconds: float, word: str) -> None:
    assert callable(handler)
    async with HostileServer() as server, fetcher(polling(timeouts=HASTY)) as ours:
        url = server.route("/feed", handler)
        started = time.monotonic()
        result = failed(await ours.fetch(Request(url=url)), Failure.TIMEOUT)
        took = time.monotonic() - started
    assert seconds * 0.9 < took < seconds + 15, "each of these would go on for ever"
    assert word in result.detail


async def test_the_total_counts_all_hops() -> None:
    async def slow(wire: Wire) -> None:
        await asyncio.sleep(0.3)
        number = int(wire.seen.target[1:])
        await wire.send(answer(302, Location=f"/{number + 1}"))

    settings = polling(timeouts=HASTY, limits=Limits(redirects=20))
    async with HostileServer() as server, fetcher(settings) as ours:
        for number in range(10):
            server.route(f"/{number}", slow)
        result = failed(await ours.fetch(Request(url=server.url("/0"))), Failure.TIMEOUT)
    assert "whole exchange" in result.detail
    assert 2 <= len(server.requests) <= 5


async def test_a_slow_page_with_an_error_status_is_not_waited_for() -> None:
    async def slow_page(wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 404 No\r\nContent-Type: text/html\r\nContent-Length: 9999\r\n\r\n<html>")
        await wire.reader.read()

    async with HostileServer() as server, fetcher(polling(timeouts=HASTY)) as ours:
        result = await ours.fetch(Request(url=server.route("/feed", slow_page)))
    failed(result, Failure.NOT_FOUND)


# ---------------------------------------------------------------- bombs


def _gzip_bomb(size: int) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"\0" * 1_000_000
    return b"".join(squeezer.compress(block) for _ in range(size // len(block))) + squeezer.flush()


def _brotli_bomb(size: int) -> bytes:
    squeezer = brotli.Compressor(quality=1)
    block = b"\0" * 1_000_000
    return b"".join(squeezer.process(block) for _ in range(size // len(block))) + bytes(squeezer.finish())


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
async def test_a_bomb_costs_megabytes(coding: str) -> None:
    size = 300_000_000
    bomb = _brotli_bomb(size) if coding == "br" else _gzip_bomb(size)
    if coding == "deflate":
        bomb = bomb[10:-8]  # the bare stream without gzip's head and tail
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(200, bomb, Content_Encoding=coding))
        tracemalloc.start()
        try:
            failed(await ours.fetch(Request(url=url)), Failure.TOO_LARGE)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert len(bomb) < size / 500
    assert peak < 30_000_000 + len(bomb)


BOMB_EATER = """
import asyncio, resource, sys
from datetime import UTC, datetime
from ipaddress import ip_network
from feedhub.fetch import AiohttpFetcher
from feedhub.model import Request
from feedhub.settings import Polling

async def main(plain, bomb):
    polling = Polling(allow_networks=(ip_network("127.0.0.0/8"),), ports=("1-65535",), host_gap="0s")
    fetcher = AiohttpFetcher(polling, contact="", version="0", clock=lambda: datetime.now(UTC))
    await fetcher.fetch(Request(url=plain))  # everything is loaded
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = await fetcher.fetch(Request(url=bomb))
    print(result.failure.value, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    await fetcher.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("coding", ["gzip", "br"])
async def test_a_gibibyte_of_zeros_takes_little_memory_of_the_process(coding: str) -> None:
    coded = _brotli_bomb(1 << 30) if coding == "br" else _gzip_bomb(1 << 24) * 64  # members follow each other
    async with HostileServer() as server:
        plain = server.route("/plain", answer(200, gzip.compress(b"<rss/>"), Content_Encoding="gzip"))
        bomb = server.route("/bomb", answer(200, coded, Content_Encoding=coding))
        eater = await asyncio.create_subprocess_exec(
            sys.executable, "-c", BOMB_EATER, plain, bomb, stdout=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(60):
                out, _ = await eater.communicate()
        finally:
            if eater.returncode is None:
                eater.kill()
    failure, _, grown = out.decode().rpartition(" ")
    assert failure == "too large"
    assert int(grown) < 64 * 1024  # kilobytes; ru_maxrss never falls, so this is the peak


async def test_a_repetitive_feed_is_no_bomb() -> None:
    feed = b"<item>the same again</item>" * 30_000
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(200, gzip.compress(feed), Content_Encoding="gzip"))
        assert fetched(await ours.fetch(Request(url=url))).body == feed


# ---------------------------------------------------------------- where not to go


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::ffff:7f00:1]:{port}/",
        "http://[64:ff9b::7f00:1]:{port}/",
        "http://[2002:7f00:1::]:{port}/",
        "http://[::127.0.0.1]:{port}/",
        "http://[::1]:{port}/",
        "http://[fe80::1%25lo]:{port}/",
        "http://0.0.0.0:{port}/",
        "http://0:{port}/",
        "http://127.1:{port}/",
        "http://127.257:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://0x7f.0.0.1:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://127.0.0.1.:{port}/",
        "http://①②⑦.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://user@127.0.0.1:{port}/",
        "http://good.example\\@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\r\n/",
        "http:///etc/passwd",
        "file:///etc/passwd",
        "ftp://127.0.0.1:{port}/",
        "gopher://127.0.0.1:{port}/",
        "data:text/xml,<rss/>",
        "//127.0.0.1:{port}/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:{port}/" + "a" * 2048,
        "",
    ],
)
async def test_the_guard_lets_nothing_through_to_loopback(url: str) -> None:
    names = FixedResolver({"localhost": ["127.0.0.1"], "good.example": ["127.0.0.1"]})
    async with HostileServer() as server, fetcher(polling(allow=False), resolver=names) as ours:
        result = failed(await ours.fetch(Request(url=url.format(port=server.port))), Failure.FORBIDDEN_ADDRESS)
    assert server.requests == []
    assert server.most_open == 0
    assert result.detail == MESSAGE


async def test_a_name_is_judged_by_the_address_that_is_connected() -> None:
    names = FixedResolver({"rebound.example": ["127.0.0.1"], "mixed.example": [["127.0.0.1", "10.0.0.1"]]})
    async with HostileServer() as server, fetcher(polling(allow=False), resolver=names) as ours:
        for name in ("rebound.example", "mixed.example"):
            result = await ours.fetch(Request(url=server.url("/feed", host=name)))
            assert failed(result, Failure.FORBIDDEN_ADDRESS).detail == MESSAGE
    assert server.most_open == 0


async def test_a_name_that_turns_to_a_forbidden_address_is_not_followed_there() -> None:
    """What was allowed at the first look-up says nothing about the next: the socket's address decides each time."""
    names = FixedResolver({"turning.example": ["127.0.0.1", "169.254.169.254"]})
    async with HostileServer() as server:
        url = server.url("/feed", host="turning.example")
        server.route("/feed", answer(200, FEED))
        async with fetcher(resolver=names) as ours:
            fetched(await ours.fetch(Request(url=url)))
        async with fetcher(resolver=names) as ours:  # another memory, so that the name is looked up again
            failed(await ours.fetch(Request(url=url)), Failure.FORBIDDEN_ADDRESS)
    assert names.asked == ["turning.example"] * 2
    assert len(server.requests) == 1


async def test_ports_outside_the_list_are_not_asked() -> None:
    async with HostileServer() as server:
        settings = polling().model_copy(update={"ports": ("80", "443", "8000-8999")})
        async with fetcher(settings) as ours:
            port = server.port if not 8000 <= server.port <= 8999 else 22
            result = failed(await ours.fetch(Request(url=f"http://127.0.0.1:{port}/")), Failure.FORBIDDEN_ADDRESS)
    assert result.detail == MESSAGE
    assert server.most_open == 0


# ---------------------------------------------------------------- names, connections, TLS


async def test_a_name_that_does_not_resolve() -> None:
    async with fetcher(resolver=FixedResolver({})) as ours:
        result = failed(await ours.fetch(Request(url="http://nowhere.example/feed?key=s3cret")), Failure.DNS)
    assert "nowhere.example" in result.detail
    assert "s3cret" not in result.detail


async def test_our_own_samples_are_reached_by_asking_for_them_and_in_no_other_way() -> None:
    names = FixedResolver({"sly.example": ["127.0.0.1"]})
    others = polling().model_copy(update={"allow_networks": (ip_network("127.0.0.2/32"),)})
    async with HostileServer(("127.0.0.1", "127.0.0.2")) as server:
        at_home = server.route("/examples/a.xml", answer(200, FEED))
        server.route("/away", answer(302, Location=at_home))
        async with fetcher(others, resolver=names, own=frozenset({("127.0.0.1", server.port)})) as ours:
            assert isinstance(await ours.fetch(Request(url=at_home)), Fetched)
            for host, path in (("sly.example", "/examples/a.xml"), ("127.0.0.2", "/away")):
                refused = await ours.fetch(Request(url=server.url(path, host=host)))
                assert failed(refused, Failure.FORBIDDEN_ADDRESS).detail == MESSAGE
            assert len(server.to("/examples/a.xml")) == 1


async def test_a_name_that_takes_too_long() -> None:
    class Slow(FixedResolver):
        async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list:  # type: ignore[type-arg]  # never returns
            await asyncio.sleep(60)
            return []

    hasty = QUICK.model_copy(update={"dns": timedelta(seconds=0.2)})
    async with fetcher(polling(timeouts=hasty), resolver=Slow({})) as ours:
        started = time.monotonic()
        failed(await ours.fetch(Request(url="http://slow.example/")), Failure.DNS)
    assert time.monotonic() - started < 30, "it would have taken 60"


async def test_nobody_listens() -> None:
    async with HostileServer() as server:
        url = server.url("/feed")
    async with fetcher() as ours:
        failed(await ours.fetch(Request(url=url)), Failure.CONNECT)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and key for ``known.example`` that nobody but the test trusts."""
    program = shutil.which("openssl")
    if program is None:
        missing("the program openssl")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    command = (
        f"{program} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=known.example "
        f"-addext subjectAltName=DNS:known.example -keyout {file}.key -out {file}.crt"
    )
    subprocess.run(command.split(), check=True, capture_output=True, timeout=30)
    file.write_bytes(Path(f"{file}.key").read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


@pytest.mark.needs("openssl")
async def test_only_certificates_of_trusted_authorities_for_this_name_are_taken(certificate: Path) -> None:
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    names = {"known.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    async with HostileServer(tls=inside) as server:
        server.route("/feed", answer(200, FEED))
        known, other = server.url("/feed", host="known.example"), server.url("/feed", host="other.example")
        async with fetcher(resolver=FixedResolver(names)) as ours:
            failed(await ours.fetch(Request(url=known)), Failure.TLS)
        async with fetcher(resolver=FixedResolver(names), ssl_context=trusting) as ours:
            failed(await ours.fetch(Request(url=other)), Failure.TLS)
            assert server.requests == []
            fetched(await ours.fetch(Request(url=known)))
            plain = server.route("/down", answer(302, Location="http://known.example/"))
            result = await ours.fetch(Request(url=plain.replace("127.0.0.1", "known.example")))
    assert "https to http" in failed(result, Failure.REDIRECT).detail


async def test_no_tls_where_tls_was_asked_for() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greetings.append(await reader.read(1))
        writer.write(answer(400))
        writer.close()

    greetings: list[bytes] = []
    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server, fetcher() as ours:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        failed(await ours.fetch(Request(url=url)), Failure.TLS)
    assert greetings == [b"\x16"]


async def test_cancellation_passes_through_and_leaves_nothing() -> None:
    async with HostileServer() as server, fetcher() as ours:
        task = asyncio.create_task(ours.fetch(Request(url=server.route("/feed", _silence))))
        async with asyncio.timeout(5):
            while not server.requests:
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            while server.open_now:
                await asyncio.sleep(0.01)
        server.route("/feed", answer(200, FEED))
        fetched(await ours.fetch(Request(url=server.url("/feed"))))


async def test_after_close_nothing_is_sent() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(200, FEED))
        await ours.fetch(Request(url=url))
        await ours.close()
        result = failed(await ours.fetch(Request(url=url)), Failure.CONNECT)
    assert not result.asked
    assert len(server.requests) == 1
