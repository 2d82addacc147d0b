"""The rule lists: what they refuse, and that whatever we render passes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedhub.emit import violations
from feedhub.model import Byline, Category, ContentPolicy, Credit, Enclosure, Format
from support.published import BASE_URL, FEED, LINKS, renderer, stored


def document(format: Format, **fields: Any) -> str:
    fragment = renderer().fragment(stored(**fields), format)
    assert isinstance(fragment, bytes)
    return renderer().assemble(FEED, [fragment], LINKS, format).decode()


FULL: dict[str, Any] = {
    "summary": "short",
    "authors": (Byline(key="ada", name="Ada"),),
    "enclosures": (Enclosure(url="https://harbour.example/a.mp3", type="audio/mpeg", length=5),),
}
ID = "https://harbour.example/ids/1"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</feed>", "", "not well-formed"),
        ("<feed ", "<!DOCTYPE feed><feed ", "document type"),
        ("short", "<![CDATA[<!DOCTYPE feed>]]>", ""),
        ("<?xml version='1.0' encoding='UTF-8'?>", "", ""),
        (f"<id>{ID}</id>", "", "exactly one id"),
        (f"<id>{ID}</id>", "<id>1</id>", "no absolute IRI"),
        ("<title>Ship 1 has come in</title>", "<title> </title>", "title is missing or blank"),
        ("07:30:00Z</updated><author>", "07:30:00+00:00</updated><author>", "RFC 3339"),
        ("<author><name>Ada</name></author>", "", "no author"),
        ("<name>Ada</name>", "<name/>", "name of a person"),
        ('href="https://harbour.example/1"', 'href="/1"', "no absolute http(s) URL"),
        ('rel="self" type="application/atom+xml"', 'rel="x"', "rel=self"),
        ('length="5"', 'length="None"', "no number of bytes"),
        ("short", "\x85", "control character U+0085"),
        ("short", "&lt;script&gt;", "holds <script>"),
        ("short", "&lt;img src='a.png'&gt;", "relative URL"),
        ("<source>", "<source/><source>", "more than one source"),
        ("</entry>", f"</entry><entry><id>{ID}</id></entry>", "stands 2 times"),
    ],
)
def test_atom_rules(old: str, new: str, said: str) -> None:
    check(document(Format.ATOM, **FULL), Format.ATOM, old, new, said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('version="2.0"', 'version="0.91"', "version 2.0"),
        ("<title>Ports &amp; ships</title>", "", "exactly one title"),
        ('isPermaLink="false"', "", ""),
        (f'isPermaLink="false">{ID}', ">1", "permalink"),
        ("<dc:creator>Ada</dc:creator>", "<author>Ada</author>", "dc:creator"),
        ("<dc:creator>Ada</dc:creator>", "<dc:creator/>", "dc:creator is missing"),
        ("<dc:creator>Ada</dc:creator>", "<byline>Ada</byline>", "unknown element byline"),
        ("<pubDate>Sun, 01 Mar 2026", "<pubDate>Sun, 01 Mar 26", "RFC 822"),
        ("<description>short</description>", "", "without a description before it"),
        ('length="5"', 'length=""', "no number of bytes"),
        ("</item>", '<enclosure url="https://a.example/" length="0" type="a/b"/></item>', "more than one enclosure"),
        ("</item>", "</item><item><description>x</description></item>", "guid is missing"),
        ("<link>https://harbour.example/1</link>", "<link>https://harbour.example/é</link>", "in ASCII"),
    ],
)
def test_rss_rules(old: str, new: str, said: str) -> None:
    check(document(Format.RSS, **FULL), Format.RSS, old, new, said)


def check(text: str, format: Format, old: str, new: str, said: str) -> None:
    assert violations(text.encode(), format) == []
    assert old in text
    found = violations(text.replace(old, new, 1).encode(), format)
    assert [breach for breach in found if said in breach] if said else found == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": None}, "id is no text"),
        ({"content_html": None}, "content_html is no text"),
        ({"date_published": "yesterday"}, "RFC 3339"),
        ({"url": "/1"}, "no absolute http(s) URL"),
        ({"author": {"name": "x"}}, "unknown member author"),
        ({"_x": 1}, "extension _x is no object"),
        ({"authors": [{"role": "x"}]}, "without name, url and avatar"),
        ({"attachments": [{"url": "https://a.example/"}]}, "has no mime_type"),
        ({"attachments": [{"url": "https://a.example/", "mime_type": "a/b", "size_in_bytes": "1"}]}, "no number"),
        ({"tags": "x"}, "no list"),
        ({"title": ""}, "blank"),
        ({"title": "\x07"}, "control character U+0007"),
    ],
)
def test_json_rules(change: dict[str, Any], said: str) -> None:
    feed = json.loads(document(Format.JSON, **FULL))
    feed["items"][0].update(change)
    assert [breach for breach in violations(json.dumps(feed).encode(), Format.JSON) if said in breach]


@pytest.mark.parametrize("text", ["", "[]", "{", "\ud800"])
def test_what_is_no_feed_at_all(text: str) -> None:
    for each in Format:
        assert violations(text.encode("utf-8", "surrogatepass"), each)


# ---------------------------------------------------------------- whatever is stored can be published

texts = st.text(max_size=40)
urls = st.one_of(texts, texts.map(lambda tail: "https://a.example/" + tail))
moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
# Clean HTML is what arrives here: text escaped, a few tags.
markup = st.lists(
    st.one_of(
        texts.map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")),
        st.sampled_from(["<p>", "</p>", "<br>", '<a href="https://a.example/?a=1&amp;b=2">', "</a>", "]]>", "🎉"]),
    ),
    max_size=6,
).map("".join)
people = st.lists(st.builds(Byline, key=texts, name=texts, role=texts, uri=urls), max_size=3).map(tuple)
credits_ = st.builds(
    Credit,
    title=texts,
    id=urls,
    link=urls,
    self_url=urls,
    updated=st.none() | moments,
    rights=texts,
    authors=st.lists(texts, max_size=2).map(tuple),
)
fields = st.fixed_dictionaries(
    {
        "original_id": urls,
        "link": urls,
        "title": texts,
        "summary": markup,
        "content": markup,
        "published": moments,
        "updated": moments,
        "authors": people,
        "contributors": people,
        "categories": st.lists(st.builds(Category, key=texts, term=texts, scheme=urls, label=texts), max_size=3).map(
            tuple
        ),
        "enclosures": st.lists(
            st.builds(
                Enclosure, url=urls, type=texts, length=st.integers(-1, 9), title=texts, duration=st.integers(-1, 9)
            ),
            max_size=3,
        ).map(tuple),
        "image": urls,
        "language": st.sampled_from(["", "vi", "zh-hant", "unknown language"]),
        "rights": texts,
        "publisher": texts,
        "comments": urls,
        "in_reply_to": urls,
        "via": st.none() | credits_,
    }
)
outsides = st.fixed_dictionaries(
    {
        "source": credits_,
        "policy": st.sampled_from(ContentPolicy),
        "others": st.lists(st.tuples(urls, texts), max_size=2).map(tuple),
        "source_slug": st.just("harbour"),
    }
)


@settings(max_examples=200, deadline=None)
@given(fields, outsides, st.sampled_from(Format))
def test_every_stored_entry_makes_a_valid_document(
    fields: dict[str, Any], outside: dict[str, Any], format: Format
) -> None:
    entry = stored(outside=outside, **fields)
    fragment = renderer().fragment(entry, format)
    assert isinstance(fragment, bytes)
    text = renderer().assemble(FEED, [fragment], LINKS, format)
    assert violations(text, format) == []
    assert BASE_URL.encode() in text


def test_half_a_character_never_stops_an_entry() -> None:
    for each in Format:
        fragment = renderer().fragment(stored(original_id="tag\ud800", title="tag\ud800", content="\udfff"), each)
        assert isinstance(fragment, bytes)
