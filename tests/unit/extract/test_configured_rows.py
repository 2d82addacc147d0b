"""Rows by the operator's selectors, expressions and patterns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedhub.css_selectors import BadSelector, css_pick
from feedhub.extract.contract import broken, halved
from feedhub.extract.json_rows import outline, read_json_rows
from feedhub.extract.rows import SourceReading, first_given
from feedhub.extract.selectolax_configured import read_rows
from feedhub.json_paths import BadPath, json_path
from feedhub.model import RawEntry
from feedhub.settings import Expect, Pick, RowField, Source

URL = "https://paper.example/news/"
PAGE = """<!doctype html><html lang=vi><head><title>The Paper</title><base href="/base/"></head><body>
<div class=card data-id=7><h3 class="ttl big"><a href="one-11.html">First &amp; best</a></h3><time datetime="2026-11-20T08:00+07:00">today</time>
<p class=lead>A <em>fine</em> lead.</p><span class=by><b>Ada Quill</b><i>Reporter</i></span><span class=by><b>Ben Moss</b></span>
<img data-src="/a.jpg" src="data:x"><ul class=tags><li><a>Gold</a><li><a title=T>Oil</a></ul></div>
<div class=card><h3><a href="two-12.html">Second</a></h3></div></body></html>"""


def source(**told: Any) -> Source:
    fields = {name: tuple(Pick(**pick) for pick in picks) for name, picks in told.pop("fields", {}).items()}
    return Source(url=URL, slug="paper", **told, **({"fields": fields} if fields else {}))


def reading_of(**fields: list[dict[str, str]]) -> SourceReading:
    found = read_rows(PAGE, URL, source(type="page", items="div.card", fields=fields))
    assert isinstance(found, SourceReading)
    return found


def rows(**fields: list[dict[str, str]]) -> tuple[RawEntry, ...]:
    return reading_of(**fields).feed.entries


def test_without_fields_title_and_link_are_those_of_the_heading() -> None:
    first, second = rows()
    assert (first.title and first.title.value, first.links[0].href, first.links[0].base) == (
        "First & best",
        "one-11.html",
        "https://paper.example/base/",
    )
    assert second.title is not None
    assert (second.authors, second.categories) == ((), ())


@pytest.mark.parametrize(
    ("field", "picks", "attribute", "expected"),
    [
        ("date", [{"get": "time@datetime"}], "published", "2026-11-20T08:00+07:00"),
        ("date", [{"get": ".nothing"}, {"get": "time"}], "published", "today"),
        ("id", [{"get": "@data-id"}], "id", "7"),
        ("id", [{"get": "a@href", "regex": r"-(\d+)\.html"}], "id", "11"),
        ("id", [{"get": "a@href", "regex": r"no(\d+)"}], "id", ""),
        ("id", [{"get": "@data-id", "template": "post-{}"}], "id", "post-7"),
        ("image", [{"get": "img@data-src"}, {"get": "img@src"}], "images", ("/a.jpg",)),
    ],
)
def test_where_a_value_stands(field: str, picks: list[dict[str, str]], attribute: str, expected: object) -> None:
    assert getattr(rows(**{field: picks})[0], attribute) == expected


def test_several_values_roles_and_markup() -> None:
    first, second = rows(
        author=[{"get": ".by b[]"}],
        role=[{"get": ".by i[]"}],
        categories=[{"get": ".tags a[]"}],
        summary=[{"get": ".lead"}],
    )
    assert [(one.name, one.role) for one in first.authors] == [("Ada Quill", "Reporter"), ("Ben Moss", "")]
    assert [one.term for one in first.categories] == ["Gold", "Oil"]
    assert first.summary is not None
    assert first.summary.value == "A <em>fine</em> lead."
    assert (second.authors, second.summary) == ((), None)


def test_where_the_operator_pointed_nothing_else_is_believed() -> None:
    assert rows(title=[{"get": ".nowhere"}])[0].title is None
    assert rows(date=[{"get": ".nowhere"}])[0].published == ""


@pytest.mark.parametrize("text", ["", "[]", "a[", "h3 >", "a..b", "x" * 600, "::before"])
def test_what_is_no_selector(text: str) -> None:
    with pytest.raises(BadSelector):
        css_pick(text)


@pytest.mark.parametrize("text", ["", "a..b", "a[", "a b", "x" * 1001, "foo(", "`["])
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(BadPath):
        json_path(text)


def test_an_expression_on_the_wrong_kind_of_value_finds_nothing() -> None:
    assert json_path("length(@)").search(3) is None


def test_a_pattern_that_does_not_end_gives_no_value() -> None:
    slow = Pick(get="x", regex=r"(?:a|a|aa)+$")
    assert first_given([slow, Pick(get="y")], lambda get: ["a" * 40 + "!"] if get == "x" else ["other"]) == ("other",)


# ---------------------------------------------------------------- JSON


def posts(count: int) -> list[dict[str, object]]:
    return [{"id": n, "title": f"Post {n}", "url": f"/p/{n}", "tags": ["a", {"name": "b"}]} for n in range(count)]


def test_the_longest_list_of_titled_things_is_found() -> None:
    data: dict[str, object] = {
        "menu": [{"title": "Home", "url": "/"}],
        "page": {"my posts": posts(3)},
        "numbers": list(range(50)),
    }
    reading = read_json_rows(json.dumps(data), URL, source(type="json"))
    assert isinstance(reading, SourceReading)
    assert [entry.id for entry in reading.feed.entries] == ["0", "1", "2"]
    assert reading.items == 'page."my posts"'


def test_usual_names_of_json() -> None:
    row = {"title": {"rendered": "Hello <i>you</i>"}, "link": "/x", "date_gmt": "2026-11-20T08:00:00", "author": 7}
    reading = read_json_rows(json.dumps([row] * 2), URL, source(type="json", items="@"))
    assert isinstance(reading, SourceReading)
    entry = reading.feed.entries[0]
    assert entry.title is not None
    assert (entry.title.value, entry.published) == ("Hello <i>you</i>", "2026-11-20T08:00:00")


@pytest.mark.parametrize("text", ["", "{", "<html>", "[" * 100_000])
def test_what_is_no_json_is_told(text: str) -> None:
    failed = read_json_rows(text, URL, source(type="json"))
    assert not isinstance(failed, SourceReading)
    assert "no JSON" in failed.detail


def test_an_outline_tells_keys_and_no_values() -> None:
    told = outline(json.loads(json.dumps({"token": "sesame", "data": {"posts": posts(4), "next": None}})))
    assert told == "`{token, data: {posts: [4 × {…}], next}}`"


# ---------------------------------------------------------------- the contract


def test_what_is_expected_is_looked_for_in_half_of_the_entries() -> None:
    reading = reading_of(author=[{"get": ".by b"}])
    assert broken(reading, Expect(min_items=2, fields=(RowField.AUTHOR, RowField.TITLE))) is None
    reading = reading_of(author=[{"get": ".nobody"}])
    failed = broken(reading, Expect(fields=(RowField.AUTHOR,)))
    assert failed is not None
    assert failed.detail.startswith("2 of 2 entries have no author; the document shows `div.card > [ h3.ttl.big a")
    assert "Ada" not in failed.detail


@pytest.mark.parametrize(
    ("listed", "before", "failures", "told"),
    [(4, 8, 0, True), (5, 8, 0, False), (0, 5, 0, False), (4, 8, 1, True), (4, 8, 2, False)],
)
def test_half_of_a_list(listed: int, before: int, failures: int, told: bool) -> None:
    assert bool(halved(listed, before, failures)) is told
