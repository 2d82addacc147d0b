"""Whole documents: what an entry becomes, what it inherits, and that one bad entry never costs the others."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedhub.clean import CleanContext, clean_feed
from feedhub.clean.categories import clean_categories, split_names
from feedhub.clean.media import media_type, seconds_of
from feedhub.model import (
    DateOrigin,
    Digest,
    Entry,
    RawCategory,
    RawEnclosure,
    RawEntry,
    RawFeed,
    RawLink,
    RawPerson,
    RawSource,
    RawText,
    TextType,
)
from feedhub.parse import read_document
from feedhub.settings import Limits

NOW = datetime(2026, 3, 2, 9, 30, 15, 700, tzinfo=UTC)
CONTEXT = CleanContext(final_url="https://news.example/feed.xml", language="en", timezone="Europe/Berlin")
HOME = RawLink(href="https://news.example/")


def feed(*entries: RawEntry, format: str = "rss20", authors: tuple[RawPerson, ...] = (), **more: str) -> RawFeed:
    return RawFeed(format=format, links=(HOME,), entries=entries, authors=authors, **more)  # type: ignore[arg-type]


def only(raw: RawEntry, context: CleanContext = CONTEXT, **more: object) -> Entry:
    cleaned = clean_feed(feed(raw, **more), context, NOW)  # type: ignore[arg-type]
    assert not cleaned.rejected
    return cleaned.entries[0]


def test_known_entries_are_not_cleaned_and_empty_ones_are_refused() -> None:
    known = RawEntry(id="a", digest=Digest(b"a" * 16))
    cleaned = clean_feed(feed(known, RawEntry(), RawEntry(id="b")), CONTEXT, NOW, {known.digest})
    assert cleaned.unchanged == (known.digest,)
    assert [one.position for one in cleaned.rejected] == [1]
    assert [one.original_id for one in cleaned.entries] == ["b"]


def test_where_older_entries_are_is_read_absolute_and_archives_go_first() -> None:
    page, archive = RawLink(href="?page=2", rel="next"), RawLink(href="/2026-02.xml", rel="prev-archive")
    for links, older in (
        ((HOME,), ""),
        ((HOME, page), "https://news.example/feed.xml?page=2"),
        ((page, archive), "https://news.example/2026-02.xml"),
        ((RawLink(href="javascript:alert(1)", rel="next"),), ""),
    ):
        assert clean_feed(RawFeed(format="atom10", links=links), CONTEXT, NOW).info.older == older


def test_one_body_is_the_content() -> None:
    entry = only(RawEntry(id="a", summary=RawText(value="<p>x</p>")))
    assert (entry.summary, entry.content, entry.text) == ("", "<p>x</p>", "x")


def test_a_summary_that_says_the_same_goes() -> None:
    same = RawEntry(id="a", summary=RawText(value="x y"), content=(RawText(value="<p>x <b>y</b></p>"),))
    other = RawEntry(id="a", summary=RawText(value="x"), content=(RawText(value="<p>x <b>y</b></p>"),))
    assert only(same).summary == ""
    assert only(other).summary == "x"


@pytest.mark.parametrize(
    ("links", "id", "link"),
    [
        ([RawLink(href="/p/1")], "a", "https://news.example/p/1"),
        ([RawLink(href="javascript:alert(1)")], "https://news.example/p/2", "https://news.example/p/2"),
        ([RawLink(href="data:text/html,x")], "tag:x", ""),
        ([RawLink(href="https://x.example/", rel="self")], "a", ""),
        ([RawLink(href="a.json", type="application/json"), RawLink(href="a", type="text/html")], "a", "https://news.example/a"),
        ([RawLink(href="p", base="https://base.example/x/")], "a", "https://base.example/x/p"),
    ],
)  # fmt: skip
def test_links(links: list[RawLink], id: str, link: str) -> None:
    assert only(RawEntry(id=id, title=RawText(value="t"), links=tuple(links))).link == link


def test_entries_without_dates_keep_their_order_and_share_no_moment() -> None:
    raw = RawFeed(format="rss20", entries=tuple(RawEntry(id=str(number)) for number in range(4)))
    found = clean_feed(raw, CONTEXT, NOW).entries
    moments = [entry.updated for entry in found]
    assert moments == [NOW.replace(microsecond=0) - timedelta(seconds=number) for number in range(4)]
    assert [entry.published for entry in found] == moments


def test_moments() -> None:
    first_seen = NOW.replace(microsecond=0)
    none = only(RawEntry(id="a"))
    assert (none.published, none.updated, none.date_origin) == (first_seen, first_seen, DateOrigin.FIRST_SEEN)
    future = only(RawEntry(id="a", published="2030-01-01T00:00:00Z"))
    assert (future.published, future.date_origin) == (first_seen, DateOrigin.FIRST_SEEN)
    stated = only(RawEntry(id="a", published="2026-03-01 10:00", updated="2026-02-01T00:00:00Z"))
    assert stated.published == stated.updated == datetime(2026, 3, 1, 9, tzinfo=UTC)
    updated = only(RawEntry(id="a", updated="2026-03-01T00:00:00Z"))
    assert updated.published == datetime(2026, 3, 1, tzinfo=UTC)


def test_who_inherits_the_feeds_author() -> None:
    authors = (RawPerson(name="Ann Poe"),)
    assert [one.name for one in only(RawEntry(id="a"), format="atom10", authors=authors).authors] == ["Ann Poe"]
    assert only(RawEntry(id="a"), format="rss20", authors=authors).authors == ()
    source = RawSource(title="Other", id="urn:o", authors=(RawPerson(name="Carl Roe"),))
    entry = only(RawEntry(id="a", source=source), format="atom10", authors=authors)
    assert [one.name for one in entry.authors] == ["Carl Roe"]
    assert entry.via is not None
    assert entry.via.authors == ("Carl Roe",)


def test_a_feed_that_names_itself_as_source_is_no_credit() -> None:
    source = RawSource(title="Us", self_url="http://www.news.example/feed.xml")
    assert only(RawEntry(id="a", source=source)).via is None


def test_digest_of_meaning() -> None:
    def made(body: str, published: str = "2026-03-01T00:00:00Z", link: str = "https://news.example/1") -> Digest:
        return only(
            RawEntry(id="a", links=(RawLink(href=link),), published=published, content=(RawText(value=body),))
        ).digest

    one = made('<p class="a">x <a href="https://x.example/?utm_source=1">y</a></p>')
    assert one == made('<p>x  <a title="" href="https://x.example/?utm_source=2">y</a></p>')
    assert one == made('<div>x <a href="https://x.example/">y</a></div>', published="2026-02-01T00:00:00Z")
    assert one == made('<p>x <a href="https://x.example/">y</a></p>', link="https://news.example/1?utm_medium=rss")
    assert one != made('<p>x <a href="https://x.example/2">y</a></p>')
    assert one != made('<p>z <a href="https://x.example/">y</a></p>')


@pytest.mark.parametrize(
    ("stated", "tag"),
    [
        ("en_US", "en-us"),
        ("eng", "en"),
        ("ger-AT", "de-at"),
        ("gsw", "gsw"),
        ("English", "en"),
        ("e1", "en"),
        (" VI ", "vi"),
    ],
)
def test_languages_are_tags_of_the_standard(stated: str, tag: str) -> None:
    """``gsw`` has no shorter code; what is no tag says nothing, and the feed's language stands."""
    assert only(RawEntry(id="a", title=RawText(value="A"), language=stated)).language == tag


