"""``/status.atom``: for the operator alone, conditional, listed nowhere. Over real HTTP on loopback, by the real press."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from feedhub.emit import Renderer, SiteInfo
from feedhub.model import Health, SourceChange
from feedhub.ports import Vitals
from feedhub.press import Press
from feedhub.schedule import explain
from feedhub.serve.app import ServeParts, create_app
from feedhub.settings import Settings
from support.fake_library import NOON, FakeLibrary, sample_library
from support.web import Web, served

SCHEMA = Path(__file__).parents[1] / "unit" / "emit" / "schemas" / "atom.rng"
BASIC = "Basic " + base64.b64encode(b"anybody:right:token").decode()


def change(number: int) -> SourceChange:
    return SourceChange(
        number=number,
        at=NOON + timedelta(minutes=number),
        slug="weekly",
        title="Weekly",
        before=Health.FRESH,
        after=Health.FAILING,
        cause="timeout",
        detail="Failing for 0 s (once): timeout; next poll in 2 h.",
    )


def parts(library: FakeLibrary, *, token: str = "", base_url: str = "http://127.0.0.1:8080") -> ServeParts:
    settings = Settings.model_validate({"server": {"operator_token": token}, "site": {"base_url": base_url}})
    renderer = Renderer(SiteInfo.of(settings.site, "9.9"), settings.feeds)
    return ServeParts(
        library=library,
        press=Press(library, renderer, settings.feeds),
        catalogue=library,
        settings=settings,
        control=None,
        vitals=lambda: Vitals(live=True, ready=True),
        control_token="",
        version="9.9",
        clock=lambda: NOON,
        explain=explain,
    )


def ask(web: Web, target: str = "/status.atom", headers: Mapping[str, str] | None = None) -> int:
    return web.ask(target, headers=headers or {}).status


def test_it_is_valid_private_and_conditional() -> None:
    library = sample_library()
    library.happened = [change(2), change(1)]
    with served(create_app(parts(library))) as web:
        reply = web.get("/status.atom")
        again = web.get("/status.atom", if_none_match=reply.headers["etag"])
        later = web.get("/status.atom", if_modified_since="Mon, 23 Nov 2026 12:02:00 GMT")
        library.happened = [change(3), *library.happened]
        newer = web.get("/status.atom", if_none_match=reply.headers["etag"])
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert reply.headers["cache-control"] == "private, max-age=60"
    assert reply.headers["x-robots-tag"] == "noindex"
    assert "access-control-allow-origin" not in reply.headers
    assert reply.headers["etag"].startswith('"')
    assert reply.headers["last-modified"] == "Mon, 23 Nov 2026 12:02:00 GMT"
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", reply.headers["etag"])
    assert (later.status, newer.status) == (304, 200)
    schema = etree.RelaxNG(etree.parse(SCHEMA))
    assert schema.validate(etree.fromstring(reply.body)), schema.error_log
    assert "Weekly: fresh -&gt; failing (timeout)" in reply.text


def test_the_same_changes_are_the_same_bytes() -> None:
    bodies = []
    for _ in range(2):
        library = sample_library()
        library.happened = [change(1)]
        with served(create_app(parts(library))) as web:
            reply = web.get("/status.atom")
            bodies.append((reply.body, reply.headers["etag"]))
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/status.atom?token=right:token", {}, 200),
        ("/status.atom", {"Authorization": BASIC}, 200),
        ("/status.atom", {"Authorization": "Bearer right:token"}, 200),
        ("/status.atom", {}, 401),
        ("/status.atom?token=", {}, 401),
        ("/status.atom?token=wrong", {}, 401),
        ("/status.atom", {"Authorization": "Basic nonsense!"}, 401),
        ("/status.atom", {"Authorization": "Basic " + base64.b64encode(b"right:token:").decode()}, 401),
        ("/status.atom?token=right%3Atoken", {"Authorization": "Basic x"}, 200),
    ],
)
def test_a_token_opens_it_and_then_nothing_else_does(target: str, headers: dict[str, str], status: int) -> None:
    with served(create_app(parts(sample_library(), token="right:token"))) as web:
        reply = web.ask(target, headers=headers)
    assert reply.status == status
    if status == 401:
        assert reply.headers["www-authenticate"].startswith("Basic realm=")
        assert reply.headers["cache-control"] == "no-store"


def test_without_a_token_it_is_for_this_machine_as_long_as_the_site_is() -> None:
    library = sample_library()
    with served(create_app(parts(library))) as web:
        assert ask(web) == 200
        assert ask(web, headers={"X-Forwarded-For": "203.0.113.7"}) == 403
    with served(
        create_app(parts(library, base_url="https://news.example"))
    ) as web:  # behind a web server of this machine
        assert ask(web) == 403


def test_it_is_mixed_into_nothing() -> None:
    library = sample_library()
    library.happened = [change(1)]
    with served(create_app(parts(library, token="hidden-token"))) as web:
        for path in ("/", "/all.atom", "/sources/daily.rss", "/feeds.opml", "/status", "/robots.txt"):
            text = web.get(path).text
            assert "status.atom" not in text
            assert "fresh -&gt; failing" not in text
        assert web.ask("/status.atom", "POST").status == 405
        assert web.get("/status.atom?token=hidden-token").status == 200
        assert "hidden-token" not in web.get("/metrics").text
