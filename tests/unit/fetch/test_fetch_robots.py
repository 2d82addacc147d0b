"""robots.txt by RFC 9309: which group is ours, which rule decides, what a Crawl-delay is."""

from __future__ import annotations

import pytest

from feedhub.fetch.robots import Rules, read_robots

SITE = "https://e.example"

DECISIONS = [
    ("User-agent: *\nDisallow: /private", "/private/x", False),
    ("User-agent: *\nDisallow: /private", "/public", True),
    ("User-agent: *\nDisallow:", "/", True),
    ("", "/anything", True),
    ("User-agent: *\nDisallow: /\nAllow: /news/", "/news/1", True),  # the longest rule, not the first
    ("User-agent: *\nAllow: /news\nDisallow: /news", "/news", True),  # of equal ones that which allows
    ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf", False),
    ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?x", True),
    ("User-agent: *\nDisallow: /a*/c*e", "/ab/cde", False),
    ("User-agent: *\nDisallow: /a*/c*e", "/ab/cd", True),
    ("User-agent: *\nDisallow: /search?q=", "/search?q=x", False),
    ("User-agent: *\nDisallow: /caf%c3%a9", "/café", False),
    ("User-agent: *\nDisallow: /%7Ejoe", "/~joe/x", False),
    (
        "User-agent: *\nDisallow: /\n\nUser-agent: FeedHub\nDisallow: /x",
        "/y",
        True,
    ),  # a group of ours replaces that of all
    ("User-agent: feedhub/2.0\nDisallow: /y", "/y", False),
    ("User-agent: Other\nUser-agent: FEEDHUB\nDisallow: /y", "/y", False),
    ("User-agent: feedhubber\nDisallow: /y", "/y", True),
    (
        "User-agent: FeedHub\nDisallow: /x\n\nUser-agent: Other\nDisallow: /y\n\nuser-agent: feedhub\ndisallow: /z",
        "/z",
        False,
    ),
    ("Disallow: /y", "/y", True),  # a rule without a group is none
    ("<html><body>Not found</body></html>", "/y", True),
    ("\ufeffUser-agent: *\r\nDisallow: /y # all of it\r\n", "/y", False),
    ("User-agent: *\nDisallow: /", "/robots.txt", True),
    ("User-agent: *\nSitemap: x\nDisallow: /y", "/y", False),
]


@pytest.mark.parametrize(("text", "path", "allowed"), DECISIONS, ids=[str(number) for number in range(len(DECISIONS))])
def test_the_rule_that_decides(text: str, path: str, allowed: bool) -> None:
    assert read_robots(text.encode()).permission(SITE + path).allowed is allowed


def test_the_rule_is_told_as_written() -> None:
    said = read_robots(b"User-agent: *\nDisallow: /secret/*\n").permission(f"{SITE}/secret/a")
    assert (said.allowed, said.rule) == (False, "Disallow: /secret/*")


@pytest.mark.parametrize(
    ("value", "seconds"), [("10", 10.0), ("0.5", 0.5), ("-1", 0.0), ("soon", 0.0), ("nan", 0.0), ("1e9", 86_400.0)]
)
def test_crawl_delay(value: str, seconds: float) -> None:
    assert read_robots(f"User-agent: *\nCrawl-delay: {value}".encode()).delay == seconds


def test_patterns_full_of_stars_are_decided_at_once() -> None:
    rules = read_robots(b"User-agent: *\nDisallow: /" + b"*a" * 20_000 + b"$")
    assert rules.permission(f"{SITE}/{'a' * 5_000}b").allowed
    assert read_robots(b"Disallow\n" * 1_000_000) == Rules()
