"""What HTML shows only with its scripts, made plain before it is cleaned. The one door to selectolax of this stage.

Lazy images get their address, ``noscript`` gives up its media, AMP elements become HTML, players become links, and
images that count readers go. Most bodies need none of it and are not even parsed.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from feedhub.clean.players import player_link

# What is looked for in lower case, each only where a plain word is: several times faster than one pattern of all.
_SCRIPTED = ("<noscript", "<iframe", "<embed", "<amp-", "<a-img", "feedflare")
_LATER = re.compile(r"data-[\w-]*(?:src|orig|lazy|image|url|echo)")
_COUNTING = re.compile(
    r"<img[^>]*(?:pixel|track|beacon|counter|doubleclick|analytics|feedsportal|facebook\.com/tr|//(?:stats|b)\.|/~[rf]|\.gif)"
)
_UNSEEN = re.compile(r"<img[^>]*(?:(?:width|height)\s*[=:]\s*[\"']?\s*[01](?:px)?\s*[\"';>\s/]|display\s*:\s*none)")
_AMP = re.compile(r"<(/?)(?:amp-(?=img|video|audio|iframe)|a-(?=img))", re.IGNORECASE)
_AMP_ANIMATION = re.compile(r"<(/?)amp-anim\b", re.IGNORECASE)
_LAZY = re.compile(r"data-(?:[\w-]*-)?(?:src|original|lazy|actualsrc|image|url|hi-res-src|echo)(?:-[\w-]+)?")
_LAZY_SET = re.compile(r"data-[\w-]*srcset")
_STAND_IN = re.compile(
    r"^\s*$|^data:|^about:|(?:blank|spacer|placeholder|transparent|loading|lazy|grey|gray|1x1|pixel|empty)[\w-]*\.(?:gif|png|svg|jpe?g|webp)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?:)?//\S+|[^\s{}<>]*[/.][^\s{}<>]*")
_COUNTS = re.compile(
    r"//(?:pixel|stats|b|track|beacon|counter)\.[^/]*(?:wordpress|wp|quantserve|scorecardresearch)\.com|/~[rf]+/[^/]+/~4/|"
    r"feedburner\.com/~(?:r|ff)/|feedsportal\.com|doubleclick\.net|google-analytics\.com|facebook\.com/tr\b|"
    r"/(?:tracking|track|beacon)?[-_]?pixel(?:\.gif|\.png|/|\?|$)|[?&/]open\.gif|/counter\.gif",
    re.IGNORECASE,
)
_SMALL_STYLE = re.compile(
    r"(?:^|;)\s*(?:(?:width|height)\s*:\s*[01](?:px)?|display\s*:\s*none)\s*(?:!important\s*)?(?:;|$)", re.IGNORECASE
)
_SMALL = re.compile(r"\s*[01](?:px)?\s*")


def prepare(markup: str) -> str:
    """The same HTML with what scripts would have shown; unchanged when nothing of that kind is in it."""
    if not _is_needed(markup.lower()):
        return markup
    markup = _AMP_ANIMATION.sub(r"<\1img", _AMP.sub(r"<\1", markup))
    tree = LexborHTMLParser("<!doctype html><body>" + markup)
    body = tree.body
    if body is None:
        return markup
    _reveal_noscript(body)
    for image in body.css("img, source"):
        _wake(image)
    for image in body.css("img"):
        if _counts_readers(image):
            image.decompose()
    for frame in body.css("iframe, embed, amp-youtube, amp-vimeo, amp-dailymotion, amp-soundcloud"):
        _link_player(tree, frame)
    for flare in body.css("div.feedflare"):
        flare.decompose()
    return body.inner_html or ""


def _is_needed(lower: str) -> bool:
    if "<img" in lower and (_COUNTING.search(lower) or _UNSEEN.search(lower)):
        return True
    return any(map(lower.__contains__, _SCRIPTED)) or ("data-" in lower and bool(_LATER.search(lower)))


def _reveal_noscript(body: LexborNode) -> None:
    """A ``noscript`` with media repeats a lazy element before it, or stands for one: one of the two is kept."""
    for node in body.css("noscript"):
        inside = [address for image in node.css("img") if (address := _lazy_address(image) or _source(image))]
        outside = {
            _lazy_address(image) or _source(image) for image in body.css("img") if not _within(image, "noscript")
        }
        if (not inside and not node.css_first("video, audio, iframe")) or (inside and set(inside) <= outside):
            node.decompose()
            continue
        before = node.prev
        if inside and before is not None and before.tag == "img" and _is_stand_in(before) and not _lazy_address(before):
            before.decompose()
        node.unwrap()


def _within(node: LexborNode, tag: str) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.tag == tag:
            return True
        parent = parent.parent
    return False


def _source(image: LexborNode) -> str:
    return (image.attributes.get("src") or "").strip()


def _is_stand_in(image: LexborNode) -> bool:
    return bool(_STAND_IN.search(_source(image)))


def _lazy_address(image: LexborNode) -> str:
    for name, value in image.attributes.items():
        if value and _LAZY.fullmatch(name) and "srcset" not in name and _ADDRESS.fullmatch(value.strip()):
            return value.strip()
    return ""


def _wake(image: LexborNode) -> None:
    attributes = image.attributes
    lazy = _lazy_address(image)
    if image.tag == "img" and lazy and _is_stand_in(image):
        image.attrs["src"] = lazy
    elif image.tag == "img" and _is_stand_in(image) and "src" in attributes and _lazy_set(image):
        del image.attrs["src"]
    if (lazy_set := _lazy_set(image)) and not _real_set(attributes.get("srcset")):
        image.attrs["srcset"] = lazy_set


def _lazy_set(image: LexborNode) -> str:
    names = (name for name in image.attributes if _LAZY_SET.fullmatch(name))
    return next((value for name in names if (value := image.attributes[name])), "")


def _real_set(value: str | None) -> bool:
    return bool(value) and not _STAND_IN.search(value or "")


def _counts_readers(image: LexborNode) -> bool:
    attributes = image.attributes
    sizes = (attributes.get("width") or "", attributes.get("height") or "")
    small = any(_SMALL.fullmatch(size) for size in sizes)
    return small or bool(_SMALL_STYLE.search(attributes.get("style") or "")) or bool(_COUNTS.search(_source(image)))


def _link_player(tree: LexborHTMLParser, frame: LexborNode) -> None:
    attributes = frame.attributes
    address = _lazy_address(frame) if _is_stand_in(frame) else _source(frame)
    link = player_link(address, video=attributes.get("data-videoid") or "", kind=frame.tag or "")
    if not link:
        frame.decompose()
        return
    anchor = tree.create_node("a")
    anchor.attrs["href"] = link
    anchor.insert_child((attributes.get("title") or "").strip() or link)
    paragraph = tree.create_node("p")
    paragraph.insert_child(anchor)
    frame.replace_with(paragraph)
