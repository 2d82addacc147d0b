"""Documents made to cost time or memory: each ends within the limits, through real workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from feedhub.model import Failure, ParseFailed, RawFeed
from feedhub.ports import Overrun
from feedhub.workers import ProcessWorkers
from support import worker_jobs as jobs

SECONDS = 10.0


def rss(inside: str, head: str = "") -> bytes:
    return f'{head}<rss version="2.0"><channel><title>T</title>{inside}</channel></rss>'.encode()


def item(inside: str) -> bytes:
    return rss(f"<item><title>x</title>{inside}</item>")


LAUGHS = "".join(f'\n<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ATTRIBUTES = " ".join(f'a{n}="1"' for n in range(50_000))
PREFIXES = "".join(f'<x{n}:a xmlns:x{n}="urn:{n}"/>' for n in range(20_000))
BASES = '<entry xml:base="a/">' * 20_000
READ = {
    "author of one letter": item(f"<author>{'a' * 200_000}</author>"),
    "author of dots": item(f"<author>{'a.' * 100_000}</author>"),
    "author of dots, tolerant": item(f"<author>{'a.' * 100_000} & </author>"),
    "many categories": item("".join(f"<category>{n}</category>" for n in range(100_000))),
    "many authors": item("".join(f"<author>{n}</author>" for n in range(100_000))),
    "style": item(f"<description>&lt;p style='{'a' * 150_000}'></description>"),
    "comments in CDATA": item(f"<description><![CDATA[{'<!--' * 50_000}]]></description>"),
    "quadratic entity": rss(
        f"<item><title>{'&a;' * 200}</title></item>", f'<!DOCTYPE rss [\n<!ENTITY a "{"x" * 10_000}">\n]>'
    ),
    "one huge comment": rss(f"<!--{'x' * 5_000_000}--><item><title>x</title></item>"),
    "a billion laughs": rss("<item><title>&l9;</title></item>", f'<!DOCTYPE rss [\n<!ENTITY l0 "ha">{LAUGHS}\n]>'),
}
TOO_COMPLEX = {
    "attributes": item(f"<x {ATTRIBUTES}/>"),
    "attributes, tolerant": item(f"<title>a & b</title><x {ATTRIBUTES}/>"),
    "prefixes": item(PREFIXES),
    "prefixes, tolerant": item(f"<title>a & b</title>{PREFIXES}"),
    "items": rss("<item/>" * 200_000),
    "items, tolerant": rss("<title>a & b</title>" + "<item></item>" * 30_000),
    "depth": rss("<a>" * 5_000 + "</a>" * 5_000),
    "bases": f'<feed xmlns="http://www.w3.org/2005/Atom">{BASES}</feed>'.encode(),
    "bases, tolerant": f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://b.example/">&bad {BASES}</feed>'.encode(),
    "json depth": b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 200_000,
}
ANY = {
    "long prolog": ("<!--" + "x" * 200_000 + "-->").encode() + rss("<item/>"),
    "binary": bytes(range(256)) * 4000,
    "line breaks": b"\n" * 200_000 + rss(""),
    "angle brackets": b"<rss>" + b"<" * 100_000,
    "doctypes": b"<!DOCTYPE [" * 20_000,
    "pages": b"<html><title>" * 20_000,
    "broken markup": item("<description>" + "<p>a & b</i>" * 40_000 + "</description>"),
    "numbers in json": b'{"version":"https://jsonfeed.org/version/1","items":[{"id":' + b"9" * 1_000_000 + b"}]}",
    "quotes in json": b'{"a":' + b'"\\' * 200_000,
}


@pytest.fixture
async def workers() -> AsyncIterator[ProcessWorkers[None]]:
    pool: ProcessWorkers[None] = ProcessWorkers(2, cpu_seconds=SECONDS, wall_seconds=90, memory_bytes=512_000_000)
    yield pool
    await pool.close()


async def run_all(pool: ProcessWorkers[None], bodies: dict[str, bytes]) -> dict[str, RawFeed | ParseFailed | Overrun]:
    results = await asyncio.gather(*(pool.run(jobs.parse, body) for body in bodies.values()))
    return dict(zip(bodies, results, strict=True))


async def test_what_is_only_large_is_read(workers: ProcessWorkers[None]) -> None:
    found = await run_all(workers, READ)
    assert {name: result for name, result in found.items() if not isinstance(result, RawFeed)} == {}


async def test_what_is_too_complex_is_refused_and_not_tried(workers: ProcessWorkers[None]) -> None:
    found = await run_all(workers, TOO_COMPLEX)
    refused = {
        name
        for name, result in found.items()
        if isinstance(result, ParseFailed) and result.failure is Failure.TOO_COMPLEX
    }
    assert refused == set(TOO_COMPLEX), found


async def test_anything_ends_within_the_limits(workers: ProcessWorkers[None]) -> None:
    found = await run_all(workers, ANY)
    late = {name for name, result in found.items() if isinstance(result, Overrun) and "longer than" in result.reason}
    assert not late, "whatever takes long is stopped by its CPU time, long before the clock's limit"
