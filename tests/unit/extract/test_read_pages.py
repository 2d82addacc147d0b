"""What readers of pages promise beyond single pages: polls, options, limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import pytest
from selectolax.lexbor import LexborHTMLParser

from feedhub.extract import PageKind, read_article, read_page, trafilatura_text
from feedhub.model import CleanFeed, RawEntry
from support.pages import NOW, cleaned, load


def _titles(feed: CleanFeed) -> list[str]:
    return [entry.title for entry in feed.entries]


def _text(entry: RawEntry) -> str:
    return entry.content[0].value if entry.content else ""


# ---------------------------------------------------------------- polls


def test_relative_dates_polled_twice_change_nothing() -> None:
    first, later = load("relative_dates"), load("relative_dates", "page_later.html")
    before = cleaned(first, read_page(first.html, first.url).feed, NOW)
    after = cleaned(later, read_page(later.html, later.url).feed, NOW + timedelta(hours=3))
    assert [entry.digest for entry in before.entries] == [entry.digest for entry in after.entries]
    assert before.entries[0].published == after.entries[0].published, (
        "two hours ago, three hours later, is five hours ago"
    )


def test_other_markup_gives_the_same_entries() -> None:
    first, later = load("markup_changes"), load("markup_changes", "page_later.html")
    before = cleaned(first, read_page(first.html, first.url).feed)
    after = cleaned(later, read_page(later.html, later.url).feed)
    assert _titles(after) == ["Swans nest on the second island", *_titles(before)]
    assert [entry.canonical_link for entry in after.entries[1:]] == [entry.canonical_link for entry in before.entries]
    assert [entry.published.date() for entry in after.entries[1:]] == [
        entry.published.date() for entry in before.entries
    ]


def test_the_same_page_gives_the_same_digests() -> None:
    case = load("vi_finance_article")
    one, two = (read_page(case.html, case.url).feed.entries for _ in range(2))
    assert [entry.digest for entry in one] == [entry.digest for entry in two]
    assert all(entry.digest for entry in one)


def test_composed_and_decomposed_letters_are_one_text() -> None:
    nfc, nfd = load("vi_finance_article"), load("nfd_article")
    assert nfc.html != nfd.html
    entries = [cleaned(case, read_page(case.html, case.url).feed).entries for case in (nfc, nfd)]
    assert [entry.digest for entry in entries[0]] == [entry.digest for entry in entries[1]]


# ---------------------------------------------------------------- the article and its options


def test_the_starting_case_by_trafilatura() -> None:
    pytest.importorskip("trafilatura")
    case = load("vi_finance_article")
    article = read_article(case.html, case.url)
    text = _text(article.entry)
    assert "text: trafilatura" in article.steps
    assert "630 tỷ USD" in text
    assert text.rstrip().endswith("<p>Financial Times</p>"), "the publisher stays in the text"
    for gone in ("Cùng chuyên mục", "Junior Analyst", "13:44", "Chia sẻ", "Đồng yên lặng lẽ"):
        assert gone not in text, gone
    assert article.entry.publisher == "Financial Times"


def test_without_trafilatura_our_own_rules_give_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trafilatura_text, "is_installed", lambda: False)
    case = load("vi_finance_article")
    article = read_article(case.html, case.url)
    assert "text: the element with most running text" in article.steps
    assert "Điều gì có thể đi sai" in _text(article.entry)


def test_related_rows_without_an_author_have_none() -> None:
    case = load("vi_finance_article")
    authors = [[one.name for one in entry.authors] for entry in read_article(case.html, case.url).related]
    assert authors == [["Lê Thu Hà"], [], ["Trần Minh Đạt"], ["Lê Thu Hà"], ["Phạm Quỳnh"]]
    assert not any(entry.published for entry in read_article(case.html, case.url).related)


def test_no_text_when_it_is_off() -> None:
    case = load("vi_finance_article")
    entry = read_article(case.html, case.url, content="off").entry
    assert entry.content == ()
    assert entry.publisher == "Financial Times"


def test_the_text_by_selector_and_without_what_is_removed() -> None:
    case = load("vi_finance_article")
    entry = read_article(case.html, case.url, content="div.body", remove=["h2", ".box"]).entry
    assert "Hôm qua chúng tôi" in _text(entry)
    assert "<h2>" not in _text(entry)


def test_a_selector_that_finds_nothing_is_said() -> None:
    case = load("vi_finance_article")
    article = read_article(case.html, case.url, content="div.nowhere")
    assert article.entry.content == ()
    assert "text: nothing is at div.nowhere" in article.steps


@pytest.mark.parametrize("options", [{"content": "div["}, {"remove": ["..x"]}], ids=["content", "remove"])
def test_what_is_no_selector_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is not a CSS selector"):
        read_article("<p>Text</p>", "https://e.example/a", **options)


def test_a_title_about_markup_stays_as_it_is_read() -> None:
    title = "When &lt;b&gt; was enough &lt;/b&gt; and AT&amp;amp;T was not"
    page = f"<html><head><title>x</title></head><body><article><h1>{title}</h1>{'<p>' + 'A sentence of a text. ' * 20 + '</p>'}{'<p>' + 'Another one of it. ' * 20 + '</p>'}</article></body></html>"
    feed = cleaned(load("vi_finance_article"), read_page(page, "https://e.example/a/b").feed)
    assert _titles(feed) == ["When <b> was enough </b> and AT&amp;T was not"]


# ---------------------------------------------------------------- limits


def _deep() -> str:
    return "<div>" * 30_000 + "text" + "</div>" * 30_000


def _many_links() -> str:
    return (
        "<main>"
        + "".join(f"<div><h3><a href='/a/{n}'>Title number {n} of many</a></h3></div>" for n in range(20_000))
        + "</main>"
    )


def _one_row_of_many() -> str:
    return (
        "<main><div>"
        + "".join(f"<a href='/a/{n}'>Title number {n} of many</a><span class=date>{n}</span>" for n in range(8_000))
        + "</div></main>"
    )


def _deep_json() -> str:
    return f'<script type="application/ld+json">{"[" * 50_000}{"]" * 50_000}</script>'


def _open_tags() -> str:
    return "<b>" * 60_000


def _many_related() -> str:
    return "".join(
        f"<div class='related'><h3>Related</h3><a href='/a/{n}'>Related story number {n}</a></div>"
        for n in range(5_000)
    )


@pytest.mark.parametrize("page", [_many_related, _deep, _many_links, _one_row_of_many, _deep_json, _open_tags])
def test_hostile_pages_end_soon(page: Callable[[], str]) -> None:
    html = page()
    begun = time.process_time()
    read_page(html, "https://e.example/list")
    read_article(html, "https://e.example/a", content="off")
    assert time.process_time() - begun < 5, "a page of this size takes a small part of that"


@pytest.mark.parametrize(
    "html",
    [
        "",
        " ",
        "\x00",
        "<",
        "<html>",
        "<!doctype html><title>x</title>",
        "just text",
        "<a href='/a'>x</a>",
        '{"json": 1}',
    ],
)
def test_what_is_no_page_gives_nothing(html: str) -> None:
    reading = read_page(html, "https://e.example/")
    assert reading.kind is PageKind.UNKNOWN
    assert reading.feed.entries == ()
    assert reading.steps
    assert read_article(html, "https://e.example/a").entry.digest


@pytest.mark.parametrize(
    "name", ["vi_listing_with_related", "forum", "ghost_blog", "news_front_page", "japanese_listing", "relative_dates"]
)
def test_selectors_of_rows_find_the_rows(name: str) -> None:
    """What is offered for a configuration gives the same titles and links when it is used."""
    case = load(name)
    reading = read_page(case.html, case.url)
    page = LexborHTMLParser(case.html)
    wanted = {
        (entry.title.value if entry.title else "", entry.links[0].href)
        for entry in reading.feed.entries
        if name != "news_front_page"
        or "/900" not in entry.links[0].href  # the one at the top stands in another element
    }
    selector, _, name_of_link = reading.fields["link"].partition("@")
    found = set()
    for item in page.css(reading.items):
        link, title = item.css_first(selector), item.css_first(reading.fields["title"])
        assert link is not None
        assert title is not None
        found.add((title.text(), urljoin(case.url, link.attributes[name_of_link] or "")))
    assert found == wanted
