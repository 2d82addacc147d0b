"""Text for people out of stored values: plain words from safe HTML, moments in the site's zone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from feedhub.model import EPOCH

_SILENT = frozenset({"script", "style", "template", "noscript"})
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class _Words(HTMLParser):
    """Collects text; every tag is a gap, because sanitised HTML may hold one paragraph right after another."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _SILENT
        if tag not in _INLINE:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _SILENT and self._hidden > 0
        if tag not in _INLINE:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "cite",
        "code",
        "em",
        "i",
        "kbd",
        "mark",
        "q",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "u",
    ]
)


def plain_words(html: str, limit: int = 320) -> str:
    """The words of some HTML, white space folded, at most ``limit`` characters, cut between words."""
    reader = _Words()
    reader.feed(html[: limit * 40])
    reader.close()
    text = " ".join("".join(reader.parts).split())
    if len(text) <= limit:
        return text
    return text[:limit].rsplit(" ", 1)[0].rstrip(" ,;:–-") + "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment for ``<time>``: ``iso`` for machines, ``text`` for people."""

    iso: str
    text: str


def moment(when: datetime | None, zone: ZoneInfo) -> Moment | None:
    """``24 Nov 2026, 11:05`` in the site's zone; None for no moment, and for the epoch, which stands for none."""
    if when is None or when == EPOCH:
        return None
    local = when.astimezone(zone)
    text = f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"
    return Moment(iso=f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", text=text)


def span(time: timedelta) -> str:
    """A duration as one would say it: ``now``, ``5 min``, ``3 h``, ``12 d``."""
    seconds = int(time.total_seconds())
    if seconds < 60:
        return "now"
    for size, unit in ((86_400, "d"), (3_600, "h")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds // 60} min"


def number(count: int) -> str:
    """``12 345`` with a thin, unbreakable space."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def host_of(url: str) -> str:
    """The host for people: no credentials, no port, no query."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def web_link(url: str) -> str:
    """The URL if a browser may safely follow it, otherwise nothing."""
    return url if url.lower().startswith(("http://", "https://")) else ""


def labelling_words(vitals: Mapping[str, object]) -> str:
    """How far stored entries are labelled anew, of what the daemon tells of itself; "" when they are not."""
    done, total = vitals.get("relabelled"), vitals.get("to_relabel")
    if not vitals.get("relabelling") or not isinstance(done, int) or not isinstance(total, int) or not total:
        return ""
    share = f"{100 * done // total} %"
    return f"Stored entries are being labelled by changed rules: {number(done)} of {number(total)} ({share})."
