"""What stands around texts on pages: how its elements are named, and how its headings read. Pure."""

from __future__ import annotations

import re

from feedhub.extract.date_signs import looks_like_date

_BEFORE, _BEHIND = r"(?:^|[\s_-])(?:", r")(?:$|[\s_\d-])"

RELATED = re.compile(
    _BEFORE
    + r"related\w*|relate|recommend\w*|recirc\w*|you-?may\w*|read-?(?:more|next|also)|see-?also|more-?(?:from|on|in|stories|news|posts|articles)|most-?\w+|popular|"
    r"trending|lien-?quan|cung-?chuyen-?muc|tin-?lien-?quan|tin-?khac|doc-?them|xem-?them|bai-?lien-?quan|tin-?moi|outbrain|taboola|up-?next|next-?post|prev\w*-?post|"
    r"post-?navigation|yarpp|jp-relatedposts|similar|suggest\w*|kanren|further|also-?read|readmore|relatedposts"
    + _BEHIND
)
"""Class or id of a block that leads to other articles."""

BLOCKED = re.compile(
    _BEFORE
    + r"nav|navbar|navigation|menu\w*|topbar|masthead|breadcrumbs?|footer|site-footer|foot|sidebar|side-?bar|widget|pagination|pager|paging|cookies?|"
    r"consent|modal|popup|login|search|share|sharing|social|newsletter|subscribe|subscription|comments?|comment-list|respond|tags?|tag-?list|tagcloud|toc|"
    r"advert\w*|ads?|adsbox|banner|promo\w*|sponsor\w*|skip-link|sr-only|visually-hidden|toolbar|breaking|ticker|weather|contentinfo|complementary"
    + _BEHIND
)
"""Class, id or role of a block in which no article is listed."""

IN_TEXT = re.compile(
    _BEFORE
    + r"share\w*|sharing|social\w*|sharedaddy|addtoany\w*|newsletter|subscribe|subscription|comments?|respond|tags?|tag-?list|post-?tags|toolbar|advert\w*|ads?|adsbox|"
    r"banner|promo\w*|sponsor\w*|breadcrumbs?|byline|author|author-?\w+|post-?author|entry-?meta|post-?meta|article-?meta|meta|tac-?gia|pagination|pager|print|"
    r"toc|table-of-contents|sidebar|widget|nav|navigation|menu|footer|follow|rating|reactions?|likes?|poll|paywall|piano|regwall|signup|sr-only|visually-hidden|hidden"
    + _BEHIND
)
"""Class or id of what stands in a text's element without being text."""

PAYWALL = re.compile(
    _BEFORE
    + r"paywall\w*|regwall|piano-?\w*|subscriber-only|premium-?(?:wall|content|only)|locked-content|meteredContent"
    + _BEHIND
)

_RELATED_HEADING = re.compile(
    r"^\W*(?:cùng chuyên mục|tin liên quan|bài liên quan|tin cùng chuyên mục|bài viết liên quan|bài viết cùng .*|tin khác|các tin khác|xem thêm|đọc thêm|có thể bạn quan tâm|"
    r"tin mới(?: nhất)?|đọc nhiều(?: nhất)?|tin nổi bật|related(?: \w+)?|more (?:from|on|in|about)\b.*|more (?:stories|news)|read (?:more|next|also)|see also|recommended.*|you may also.*|"
    r"further reading|most (?:read|popular|viewed)|trending|popular|latest(?: news)?|up next|what to read next|mehr zum thema|auch interessant|das könnte.*|"
    r"weitere (?:artikel|themen)|lesen sie auch|à lire aussi|sur le même sujet|articles (?:liés|similaires)|lire aussi|artículos relacionados|más sobre.*|te puede interesar|"
    r"noticias relacionadas|leia também|veja também|leggi anche|potrebbe interessarti|читайте также|по теме|похожие.*|関連記事|関連リンク|こちらもおすすめ|人気記事|相关(?:文章|阅读|新闻)|"
    r"相關(?:文章|閱讀|新聞)|延伸閱讀|推荐阅读|관련\s?기사|관련 뉴스|مواضيع ذات صلة|اقرأ أيضا.*|مقالات ذات صلة|أخبار ذات صلة)\s*[:：]?\s*$",
    re.IGNORECASE,
)
_LEADS_ON = re.compile(
    r"^\W*(?:read (?:more|also|next)|see also|also read|related|more on this|xem thêm|đọc thêm|đọc tiếp|>>|lire aussi|à lire aussi|lesen sie auch|mehr dazu|"
    r"leer también|lee también|leia também|leggi anche|читайте также|اقرأ أيضا|関連記事|延伸閱讀|推荐阅读)(?!\w)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")  # twice as fast
_NO_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f\uac00-\ud7af]")
_JUNK_TITLE = re.compile(
    r"^\W*(?:read (?:more|the full|on)\b.*|continue reading.*|click here.*|learn more.*|view (?:all|more)\b.*|see all\b.*|load more.*|sign (?:in|up)\b.*|log ?in\b.*|"
    r"(?:privacy|cookie) (?:policy|notice|settings).*|terms (?:of|and)\b.*|\d+ (?:comments?|bình luận|replies|phản hồi)|leave a (?:comment|reply).*|skip to .*|"
    r"đọc tiếp.*|xem tất cả.*|xem chi tiết.*|chi tiết|back to top|all rights reserved.*|weiterlesen.*|lire la suite.*|leer más.*|続きを読む.*|もっと見る.*)\W*$",
    re.IGNORECASE,
)


def is_related_heading(text: str) -> bool:
    """Whether a heading introduces links to other articles."""
    return len(text) <= 60 and bool(_RELATED_HEADING.match(text))


def leads_on(text: str) -> bool:
    """Whether a paragraph begins like a pointer to another article: ``Read more: …``."""
    return len(text) <= 300 and bool(_LEADS_ON.match(text))


def size(text: str) -> int:
    """How long a text is, in characters of a script with letters; those of scripts without spaces count more."""
    return len(text) if text.isascii() else len(text) + 2 * len(_NO_SPACES.findall(text))


def weight(text: str) -> float:
    """How many words a title has; scripts without spaces count two characters for a word, up to what is a title."""
    if text.isascii():
        return len(_ASCII_WORD.findall(text))
    if not _NO_SPACES.search(text):
        return len(_WORD.findall(text))
    dense = len(_NO_SPACES.findall(text))
    return len(_WORD.findall(_NO_SPACES.sub(" ", text))) + dense / 2.5


def _has_words(text: str) -> bool:
    return bool(_WORD.search(text)) if text.isascii() else weight(text) >= 1


def may_be_short_title(text: str) -> bool:
    """Whether a link among others with titles may be one, too: ``SQLite`` in a list of essays."""
    return 2 <= len(text) <= 400 and _has_words(text) and not _JUNK_TITLE.match(text) and not looks_like_date(text)


def may_be_title(text: str) -> bool:
    """Whether the text of a link may be the title of an article: three words or more, and no label of the page."""
    words = weight(text)
    if words < 3 or len(text) > 400 or _JUNK_TITLE.match(text):
        return False
    return words > 8 or not looks_like_date(text)
