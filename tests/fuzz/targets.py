"""What is fuzzed: a function of bytes for each door through which others' words come in, and what must hold there.

A target raises for nothing but a broken promise. Expected refusals (a document that is no feed, a file with mistakes) are
outcomes, and are taken as such.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from feedhub.clean.dates import read_date
from feedhub.clean.people import read_byline
from feedhub.clean.urls import absolute, canonical, is_web
from feedhub.config import load_text
from feedhub.config.opml import read_opml
from feedhub.errors import ConfigError
from feedhub.extract import find_feeds
from feedhub.extract.selectolax_discovery import MOST
from feedhub.fetch.freshness import freshness_of
from feedhub.fetch.headers import Headers, links_of
from feedhub.model import ParseFailed, SourceId
from feedhub.parse import read_with
from feedhub.search.query import Query, parse
from feedhub.search.query import canonical as spelled
from feedhub.search.words import indexed
from feedhub.settings import Limits, Parser, Settings
from feedhub.understand import Job, Rulebook, understand
from feedhub.websub.delivering import judge

TESTS = Path(__file__).parents[1]
CORPUS = TESTS / "corpus"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
RULES = Rulebook.of(Settings())
UNSAFE = re.compile(
    r"<script|<iframe[^>]+javascript:|\son\w+\s*=|(?:href|src)\s*=\s*[\"']?\s*(?:javascript|vbscript|data:text)",
    re.IGNORECASE,
)
TAG = re.compile(r"<[^>]*>")
ADDRESS = re.compile(r"\S@\w[\w-]*\.\w")
WORDS = re.compile(rb"[\w:.-]{2,30}|<[^>]{1,40}>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """``share`` is how many inputs it would deserve of a row: a short run takes a third, ``seconds`` the CPU time that one may take."""

    name: str
    run: Callable[[bytes], None]
    seeds: Sequence[bytes]
    words: Sequence[bytes] = ()
    share: int = 300
    seconds: float = 2.0

    def dictionary(self) -> Sequence[bytes]:
        found = {word for seed in self.seeds[:60] for word in WORDS.findall(seed[:4000])}
        return [*self.words, *sorted(found)[:2000]] or [b"x"]


def _files(pattern: str, most: int = 80) -> list[bytes]:
    found = sorted(CORPUS.glob(pattern), key=lambda path: path.as_posix())
    return [path.read_bytes() for path in found if path.is_file()][:most]


def _column(file: str, column: int) -> list[bytes]:
    lines = (CORPUS / file).read_text("utf-8").splitlines()[1:]
    return [line.split("\t")[column].encode() for line in lines if line.count("\t") >= column]


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def parsed(body: bytes) -> None:
    found, parsing = read_with(Parser.SHADOW, body, content_type="", charset=None, limits=Limits())
    assert parsing.differences == ()
    assert isinstance(found, ParseFailed) or all(len(entry.digest) > 0 for entry in found.entries)


def understood(body: bytes) -> None:
    found = understand(Job(source=SourceId(1), slug="s", body=body, url="https://site.example/feed", now=NOW), RULES)
    if isinstance(found, ParseFailed):
        return
    for draft in found.drafts:
        entry = draft.entry
        assert draft.keys.own, "an entry that nothing names"
        assert entry.published.tzinfo is not None
        assert entry.published <= NOW + timedelta(days=1)
        assert entry.link == "" or is_web(entry.link), entry.link
        for html in (entry.summary, entry.content):
            assert not [tag for tag in TAG.findall(html) if UNSAFE.search(tag)], html[:300]
        assert entry.title == unicodedata.normalize("NFC", entry.title)


def dated(body: bytes) -> None:
    for language in ("", "vi", "en-US"):
        found = read_date(_text(body), language=language, zone="Asia/Ho_Chi_Minh", now=NOW)
        assert found is None or datetime(1989, 12, 31, tzinfo=UTC) <= found.at <= NOW + timedelta(days=1)


def credited(body: bytes) -> None:
    for context in ("byline", "rss_author"):
        said = read_byline(_text(body), context)
        for one in said.bylines:
            assert one.key
            assert one.name.strip() == one.name != ""
            assert not ADDRESS.search(one.name), "an address is no name"


def addressed(body: bytes) -> None:
    url = absolute(_text(body), ("https://site.example/a/b?c",))
    assert url == "" or ":" in url
    once = canonical(url)
    assert canonical(once) == once, (url, once)


def _told(error: ConfigError) -> None:
    assert all(problem.message for problem in error.problems)
    assert len(error.problems) > 0


def configured(body: bytes) -> None:
    try:
        load_text(_text(body), Path("config.yaml"), {})
    except ConfigError as error:
        _told(error)


def imported(body: bytes) -> None:
    try:
        found = read_opml(body)
    except ConfigError as error:
        _told(error)
        return
    assert all(one.url.lower().startswith(("http://", "https://")) for one in found)


def searched(body: bytes) -> None:
    query = parse(_text(body))
    if isinstance(query, Query):
        again = parse(spelled(query))
        assert isinstance(again, Query), spelled(query)
        assert spelled(again) == spelled(query)


def tokenized(body: bytes) -> None:
    text = _text(body)
    html = f"<p>{escape(text)}</p>"  # it is given what was cleaned before
    assert indexed(text, html, html) == indexed(text, "", html)  # a summary that the content repeats adds nothing


def answered(body: bytes) -> None:
    """Headers of an answer, and a hub's signature."""
    lines = [line.partition(b":")[::2] for line in body.split(b"\n")]
    headers = Headers(tuple((_text(name).strip().lower() or "x", _text(value).strip()) for name, value in lines))
    freshness_of(
        200 if len(body) % 2 else 503, headers, NOW, hint_max=timedelta(days=1), retry_after_max=timedelta(days=7)
    )
    assert all(is_web(url) for url in links_of(headers, "https://site.example/").values())
    judge("secret", b"body", _text(body[:500]))


