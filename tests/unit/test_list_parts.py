"""Which sitemaps of an index a poll asks for."""

from __future__ import annotations

from datetime import UTC, datetime

from feedhub.list_parts import PartsRead, may_have_changed, sitemap_of
from feedhub.model import PageMemory, PagePart, Validators

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SAID = Validators(etag='"1"', url="https://e.example/new.xml")


def part(name: str, lastmod: str = "") -> PagePart:
    return PagePart(url=f"https://e.example/{name}.xml", lastmod=lastmod)


def names(parts: list[PagePart]) -> list[str]:
    return [one.url.rpartition("/")[2].removesuffix(".xml") for one in parts]


def after(read: PartsRead, parts: list[PagePart], before: PageMemory | None = None) -> PageMemory:
    kept, until = read.remembered(parts, before)
    return PageMemory(kind="sitemap", parts=kept, until=until)


def test_what_was_read_is_asked_for_again_only_when_the_index_says_so() -> None:
    parts = [part("new", "2026-11-20T08:00:00Z"), part("old", "2024-01-01T08:00:00Z")]
    read = PartsRead(
        is_first=True, done={parts[0].url: PagePart(url=parts[0].url, lastmod=parts[0].lastmod, validators=SAID)}
    )
    memory = after(read, parts)
    assert may_have_changed(parts, memory, NOW) == []
    assert read.is_settled(parts, NOW)
    later = [part("new", "2026-11-23T08:00:00Z"), parts[1]]
    (again,) = may_have_changed(later, memory, NOW)
    assert (names([again]), again.validators) == (["new"], SAID)


def test_what_did_not_come_or_was_too_much_comes_next_time() -> None:
    parts = [part(f"p{n}", f"2026-11-1{n}T00:00:00Z") for n in (5, 4, 3)]
    before = PageMemory(kind="sitemap", parts=(part("p0", "2026-11-10T00:00:00Z"),), until="2026-11-10T00:00:00Z")
    assert names(may_have_changed(parts, before, NOW)) == ["p5", "p4", "p3"]
    read = PartsRead(is_first=False, done={parts[0].url: parts[0]}, left=parts[1:])
    assert not read.is_settled(parts, NOW)
    assert names(may_have_changed(parts, after(read, parts, before), NOW)) == ["p4", "p3"]


def test_a_day_that_is_not_over_and_what_all_have_in_common_say_nothing() -> None:
    today, earlier = part("today", "2026-11-24"), part("earlier", "2026-11-01")
    read = PartsRead(is_first=True, done={one.url: one for one in (today, earlier)})
    assert names(may_have_changed([today, earlier], after(read, [today, earlier]), NOW)) == ["today"]
    assert not read.is_settled([today, earlier], NOW)
    same = [part(name, "2026-11-23T03:00:00Z") for name in ("a", "b")]
    memory = after(PartsRead(is_first=True, done={one.url: one for one in same}), same)
    assert names(may_have_changed(same, memory, NOW)) == ["a", "b"]


def test_the_sitemap_of_news_comes_before_others_and_the_usual_one_last() -> None:
    named = ["ftp://e.example/s.xml", "https://e.example/all.xml", "https://e.example/news.xml"]
    assert sitemap_of("https://e.example/", named) == "https://e.example/news.xml"
    assert sitemap_of("https://e.example/", named[:2]) == "https://e.example/all.xml"
    assert sitemap_of("https://e.example/", []) == "https://e.example/sitemap.xml"
