"""Feed documents made of everything the fast reader has a rule for, at the right places and at wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import quoteattr

from hypothesis import strategies as st

from feedhub.parse.fast_reading import Place
from feedhub.parse.fast_table import RULES
from feedhub.parse.feedparser_reader import NAMES

PREFIXES = {
    "atom": "http://www.w3.org/2005/Atom",
    "cc": "http://web.resource.org/cc/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "georss": "http://www.georss.org/georss",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "x": "urn:of-nobody",
}
_BY_LOWER = {prefix.lower(): prefix for prefix in PREFIXES}
_DECLARED = " ".join(f'xmlns:{prefix}="{address}"' for prefix, address in PREFIXES.items())
ROOTS = {
    "rss20": f'<rss version="2.0" {_DECLARED}{{more}}><channel>{{feed}}{{entries}}{{late}}</channel></rss>',
    "rss091": f'<rss version="0.91" {_DECLARED}{{more}}><channel>{{feed}}{{late}}{{entries}}</channel></rss>',
    "rss10": (
        f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" {_DECLARED}{{more}}>'
        "<channel rdf:about='urn:c'>{feed}{late}</channel>{entries}</rdf:RDF>"
    ),
    "atom10": f'<feed xmlns="http://www.w3.org/2005/Atom" {_DECLARED}{{more}}>{{feed}}{{entries}}{{late}}</feed>',
    "atom03": '<feed version="0.3" xmlns="http://purl.org/atom/ns#" {more}>{feed}{entries}{late}</feed>',
}
_XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
MARKUP = (
    f"<div {_XHTML}>one <b>two</b><br/></div>",
    f"\n <div {_XHTML} class='c'><p TITLE='&quot;&lt;' xml:lang='de'>x &amp; y</p></div>\n <!-- end -->",
    f"<div {_XHTML}>one</div> <div {_XHTML}>two</div>",
    f"<div {_XHTML}><div>nested</div></div> and more",
    f"<p {_XHTML}><a rel='ME' href='/1?a=1&amp;b=2'>one</a></p>",
    "a &lt;i&gt; &amp; <b>b <x:thing a='1'>c</x:thing></b> d",
    "<em>e<title>t</title></em>",
    f"<svg xmlns='http://www.w3.org/2000/svg'><g/></svg><p {_XHTML}/>",
)
TEXTS = (
    *("", " ", "Tin tức", " two  words\n", "Café".encode().decode("latin-1"), "\x93quoted\x94", "a, b,, c", "1", "yes"),
    *(
        "&lt;b&gt;bold&lt;/b&gt; &amp;amp; more",
        "<![CDATA[<p>one</p><p>two &eacute;</p>]]>",
        "x &lt;y&gt; z",
        "AT&amp;T",
    ),
    *("http://e.example/?a=1&amp;b=2", "http://e.example/é", "urn:uuid:1", "Mon, 06 May 2024 10:00:00 GMT"),
    *("2024-05-06T10:00:00Z", "a@e.example (Ann)", "45.2 -71.9", "<!-- a comment -->after", "<?target data?>"),
    "&#8217;&#x41;",
    *MARKUP,
)
ATTRIBUTES = (
    *(("type", value) for value in ("html", "text", "TEXT/HTML", "text/plain", "audio/mpeg", "xhtml", "image/png")),
    *(("href", value) for value in ("http://e.example/1", "rel/2", "")),
    *(("rel", value) for value in ("alternate", "Self", "enclosure", "via", "hub")),
    *(("xml:lang", value) for value in ("vi", "en_US", "")),
    *(("xml:base", value) for value in ("http://b.example/dir/", "sub/")),
    *(("url", "http://e.example/é.mp3"), ("uri", "http://e.example/u"), ("isPermaLink", "false"), ("length", "12")),
    *(
        ("isPermaLink", " True "),
        ("term", "t"),
        ("label", "Label"),
        ("scheme", "urn:s"),
        ("domain", "urn:d"),
        ("title", "T"),
    ),
    *(("medium", "image"), ("role", "guest"), ("ref", "urn:r"), ("text", "News"), ("x:other", "1"), ("x:href", "2")),
    *(("rdf:about", "urn:about"), ("mode", "escaped"), ("src", "http://e.example/s"), ("lang", "de"), ("base", "b/")),
)


def _tag(name: str) -> str:
    prefix, _, local = name.partition("_")
    return f"{_BY_LOWER[prefix]}:{local}" if local and prefix in _BY_LOWER else name


_NOT_TEXT = {"channel", "item", "entry"}
_NAMES = {place: sorted(_tag(name) for name in rules if name not in _NOT_TEXT) for place, rules in RULES.items()}
_ANY = sorted({name for names in _NAMES.values() for name in names} | {_tag(name) for name in NAMES - _NOT_TEXT})
_NAMES[Place.ENTRY].append("og")
_NAMES[Place.THING].append("og")
_UNKNOWN = ["x:thing", "thing", "x:title", "date", "sy:updatebase", "feedburner:info"]
_INSIDE = {
    "author": Place.PERSON,
    "contributor": Place.PERSON,
    "source": Place.SOURCE,
    "image": Place.IMAGE,
    "image of an entry": Place.PICTURE,
    "textinput": Place.INPUT,
    "media:group": Place.MEDIA,
    "media:content": Place.MEDIA,
    "itunes:category": Place.CATEGORY,
    "itunes:owner": Place.OWNER,
    "og": Place.THING,
}


@st.composite
def elements(draw: Callable[..., Any], place: Place, level: int = 0) -> str:
    """One element that a place has a rule for, now and then one that belongs elsewhere or nowhere."""
    odd = draw(st.integers(0, 39))
    name = draw(st.sampled_from(_NAMES[place] if odd > 1 else _ANY if odd else _UNKNOWN))
    names = draw(st.lists(st.sampled_from(ATTRIBUTES), max_size=3, unique_by=lambda one: one[0].lower()))
    attributes = "".join(f" {key}={quoteattr(value)}" for key, value in (names if draw(st.booleans()) else []))
    within = _INSIDE.get("image of an entry" if name == "image" and place is Place.ENTRY else name.lower())
    if name in ("skiphours", "skipdays"):
        inside = f"<hour>{draw(st.integers(0, 30))}</hour><day>Monday</day>"
    elif within and level < 3 and draw(st.integers(0, 4)):
        inside = "".join(draw(st.lists(elements(within, level + 1), max_size=4)))
    else:
        inside = draw(st.sampled_from(TEXTS))
    return f"<{name}{attributes}>{inside}</{name}>"


@st.composite
def documents(draw: Callable[..., Any]) -> str:
    kind = draw(st.sampled_from(sorted(ROOTS)))
    own = draw(st.sampled_from(["", ' xml:lang="en_GB"', ' xml:base="http://b.example/a/"', " xmlns:y='urn:y'"]))
    holder = "entry" if kind.startswith("atom") else "item"
    entries = draw(st.lists(st.lists(elements(Place.ENTRY), max_size=9), max_size=4))
    marked = [draw(st.sampled_from(["", "", "", ' xml:lang="fr"', ' rdf:about="urn:e"'])) for _ in entries]
    text = ROOTS[kind].format(
        more=own if kind != "atom03" else f"{own} {_DECLARED}",
        feed="".join(draw(st.lists(elements(Place.FEED), max_size=6))),
        late="".join(draw(st.lists(elements(Place.FEED), max_size=2))),
        entries="\n".join(
            f"<{holder}{mark}>{''.join(inside)}</{holder}>" for mark, inside in zip(marked, entries, strict=True)
        ),
    )
    if kind == "atom03":
        text = (
            text.replace(' xmlns:atom="http://www.w3.org/2005/Atom"', "")
            .replace("<atom:", "<x:")
            .replace("</atom:", "</x:")
        )
    return text
