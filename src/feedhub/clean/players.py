"""Embedded players, turned into the page on which one watches or listens."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

_AMP_PLAYERS = {
    "amp-youtube": "https://www.youtube.com/watch?v={}",
    "amp-vimeo": "https://vimeo.com/{}",
    "amp-dailymotion": "https://www.dailymotion.com/video/{}",
    "amp-soundcloud": "https://soundcloud.com/{}",
}
_RULES: tuple[tuple[str, str, str], ...] = (
    ("youtube.com", r"/(?:embed|v|shorts|live)/(?!videoseries)([\w-]{6,})", "https://www.youtube.com/watch?v={}"),
    ("youtube-nocookie.com", r"/(?:embed|v)/([\w-]{6,})", "https://www.youtube.com/watch?v={}"),
    ("player.vimeo.com", r"/video/(\d+)", "https://vimeo.com/{}"),
    ("dailymotion.com", r"/embed/video/(\w+)", "https://www.dailymotion.com/video/{}"),
    ("open.spotify.com", r"/embed(?:-podcast)?/(\w+/\w+)", "https://open.spotify.com/{}"),
    ("embed.podcasts.apple.com", r"/(.+)", "https://podcasts.apple.com/{}"),
    ("ted.com", r"/talks/([\w-]+)", "https://www.ted.com/talks/{}"),
    ("tiktok.com", r"/(?:embed|player)/(?:v\d/)?(\d+)", "https://www.tiktok.com/@/video/{}"),
    ("bandcamp.com", r"/(EmbeddedPlayer/.+)", "https://bandcamp.com/{}"),
    ("streamable.com", r"/(?:[eos]/)?(\w+)", "https://streamable.com/{}"),
    ("archive.org", r"/embed/([\w.-]+)", "https://archive.org/details/{}"),
    ("loom.com", r"/embed/(\w+)", "https://www.loom.com/share/{}"),
    ("rumble.com", r"/embed/(\w+)", "https://rumble.com/embed/{}"),
    ("player.bilibili.com", r"/", ""),
    ("w.soundcloud.com", r"/player", ""),
    ("player.twitch.tv", r"/", ""),
    ("facebook.com", r"/plugins/(?:video|post)\.php", ""),
    ("codepen.io", r"/([\w-]+)/embed/(?:preview/)?(\w+)", "https://codepen.io/{}/pen/{}"),
    ("instagram.com", r"/(?:p|reel)/([\w-]+)", "https://www.instagram.com/p/{}/"),
)
_SAFE_ID = re.compile(r"[\w-]{3,40}")


def player_link(address: str, *, video: str = "", kind: str = "iframe") -> str:
    """The page of a known player's ``address`` (or of an AMP player's ``video``); "" when the player is not known."""
    if kind in _AMP_PLAYERS:
        return _AMP_PLAYERS[kind].format(video) if _SAFE_ID.fullmatch(video) else ""
    try:
        parts = urlsplit(("https:" + address) if address.startswith("//") else address)
    except ValueError:
        return ""
    host = (parts.hostname or "").removeprefix("www.")
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    for domain, path, page in _RULES:
        match = re.match(path, parts.path) if host == domain or host.endswith("." + domain) else None
        if match:
            return page.format(*match.groups()) if page else _from_query(parts.query)
    return ""


def _from_query(query: str) -> str:
    """Players whose parameters say what they play."""
    found = dict(parse_qsl(query))
    for name in ("url", "href"):
        if found.get(name, "").startswith(("https://", "http://")):
            return found[name]
    pages = {
        "bvid": "https://www.bilibili.com/video/{}",
        "video": "https://www.twitch.tv/videos/{}",
        "channel": "https://www.twitch.tv/{}",
    }
    return next(
        (page.format(found[name]) for name, page in pages.items() if _SAFE_ID.fullmatch(found.get(name, ""))), ""
    )
