"""Elements of other vocabularies: heard, checked, written back, and read again as the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from feedhub.clean import CleanContext, clean_feed
from feedhub.emit import violations
from feedhub.extras import KINDS
from feedhub.model import Entry, Extra, Format, RawFeed
from feedhub.parse import read_document
from feedhub.settings import Limits
from feedhub.store.rows import pack_extras, unpack_extras
from support.published import FEED, LINKS, renderer, stored

NOW = datetime(2026, 11, 26, tzinfo=UTC)
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
HEAD = (
    '<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:georss="http://www.georss.org/georss"'
    ' xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#" xmlns:cc="http://creativecommons.org/ns#"'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:wfw="http://wellformedweb.org/CommentAPI/"'
    ' xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule"'
    ' xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Waves</title><link>https://waves.example/</link>'
    "<itunes:explicit>yes</itunes:explicit><item><title>One</title><link>https://waves.example/1</link><guid>1</guid>"
)
TAIL = "</item></channel></rss>"

GOOD = {
    "<itunes:episode>7</itunes:episode>": Extra(name="itunes:episode", text="7"),
    "<itunes:season> 2 </itunes:season>": Extra(name="itunes:season", text="2"),
    "<itunes:episodeType>trailer</itunes:episodeType>": Extra(name="itunes:episodeType", text="trailer"),
    "<itunes:explicit>clean</itunes:explicit>": Extra(name="itunes:explicit", text="false"),
    '<podcast:transcript url="/1.vtt" type="text/vtt" language="en"/>': Extra(
        name="podcast:transcript",
        attributes=(("url", "https://waves.example/1.vtt"), ("type", "text/vtt"), ("language", "en")),
    ),
    '<podcast:soundbite startTime="3.5" duration="9">Best of all</podcast:soundbite>': Extra(
        name="podcast:soundbite", text="Best of all", attributes=(("startTime", "3.5"), ("duration", "9"))
    ),
    '<podcast:location geo="geo:10.7,106.7">Sài Gòn</podcast:location>': Extra(
        name="podcast:location", text="Sài Gòn", attributes=(("geo", "geo:10.7,106.7"),)
    ),
    "<georss:point>45.25 -71.9</georss:point>": Extra(name="georss:point", text="45.25 -71.9"),
    "<georss:box>42.9 -71.0 43.0 -69.8</georss:box>": Extra(name="georss:box", text="42.9 -71.0 43.0 -69.8"),
    "<geo:lat>10.5</geo:lat><geo:long>106.7</geo:long>": Extra(name="georss:point", text="10.5 106.7"),
    f"<creativeCommons:license>{LICENCE}</creativeCommons:license>": Extra(
        name="creativeCommons:license", text=LICENCE
    ),
    f'<cc:license rdf:resource="{LICENCE}"/>': Extra(name="creativeCommons:license", text=LICENCE),
    '<media:rating scheme="urn:simple">nonadult</media:rating>': Extra(
        name="media:rating", text="nonadult", attributes=(("scheme", "urn:simple"),)
    ),
    "<wfw:commentRss>https://waves.example/1/feed</wfw:commentRss>": Extra(
        name="wfw:commentRss", text="https://waves.example/1/feed"
    ),
}
BAD = (
    "<itunes:episode>seven</itunes:episode>",
    "<itunes:explicit>perhaps</itunes:explicit>",
    "<georss:point>95 10</georss:point>",
    "<georss:point>10</georss:point>",
    "<georss:point>1e9 1e9</georss:point>",
    "<geo:lat>10</geo:lat>",
    '<podcast:transcript type="text/vtt"/>',
    '<podcast:transcript url="javascript:alert(1)"/>',
    "<podcast:soundbite>No times</podcast:soundbite>",
    '<media:player url="data:text/html,x"/>',
    "<wfw:commentRss>javascript:alert(1)</wfw:commentRss>",
    "<itunes:owner><itunes:email>me@waves.example</itunes:email></itunes:owner>",
    "<podcast:value type='lightning'/>",
)


def read(document: bytes) -> Entry:
    raw = read_document(document, content_type="application/xml", charset=None, limits=Limits())
    assert isinstance(raw, RawFeed)
    (entry,) = clean_feed(raw, CleanContext(final_url="https://waves.example/feed"), NOW, frozenset()).entries
    return entry


@pytest.mark.parametrize("said", GOOD)
def test_what_is_said_is_kept(said: str) -> None:
    assert read((HEAD + said + TAIL).encode()).extras == (GOOD[said],)


@pytest.mark.parametrize("said", BAD)
def test_what_does_not_hold_is_left_out(said: str) -> None:
    assert read((HEAD + said + TAIL).encode()).extras == ()


def test_many_are_bounded_and_each_is_kept_once() -> None:
    assert read((HEAD + "<itunes:episode>7</itunes:episode>" * 3 + TAIL).encode()).extras == (GOOD_EPISODE,)
    many = "".join(f"<georss:point>{n / 10} 1</georss:point>" for n in range(500))
    assert len(read((HEAD + many + TAIL).encode()).extras) == 50


GOOD_EPISODE = Extra(name="itunes:episode", text="7")


@pytest.mark.parametrize("format", [Format.ATOM, Format.RSS])
def test_they_are_written_back_and_read_as_the_same(format: Format) -> None:
    extras = tuple(dict.fromkeys(GOOD.values()))
    assert {extra.name for extra in extras} <= KINDS.keys()
    fragment = renderer().fragment(stored(1, extras=extras), format)
    assert isinstance(fragment, bytes)
    document = renderer().assemble(FEED, [fragment], replace(LINKS), format)
    assert violations(document, format) == []
    assert set(read(document).extras) == set(extras)


def test_json_feed_has_them_in_its_extension() -> None:
    fragment = renderer().fragment(stored(1, extras=(GOOD_EPISODE,)), Format.JSON)
    assert isinstance(fragment, bytes)
    assert b'"extras":[{"name":"itunes:episode","text":"7"}]' in fragment


def test_a_new_one_is_a_minor_change() -> None:
    plain, numbered = read((HEAD + TAIL).encode()), read((HEAD + "<itunes:episode>7</itunes:episode>" + TAIL).encode())
    assert "extras" not in plain.parts
    assert {name for name in numbered.parts if numbered.parts[name] != plain.parts.get(name)} == {"extras"}


def test_they_are_stored_as_they_are() -> None:
    extras = tuple(dict.fromkeys(GOOD.values()))
    assert unpack_extras(pack_extras(extras)) == extras
    assert pack_extras(()) == ""
