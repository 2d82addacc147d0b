"""Addresses: absolute for publishing, canonical for comparing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.clean.urls import absolute, canonical, is_web, unwrap, web_link

STORY = "https://news.example/a/story"


@pytest.mark.parametrize(
    "url",
    [
        "http://news.example/a/story",
        "HTTPS://WWW.News.Example:443/a/story/",
        "https://news.example/a/story#comments",
        "https://news.example/a/story?utm_source=rss&utm_medium=feed&fbclid=x&gclid=y",
        "https://news.example/a/story?ref=rss",
        "https://m.news.example/a/story",
        "https://amp.news.example/a/story",
        "https://news.example/a/story/amp/",
        "https://news.example/amp/a/story",
        "https://news.example/a/story?amp=1",
        "https://news.example/a/./b/../story",
        "https://news.example/a/%73tory",
        "https://news.example/a/story/index.html",
        "https://www.google.com/url?q=https%3A%2F%2Fnews.example%2Fa%2Fstory&sa=D",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example%2Fa%2Fstory%3Ffbclid%3D1&h=2",
        "https://www-news-example.cdn.ampproject.org/c/s/www.news.example/a/story",
        "https://www.google.com/amp/s/news.example/a/story",
    ],
)
def test_one_page(url: str) -> None:
    assert canonical(url) == STORY


@pytest.mark.parametrize(
    "url",
    ["https://news.example/a/story?id=2", "https://news.example/A/story", "https://news.example:8080/a/story",
     "https://en.news.example/a/story", "https://news.example/a/story#!/x", "https://news.example/a%2Fstory"],
)  # fmt: skip
def test_another_page(url: str) -> None:
    assert canonical(url) != STORY


def test_parameters_by_name() -> None:
    assert canonical("https://a.example/?b=2&a=1&b=1") == canonical("http://a.example?a=1&b=2&b=1")
    assert canonical("https://a.example/?b=1&b=2") != canonical("https://a.example/?b=2&b=1")


def test_bases_in_the_order_of_right() -> None:
    bases = ("../x/", "", "https://one.example/a/b", "https://two.example/")
    assert absolute("c", bases) == "https://one.example/x/c"
    assert absolute("//cdn.example/c", bases) == "https://cdn.example/c"
    assert absolute("c", ("urn:x", "https://two.example/")) == "https://two.example/c"
    assert absolute("c") == ""


def test_what_is_not_ascii() -> None:
    assert absolute("https://BÜCHER.example/ä b?q=ü%20%") == "https://xn--bcher-kva.example/%C3%A4%20b?q=%C3%BC%20%25"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "java\nscript:x",
        "https://",
        "http://[::1",
        "tag:a,1:b",
        " ",
        "https://a b/",
    ],
)
def test_no_link(url: str) -> None:
    assert web_link(url) == ""


def test_unwrap_leaves_others_alone() -> None:
    assert (
        unwrap("https://news.example/url?q=https://other.example/")
        == "https://news.example/url?q=https://other.example/"
    )
    assert (
        unwrap("https://www.google.com/url?q=javascript:alert(1)") == "https://www.google.com/url?q=javascript:alert(1)"
    )


HOSTS = st.sampled_from(
    [
        "a.example",
        "www.a.example",
        "m.a.example",
        "en.m.a.example",
        "youtu.be",
        "www.google.com",
        "l.facebook.com",
        "A.EXAMPLE:80",
        "bücher.example",
        "[::1]",
    ]
)


@given(HOSTS, st.text(max_size=30), st.text(max_size=30))
def test_canonical_twice_is_once(host: str, path: str, query: str) -> None:
    once = canonical(f"http://{host}/{path}?{query}")
    assert canonical(once) == once


@given(st.text(max_size=60), st.text(max_size=30))
def test_never_raises(href: str, base: str) -> None:
    url = absolute(href, (base, "https://a.example/"))
    assert url.isascii()
    assert absolute(url) == url
    assert web_link(href, (base,)) == "" or is_web(web_link(href, (base,)))
    assert canonical(canonical(href)) == canonical(href)
