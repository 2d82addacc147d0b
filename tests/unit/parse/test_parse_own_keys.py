"""An element that is called like one of our own keys takes the place of nothing."""

from __future__ import annotations

import pytest

from feedhub.model import RawFeed
from feedhub.parse.document import read_document
from feedhub.parse.fast_reading import KEYS
from feedhub.parse.recorder import OURS
from feedhub.settings import Limits

DOCUMENT = """<?xml version="1.0"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title><link>http://a.example/</link>
<{name}>m</{name}><skipHours><hour>3</hour></skipHours>
<item><title>One</title><guid>http://a.example/1</guid>
<{name}>text <b>5</b></{name}>
<media:content url="http://a.example/1.mp3" type="audio/mpeg"/><media:thumbnail url="http://a.example/1.png"/>
<category>Ships</category><dc:creator>Jane Doe</dc:creator><media:credit role="photographer">Lee Lens</media:credit>
<{name}/></item></channel></rss>"""


def read(name: str, limits: Limits) -> RawFeed:
    body = DOCUMENT.format(name=name).encode()
    found = read_document(body, content_type="application/rss+xml", charset=None, limits=limits)
    assert isinstance(found, RawFeed)
    return found


@pytest.mark.parametrize("name", OURS)
def test_an_element_named_like_a_list_of_ours_is_one_of_many_unknown_ones(name: str) -> None:
    assert read(name, Limits()).entries == read("unheardof", Limits()).entries
    assert read(name, Limits()).skip_hours == (3,)


def test_the_quick_reader_leaves_such_elements_to_feedparser() -> None:
    assert set(OURS) <= KEYS
