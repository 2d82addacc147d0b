"""What we say of ourselves, and what we read of an answer's head."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.fetch.headers import MAX_LINKS, Headers, content_type_of, links_of, merged, validators_of
from feedhub.fetch.user_agent import user_agent
from feedhub.model import Validators

BASE = "https://a.example/dir/feed"


@pytest.mark.parametrize(
    ("contact", "subscribers", "expected"),
    [
        ("https://hub.example/about", 3, "FeedHub/1.2 (+https://hub.example/about; 3 subscribers)"),
        ("me@hub.example", 1, "FeedHub/1.2 (+me@hub.example; 1 subscriber)"),
        ("", 0, "FeedHub/1.2 (0 subscribers)"),
        ("x)\r\nEvil: (1", 2, "FeedHub/1.2 (+xEvil:1; 2 subscribers)"),
        ("tên", 2, "FeedHub/1.2 (+tn; 2 subscribers)"),
    ],
)
def test_user_agent(contact: str, subscribers: int, expected: str) -> None:
    assert user_agent("1.2", contact, subscribers) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text/xml", ("text/xml", None)),
        ("Text/XML;charset=UTF-8", ("text/xml", "utf-8")),
        ('application/rss+xml ; version=2 ; Charset = "windows-1258" ', ("application/rss+xml", "windows-1258")),
        ("text/xml; charset='utf-8'", ("text/xml", "utf-8")),
        ("text/xml; charset=", ("text/xml", None)),
        ("text/xml, text/html", ("text/xml", None)),
        ("", ("", None)),
        ("tëxt/xml", ("", None)),
    ],
)
def test_content_type(value: str, expected: tuple[str, str | None]) -> None:
    assert content_type_of(Headers((("content-type", value),))) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["<https://h.example/>; rel=hub"], {"hub": "https://h.example/"}),
        (['</f>;rel="self hub"'], {"self": "https://a.example/f", "hub": "https://a.example/f"}),
        (['<a>; title="x; rel=next, <b>"; REL="Self"'], {"self": "https://a.example/dir/a"}),
        (["<a>; rel=hub, <b>; rel=hub"], {"hub": "https://a.example/dir/a"}),
        (["<a>; rel=hub", "<b>; rel=self"], {"hub": "https://a.example/dir/a", "self": "https://a.example/dir/b"}),
        (['<a>; rel=hub; anchor="/other"'], {}),
        (["<javascript:x>; rel=hub"], {}),
        (["<http://[>; rel=hub"], {}),
        (["<a>"], {}),
        (["rubbish; rel=hub"], {}),
        (["<a,b;c>; rel=self"], {"self": "https://a.example/dir/a,b;c"}),
    ],
)
def test_links(values: list[str], expected: dict[str, str]) -> None:
    assert links_of(Headers(tuple(("link", value) for value in values)), BASE) == expected


def test_links_are_bounded() -> None:
    headers = Headers((("link", ", ".join(f"<{number}>; rel=r{number}" for number in range(100))),))
    assert len(links_of(headers, BASE)) == MAX_LINKS


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_head_makes_it_raise(link: str, media_type: str) -> None:
    headers = Headers((("link", link), ("content-type", media_type), ("etag", link)))
    links_of(headers, BASE)
    content_type_of(headers)
    assert validators_of(headers, BASE).etag in {link, None}


def test_validators_merge_field_by_field() -> None:
    stored = Validators(etag='"a"', last_modified="then", url=BASE)
    assert merged(stored, Validators(url=BASE)) == stored
    assert merged(stored, Validators(etag='"b"', url=BASE)).etag == '"b"'
    assert merged(stored, Validators(last_modified="now", url=BASE)) == Validators(
        etag='"a"', last_modified="now", url=BASE
    )