@pytest.mark.parametrize(
    ("images", "shown"),
    [
        (("https://2.gravatar.com/avatar/6a6c19fe?s=96&d=identicon",), ""),
        (
            ("https://avatars.githubusercontent.com/u/3?s=30", "https://e.example/cover.png"),
            "https://e.example/cover.png",
        ),
        (("https://e.example/gravatar.com/avatar/1.png",), "https://e.example/gravatar.com/avatar/1.png"),
    ],
)
def test_the_face_of_an_author_is_no_picture_of_the_entry(images: tuple[str, ...], shown: str) -> None:
    assert only(RawEntry(id="a", images=images)).image == shown


def test_enclosures() -> None:
    raw = tuple(RawEnclosure(url=url, length=length, duration="1:02") for url, length in
                [("/a.mp3", "12"), ("/a.mp3", "1"), ("javascript:x", ""), ("b.m4a?x=1", "-1"), ("c", "1,000")])  # fmt: skip
    found = only(RawEntry(id="a", enclosures=raw)).enclosures
    assert [(one.url, one.type, one.length, one.duration) for one in found] == [
        ("https://news.example/a.mp3", "audio/mpeg", 12, 62),
        ("https://news.example/b.m4a?x=1", "audio/mp4", 0, 62),
        ("https://news.example/c", "application/octet-stream", 1000, 62),
    ]
    assert media_type("Audio/MPEG; charset=x", "https://a.example/") == "audio/mpeg"
    assert [seconds_of(text) for text in ("90", "1:30", "1:00:01", "PT1M5S", "soon", "12.7")] == [
        90,
        90,
        3601,
        65,
        0,
        12,
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("A > B", ["A", "B"]),
        ("Công nghệ » AI", ["Công nghệ", "AI"]),
        ("#a #b", ["a", "b"]),
        ("#one", ["one"]),
        ("a, b, c", ["a", "b", "c"]),
        ("Arts, Culture and Media", ["Arts, Culture and Media"]),
        ("Washington, D.C.", ["Washington, D.C."]),
        ("AC/DC", ["AC/DC"]),
        ("R&D", ["R&D"]),
    ],
)
def test_crammed_categories(text: str, names: list[str]) -> None:
    assert split_names(text) == names


def test_categories_are_merged_and_junk_goes() -> None:
    raw = [RawCategory(term="Uncategorized"), RawCategory(term="ai", scheme="urn:s", label="AI"), RawCategory(term="Ai"),
           RawCategory(term="Chưa phân loại"), RawCategory(term="--"), RawCategory(term="R&amp;D")]  # fmt: skip
    found = clean_categories(raw, ["Mine"])
    assert [(one.key, one.term, one.scheme, one.label) for one in found] == [
        ("ai", "ai", "urn:s", "AI"),
        ("r&d", "R&D", "", ""),
        ("mine", "Mine", "", ""),
    ]


