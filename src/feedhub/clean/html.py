"""Pure parts of cleaning HTML: what is allowed, how deep markup nests, and its text."""

from __future__ import annotations

import html
import re
from collections import Counter
from functools import lru_cache
from html import escape

from feedhub.clean.words import words

MAX_DEPTH = 250
"""Markup that nests deeper is read as its text: parsers need quadratic time for it (20,000 ``<div>``: 2 s)."""

TAGS = words(
    "a abbr acronym address article aside audio b bdi bdo big blockquote br caption center cite code col colgroup data "
    "dd del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main "
    "mark nav ol p picture pre q rp rt rtc ruby s samp section small source span strike strong sub summary sup table "
    "tbody td tfoot th thead time tr track tt u ul var video wbr"
)

DROPPED_WITH_CONTENT = words(
    "applet button canvas embed frame frameset iframe math noembed noframes noscript object option plaintext script "
    "select style svg template textarea title xmp"
)

ATTRIBUTES: dict[str, frozenset[str]] = {
    tag: frozenset(names.split())
    for tag, names in {
        "*": "dir lang title",
        "a": "href hreflang",
        "audio": "src controls",
        "blockquote": "cite",
        "code": "class",
        "col": "span",
        "colgroup": "span",
        "data": "value",
        "del": "cite datetime",
        "details": "open",
        "img": "src srcset sizes alt width height",
        "ins": "cite datetime",
        "li": "value",
        "ol": "start reversed type",
        "pre": "class",
        "q": "cite",
        "source": "src srcset sizes media type",
        "td": "colspan rowspan headers",
        "th": "colspan rowspan headers scope abbr",
        "time": "datetime",
        "track": "src kind srclang label",
        "video": "src poster controls width height",
    }.items()
}

URL_ATTRIBUTES = frozenset({"href", "src", "cite", "poster"})
LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel", "magnet", "xmpp"})
MEDIA_SCHEMES = frozenset({"http", "https"})
LANGUAGE_CLASS = re.compile(r"lang(?:uage)?-[\w+#.-]{1,30}")

_VOID = words("area base br col embed hr img input link meta param source track wbr")
_SELF_CLOSING = words("p li dt dd tr td th thead tbody tfoot option optgroup rp rt")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")

