"""Words for people: text out of HTML, moments, durations; and outcomes as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.model import EPOCH, Outcome, SourceId
from feedhub.serve.control_routes import is_loopback, read_wish
from feedhub.serve.wire import outcome_from_json, outcome_to_json
from feedhub.serve.words import host_of, moment, number, plain_words, span, web_link

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One.</p><p>Two.</p>", "One. Two."),
        ("a<br>b", "a b"),
        ("wo<b>r</b>d &amp; <i>more</i>", "word & more"),
        ("<script>alert(1)</script>x<style>p{}</style>", "x"),
        ("1 &lt; 2", "1 < 2"),
        ("", ""),
    ],
)
def test_plain_words(html: str, text: str) -> None:
    assert plain_words(html) == text


def test_long_text_is_cut_between_words() -> None:
    assert plain_words("<p>" + "lãi suất, " * 20 + "</p>", 30) == "lãi suất, lãi suất, lãi suất…"


@given(st.text(max_size=300), st.integers(1, 50))
def test_never_longer_than_asked(html: str, limit: int) -> None:
    assert len(plain_words(html, limit)) <= limit + 1


def test_moments_are_shown_in_the_sites_zone() -> None:
    shown = moment(NOON, ZoneInfo("Asia/Ho_Chi_Minh"))
    assert shown is not None
    assert (shown.iso, shown.text) == ("2026-11-23T12:00:00Z", "23 Nov 2026, 19:00")
    assert moment(EPOCH, ZoneInfo("UTC")) is None
    assert moment(None, ZoneInfo("UTC")) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "now"), (59, "now"), (60, "1 min"), (7199, "119 min"), (7200, "2 h"), (172800, "2 d"), (90000, "25 h")],
)
def test_spans(seconds: int, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text


def test_urls_are_shown_without_secrets() -> None:
    assert host_of("https://user:hunter2@www.daily.example:8443/feed?key=hunter2") == "daily.example"
    assert [web_link(url) for url in ("HTTPS://a.example/", "javascript:alert(1)", "data:text/html,x", "")] == [
        "HTTPS://a.example/",
        "",
        "",
        "",
    ]
    assert number(1234567) == "1\u202f234\u202f567"


@given(
    st.builds(
        Outcome,
        source=st.integers(1, 9).map(SourceId),
        slug=st.text(max_size=9),
        at=st.just(NOON),
        kind=st.sampled_from(["ok", "not found"]),
        new=st.integers(0, 9),
        elapsed=st.floats(0, 9),
        detail=st.text(max_size=20),
        next_poll_at=st.sampled_from([None, NOON]),
    )
)
def test_outcomes_survive_the_wire(outcome: Outcome) -> None:
    sent = json.loads(json.dumps(outcome_to_json(outcome)))
    assert outcome_from_json({**sent, "added by a newer daemon": 1}) == outcome


@pytest.mark.parametrize(
    "values", [{}, {"source": "x"}, {"source": 1}, {"source": 1, "slug": "a", "at": "noon", "kind": "ok"}]
)
def test_what_is_no_outcome(values: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        outcome_from_json(values)


def test_wishes() -> None:
    assert read_wish(b"") == read_wish(b'{"slugs": [], "everything": false}')
    assert read_wish(b'{"slugs": ["a"]}').slugs == ("a",)
    assert not read_wish(b'{"slugs": ["a"]}').anew
    assert read_wish(b'{"slugs": ["a"], "anew": true}').anew
    for bad in (b"[]", b"x", b'{"slugs": "a"}', b'{"slugs": [1]}', b'{"everything": 1}', b'{"al": true}', b"\xff"):
        with pytest.raises(ValueError):
            read_wish(bad)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) is own