def test_hints_and_info() -> None:
    raw = RawFeed(format="rss20", title=RawText(value="News &amp; <b>more</b>", type=TextType.PLAIN), language="en_US",
                  links=(HOME, RawLink(href="/hub", rel="hub")), ttl="60", update_period="Hourly", update_frequency="4",
                  skip_hours=(24, 3, 99), skip_days=("Saturday", "sun", "x"))  # fmt: skip
    cleaned = clean_feed(raw, CONTEXT, NOW)
    assert (cleaned.info.title, cleaned.info.language, cleaned.info.hub) == (
        "News & more",
        "en-us",
        "https://news.example/hub",
    )
    assert (cleaned.hints.ttl, cleaned.hints.update_interval) == (60, 900)
    assert (cleaned.hints.skip_hours, cleaned.hints.skip_days) == ((0, 3), (5, 6))


TEXTS = st.text(max_size=40)
RAW_TEXTS = st.builds(RawText, value=TEXTS, type=st.sampled_from(TextType), base=TEXTS, language=TEXTS)
ENTRIES = st.builds(
    RawEntry, id=TEXTS, links=st.tuples(st.builds(RawLink, href=TEXTS, base=TEXTS)), title=st.none() | RAW_TEXTS,
    summary=st.none() | RAW_TEXTS, content=st.tuples(RAW_TEXTS), published=TEXTS, updated=TEXTS,
    authors=st.tuples(st.builds(RawPerson, name=TEXTS, uri=TEXTS, role=TEXTS)), categories=st.tuples(st.builds(RawCategory, term=TEXTS, label=TEXTS)),
    enclosures=st.tuples(st.builds(RawEnclosure, url=TEXTS, length=TEXTS, duration=TEXTS, type=TEXTS)), images=st.tuples(TEXTS),
    rights=TEXTS, language=TEXTS, publisher=TEXTS, comments=TEXTS, in_reply_to=TEXTS, source=st.none() | st.builds(RawSource, title=TEXTS, id=TEXTS, link=TEXTS),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(ENTRIES)
def test_any_entry_becomes_one_or_is_refused_for_having_nothing(raw: RawEntry) -> None:
    cleaned = clean_feed(feed(raw), CONTEXT, NOW)
    assert all(one.reason.startswith("it has no id") for one in cleaned.rejected)
    assert len(cleaned.entries) + len(cleaned.rejected) == 1
    for entry in cleaned.entries:
        for text in (entry.title, entry.summary, entry.content, entry.text, entry.rights, entry.publisher):
            assert unicodedata.is_normalized("NFC", text)
        assert not entry.link or entry.link.startswith(("http://", "https://"))
        assert entry.published <= entry.updated


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("<p>Rates rose. 1,234 views</p>", "<p>Rates rose. 98.765 views</p>", True),
        ("<p>Giá vàng tăng. Lượt xem: 15</p>", "<p>Giá vàng tăng. Lượt xem: 15.300</p>", True),
        ("<p>Rates rose.</p><p>12 comments</p>", "<p>Rates rose.</p><p>13 comments</p>", True),
        ("<p>Rates rose.</p>", "<p>Advertisement</p><p>Rates rose.</p>", True),
        (
            '<p>Rates rose.</p><img src="https://ad.doubleclick.net/1.gif" width="300">',
            '<p>Rates rose.</p><img src="https://ad.doubleclick.net/2.gif" width="300">',
            True,
        ),
        ('<p class="a" title="b">Rates rose.</p>', '<p title="b" class="c">Rates rose.</p>', True),
        (
            '<p><a href="https://e.example/x?utm_source=a">Rates</a></p>',
            '<p><a href="https://e.example/x?utm_source=b">Rates</a></p>',
            True,
        ),
        ("<p>Rates rose to 4.25 percent.</p>", "<p>Rates rose to 4.50 percent.</p>", False),
        ("<p>They sold 1,000 shares.</p>", "<p>They sold 2,000 shares.</p>", False),
        ("<p>They scored 20 points.</p>", "<p>They scored 30 points.</p>", False),
        ('<p><a href="https://e.example/x">Rates</a></p>', '<p><a href="https://e.example/y">Rates</a></p>', False),
    ],
)
def test_what_is_no_change_of_meaning(one: str, other: str, same: bool) -> None:
    def digest(body: str) -> bytes:
        text = body.replace("&", "&amp;").replace("<", "&lt;")
        document = f"<rss version='2.0'><channel><title>t</title><item><title>a</title><guid>1</guid><description>{text}</description></item></channel></rss>"
        raw = read_document(document.encode(), content_type="application/rss+xml", charset=None, limits=Limits())
        assert isinstance(raw, RawFeed)
        (entry,) = clean_feed(raw, CleanContext(final_url="https://e.example/feed"), NOW, frozenset()).entries
        return entry.digest

    assert (digest(one) == digest(other)) is same