_BLOCKS = (
    "address|article|aside|blockquote|br|caption|center|dd|details|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hgroup|hr|li|"
    "main|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul|audio|video|img|option|form|body|html|head"
)
_BREAK = re.compile(rf"</?(?:{_BLOCKS})(?=[\s/>])(?:[^>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>|<!--.*?-->|<[!?][^>]*>", re.DOTALL)
_HIDDEN = re.compile(
    r"<(script|style|template|iframe|object|svg|math|noscript|textarea|select|title|rt|rp)\b[^>]*>.*?</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)


TEXT = r"[^<>&\x00\r\u00a0]*+"
FULL_TEXT = rf"{TEXT}(?:&(?:amp|lt|gt|nbsp);{TEXT})*+"
WITHIN = (
    rf"&(?:amp|lt|gt|nbsp);|<br>|<(?:em>{FULL_TEXT}</em|i>{FULL_TEXT}</i|strong>{FULL_TEXT}</strong|b>{FULL_TEXT}</b)>"
)
_PARAGRAPHS = re.compile(rf"(?:[ \t\n]*+<p>{TEXT}(?:(?:{WITHIN}){TEXT})*+</p>)++")
_VALUE = r'="[^"<>&\x00\r\u00a0]*+"'
_MEDIA = rf'<a href{_VALUE}(?: title{_VALUE})?+ rel="noopener noreferrer">{FULL_TEXT}</a>|<img(?: (?:src|alt|title|width|height){_VALUE})++>'
_PARAGRAPHS_WITH_MEDIA = re.compile(rf"(?:[ \t\n]*+<p>{TEXT}(?:(?:{WITHIN}|{_MEDIA}){TEXT})*+</p>)++")


def is_paragraphs(markup: str, *, media: bool = False) -> bool:
    """Whether this is paragraphs of text with the simplest markup in them and nothing else, written as cleaning writes it.

    :param media: with links and images of *clean* HTML as well.

    What a parser reads of it and writes again is the same to the letter: no element in another of its kind, all of them closed, in text
    only the references that are written.
    """
    return bool((_PARAGRAPHS_WITH_MEDIA if media else _PARAGRAPHS).fullmatch(markup))


def depth_of(markup: str) -> int:
    """How deep elements nest at most, without parsing; counts too much rather than too little. Linear time."""
    if markup.count("<") <= MAX_DEPTH:
        return 0
    open_tags: Counter[str] = Counter()
    depth = deepest = 0
    for closing, name in _TAG.findall(markup):
        tag = name.lower()
        if tag in _VOID or tag in _SELF_CLOSING:
            continue
        if not closing:
            open_tags[tag] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif open_tags[tag]:
            open_tags[tag] -= 1
            depth -= 1
    return deepest


@lru_cache(maxsize=8)  # one body is asked for more than once while its entry is put together
def html_to_text(markup: str) -> str:
    """The text of HTML: elements that stand on their own are separated by a line feed, other white space is folded.

    Furigana (``rt``, ``rp``) are left out, so that 漢字 is found as one word. Linear time; wants no valid markup.
    """
    lines = (" ".join(line.split()) for line in _without_tags(markup).split("\n"))
    return "\n".join(line for line in lines if line)


def html_to_line(markup: str) -> str:
    """The same text with all white space folded."""
    return " ".join(_without_tags(markup).split())


_PLAIN_ATTRIBUTES = r'(?: [a-z]+="[^"<>]*")*'
_PLAIN_INLINE = re.compile(rf"<(?:a{_PLAIN_ATTRIBUTES}|/a|/?(?:b|em|i|strong))>")
_PLAIN_BREAK = re.compile(rf"<(?:br|img{_PLAIN_ATTRIBUTES})>")


def _without_tags(markup: str) -> str:
    if "<" in markup:
        markup = markup.replace("\n", " ")
        simple = markup.replace("<p>", "\n").replace("</p>", "\n")
        if "<" in simple:
            simple = _PLAIN_INLINE.sub("", _PLAIN_BREAK.sub("\n", simple))
        if "<" not in simple:  # no other tags: most bodies, and their text is there already
            markup = simple
        else:
            if _HIDDEN.search(markup):
                markup = _HIDDEN.sub("", markup)
            markup = _ANY_TAG.sub("", _BREAK.sub("\n", markup))
    return html.unescape(markup) if "&" in markup else markup


def text_to_html(text: str) -> str:
    """Plain text as HTML: a blank line parts paragraphs, a line feed is a line break."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = (escape(part.strip(), quote=False).replace("\n", "<br>") for part in paragraphs)
    return "".join(f"<p>{part}</p>" for part in lines if part)


_BARE_IMAGE = re.compile(r'<img(?! src="| srcset=")(?:(?! src="| srcset=")(?: [a-z]+="[^"]*"))*>')

_MORE = r'(?: [a-z]+="[^"]*")*'
_REPEATED = re.compile(rf'(<img{_MORE}? src="([^"]+)"{_MORE}>)(?:\s*<img{_MORE}? src="\2"{_MORE}>)+')


def without_empty_images(markup: str) -> str:
    """*Clean* HTML without images whose address was refused, and with one of the same twice in a row.

    A lazy image and the one it stands for come as such a pair.
    """
    images = markup.count("<img")
    if images:
        markup = _BARE_IMAGE.sub("", markup)
    return _REPEATED.sub(r"\1", markup) if images > 1 else markup


def media_in(markup: str) -> tuple[str, ...]:
    """Every link and medium of *clean* HTML, in order; what besides the text gives a body its meaning."""
    if ' href="' not in markup and ' src="' not in markup:
        return ()
    return tuple(map(html.unescape, _ADDRESSES.findall(markup)))


_ADDRESSES = re.compile(r' (?:href|src)="([^"]*)"')
