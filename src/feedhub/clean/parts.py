"""What an entry means, part by part, as digests: equal digests mean that nothing worth telling has changed.

Markup, the order of attributes, letter case of hosts, tracking parameters and dates are no meaning; text, links and
media are. Nor are the numbers of those who looked or answered, the words over advertisements, and their pictures: they
change with every request.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

from feedhub.clean.html import html_to_line, media_in
from feedhub.clean.media import media_key
from feedhub.clean.urls import canonical
from feedhub.model import Digest, Entry
from feedhub.plain_words import plain_words

_NUMBER = r"\d{1,3}(?:[.,\u00a0 ]\d{3})*(?:[.,]\d+)?\s?[kKmM]?|\d+"
_COUNTED = (
    "views?|page ?views?|reads|comments?|replies|likes|claps|upvotes|"
    "lượt xem|lượt đọc|bình luận|lượt thích|lượt chia sẻ|vues?|commentaires?|aufrufe|kommentare?|"
    "vistas?|visitas?|lecturas?|comentarios?|visualizações|comentários|просмотр(?:а|ов)?|комментари(?:й|я|ев)|"
    "回閲覧|件のコメント|次阅读|阅读|评论|조회|댓글"
)
_COUNTERS = re.compile(
    rf"(?<![\w.,])(?:{_NUMBER})\s*(?:{_COUNTED})(?!\w)|(?<!\w)(?:{_COUNTED})\s*[:：(]\s*(?:{_NUMBER})\)?(?![\w.,])",
    re.IGNORECASE,
)
"""``1,234 views``, ``Lượt xem: 15``: who looked, not what was written."""
_ADVERT_WORDS = re.compile(
    r"(?<!\w)(?:advertisement|sponsored (?:content|post)|quảng cáo|anzeige|werbung|publicité|publicidad|publicidade|реклама|広告|广告|광고)(?!\w)",
    re.IGNORECASE,
)
_ADVERT_HOSTS = re.compile(
    r"(?:^|\.)(?:doubleclick\.net|googlesyndication\.com|googleadservices\.com|adnxs\.com|adsystem\.com|amazon-adsystem\.com|taboola\.com|"
    r"outbrain\.com|criteo\.(?:com|net)|feedsportal\.com|pheedo\.com|admicro\.vn|adtima\.vn|eclick\.vn|scorecardresearch\.com)$"
)


# The patterns above look at every place of a text in several ways; what they need is found, or not, in a sixth of the time.
_DIGITS = re.compile(r"\d+")
_COUNT_BEHIND = re.compile(r"[:：(]\s*\d")
_NEEDED_WORDS = (
    *("advertisement", "sponsored ", "quảng cáo", "anzeige", "werbung", "publicité", "publicidad", "реклама"),
    *("広告", "广告", "광고"),
)
_LIKE_ASCII = re.compile("[\u0130\u0131\u017f\u212a]")
"""İ, ı, ſ and the Kelvin sign: to a pattern that ignores case they are i, s and k, and to ``lower`` they are not."""


_COUNTED_WORDS = (
    *(
        "view",
        "views",
        "page",
        "pageview",
        "pageviews",
        "read",
        "reads",
        "comment",
        "comments",
        "reply",
        "replies",
        "likes",
    ),
    *(
        "claps",
        "upvotes",
        "lượt",
        "bình",
        "vue",
        "vues",
        "commentaire",
        "commentaires",
        "aufruf",
        "aufrufe",
        "kommentar",
    ),
    *("kommentare", "vistas", "visitas", "lecturas", "comentarios", "visualizações", "comentários"),
    *("просмотр", "просмотра", "просмотров", "комментарий", "комментария", "комментариев"),
)
_BEGINNINGS = frozenset(
    [unit + word for word in _COUNTED_WORDS for unit in ("", "k", "m")] + [word.split()[0] for word in _NEEDED_WORDS]
)
"""What such phrases may begin with; a counter's with a thousand or a million right before it, too (``12 kviews``)."""
_GLUED = re.compile(r"[0-9][^\W\d_]")
"""``12views``: a number that is no word by itself."""


def _is_all_said(text: str) -> bool:
    """Whether a plain text surely has no counter and no words over advertisements; False where only a look can tell."""
    words = plain_words(text)
    if words is None or "ı" in text:  # to a pattern that ignores case it is an i
        return False
    return _BEGINNINGS.isdisjoint(words) and not _GLUED.search(text)


def _said(text: str) -> str:
    """A line of text without what changes with every request. Only whole, unmistakable phrases go."""
    return text if not text or _is_all_said(text) else _what_stays(text)


def _what_stays(text: str) -> str:
    if _may_count(text):
        text = _COUNTERS.sub(" ", text)
    if _may_advertise(text):
        text = _ADVERT_WORDS.sub(" ", text)
    return " ".join(text.split())


def _may_count(text: str) -> bool:
    """False only where no counter is: each begins with a run of digits, or ends with one behind a colon or bracket."""
    if _COUNT_BEHIND.search(text):
        return True
    return any(_COUNTERS.match(text, digits.start()) for digits in _DIGITS.finditer(text))


def _may_advertise(text: str) -> bool:
    """False only where none of the words over advertisements is."""
    lower = text.lower()
    return any(word in lower for word in _NEEDED_WORDS) or bool(_LIKE_ASCII.search(text))


def _is_advert(url: str) -> bool:
    host = url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return bool(_ADVERT_HOSTS.search(host)) or host.startswith(("ads.", "ad.", "adserver."))


_NOTHING = hashlib.blake2b(digest_size=16)  # copying it takes a fraction of making another


def digest_of(parts: Iterable[str]) -> Digest:
    """Parts are framed by their length, so that no two lists give the same bytes."""
    digest = _NOTHING.copy()
    for part in parts:
        data = part.encode("utf-8", "replace")
        digest.update(b"%d:%b" % (len(data), data))
    return Digest(digest.digest())


_repeated = lru_cache(maxsize=1024)(digest_of)
"""Of what a site says again and again."""


def parts_of(entry: Entry) -> dict[str, Digest]:
    """Digests by part."""
    shown = {url for body in (entry.content, entry.summary) for url in media_in(body)}
    media = {canonical(url) for url in shown if not _is_advert(url)}
    return {
        "title": digest_of([entry.title]),
        "body": digest_of([_said(entry.text), _said(html_to_line(entry.summary)), *sorted(media)]),
        "link": digest_of([entry.canonical_link]),
        "people": _repeated(tuple([f"{one.key}\n{one.role}\n{one.organisation}" for one in entry.authors])),
        "categories": _repeated(tuple(sorted([category.key for category in entry.categories]))),
        "enclosures": _repeated(tuple(map(media_key, entry.enclosures))),
        "rights": _repeated((entry.rights,)),
        # left out where there are none, so that entries stored before they were kept have not changed
        **({"extras": digest_of(map(repr, entry.extras))} if entry.extras else {}),
    }