def discovered(body: bytes) -> None:
    found = find_feeds(body, "https://site.example/")
    assert all(one.url.startswith(("http://", "https://")) for one in found)
    assert len({one.url for one in found}) == len(found) <= MOST


DOCUMENTS = [*_files("parse/*/body.*"), *_files("emit/*/*.xml")]
HEADERS = [
    b'Cache-Control: max-age=300, must-revalidate\nAge: 5\nDate: Thu, 26 Nov 2026 12:00:00 GMT\nETag: W/"a"',
    b'Expires: Thu, 26 Nov 2026 13:00:00 GMT\nRetry-After: 120\nLink: <https://hub.example/>; rel="hub", </feed>; rel=self',
    b'X-Hub-Signature: sha256=00ff\nLast-Modified: Thursday, 26-Nov-26 12:00:00 GMT\nContent-Type: text/xml; charset="utf-8"',
]
QUERIES = [
    b'"central bank" -rates author:"Ada Holm" lang:vi',
    b"title:(tea OR coffee) topic:banks",
    b"source:x OR -category:y 'a'",
]
FOLDER = (
    "<outline text='News'><outline text='A' type='rss' xmlUrl='https://a.example/feed' category='/x/y,z'/></outline>"
)
OPML = [
    f"<opml version='2.0'><head><title>t</title></head><body>{FOLDER}</body></opml>".encode(),
    b"<opml version='1.0'><body><outline xmlUrl='feed://b.example/rss'/></body></opml>",
]
HEAD = "<base href='/x/'><link rel=alternate type='application/atom+xml' href='feed.atom' title='T'>"
PAGES = [
    f"<html><head>{HEAD}</head><body><a href='/rss.xml'>RSS</a><a href='/comments/feed/'>comments</a></body></html>".encode(),
    *_files("pages/*/page.html", 40),
]
TARGETS = [
    Target(name="parse", run=parsed, seeds=[*DOCUMENTS, *_files("parse_fast/*.xml")], share=1200),
    Target(name="understand", run=understood, seeds=[*DOCUMENTS, *_files("clean/*.txt")], share=800),
    Target(name="dates", run=dated, seeds=_column("clean/dates.tsv", 0), share=4000),
    Target(name="bylines", run=credited, seeds=_column("clean/bylines.tsv", 0), share=1000),
    Target(
        name="urls",
        run=addressed,
        seeds=[b"https://a.example/x?utm_source=r&b=1#c", b"//b.example:80/%7Ea/../b", b"?q"],
        share=6000,
    ),
    Target(name="configuration", run=configured, seeds=_files("config/*/config.yaml"), share=400, seconds=5),
    Target(name="opml", run=imported, seeds=OPML, share=4000),
    Target(name="search", run=searched, seeds=QUERIES, share=4000),
    Target(name="tokens", run=tokenized, seeds=[*QUERIES, "Thị trường 東京 กรุงเทพ".encode()], share=1500),
    Target(name="headers", run=answered, seeds=HEADERS, share=4000),
    Target(name="discovery", run=discovered, seeds=PAGES, share=2000),
]
