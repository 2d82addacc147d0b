"""robots.txt (RFC 9309): its rules for us, and whether they let an address be asked for. Pure.

``urllib.robotparser`` takes the first rule that fits instead of the longest, knows neither ``*`` nor ``$``, and compares
percent-encodings as written. ``Crawl-delay`` is in no standard, but publishers write it and mean it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urlsplit

from feedhub.ports import Permission

READ = 512_000
"""Bytes that are read; the standard wants 500 KiB at least."""
MOST_RULES = 10_000
MOST_SITEMAPS = 100
TOKEN = "feedhub"  # noqa: S105  the product token of our User-Agent
_WILD = re.compile(r"\*+")
_SAFE = "/?&=;:@!$'()*+,-._~%[]"
_LONGEST_DELAY = 86_400.0
_NAME = re.compile(r"[A-Za-z_-]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """``path`` may hold ``*``, and ``$`` at its end."""

    allows: bool
    path: str
    written: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What one robots.txt says to us."""

    rules: tuple[Rule, ...] = ()
    delay: float = 0.0
    sitemaps: tuple[str, ...] = ()  # that it names, which belong to no group

    def permission(self, url: str) -> Permission:
        """The longest rule that fits decides; of equally long ones that which allows. /robots.txt is always allowed."""
        parts = urlsplit(url)
        path = _normal(f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}")
        if parts.path == "/robots.txt":
            return Permission(allowed=True, delay=self.delay)
        fitting = [rule for rule in self.rules if _fits(rule.path, path)]
        best = max(fitting, key=lambda rule: (len(rule.path), rule.allows), default=None)
        if best is None:
            return Permission(allowed=True, delay=self.delay)
        return Permission(allowed=best.allows, delay=self.delay, rule=best.written)


def read_robots(body: bytes, token: str = TOKEN) -> Rules:
    """The rules of all groups that name us, else of all for ``*``. Lines that are no rules are passed over."""
    ours: list[Rule] = []
    anyone: list[Rule] = []
    sitemaps: list[str] = []
    delays = {"ours": 0.0, "anyone": 0.0}
    named = found = wild = False
    in_rules = True  # the next User-agent line begins a group
    for line in body[:READ].decode("utf-8", "replace").removeprefix("\ufeff").splitlines()[: 4 * MOST_RULES]:
        key, colon, value = line.split("#", 1)[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if in_rules:
                named = wild = in_rules = False
            mine = _NAME.match(value)
            named = named or bool(mine and mine[0].lower() == token)
            wild = wild or value == "*"
            found = found or named
            continue
        if key in {"allow", "disallow"}:
            in_rules = True
            if value:  # an empty Disallow forbids nothing
                rule = Rule(key == "allow", _normal(value), f"{key.capitalize()}: {value[:100]}")
                _add(rule, named, wild, ours, anyone)
        elif key == "sitemap" and value:
            sitemaps.append(value)
        elif key == "crawl-delay":
            in_rules = True
            delays |= {name: _delay(value) for name, is_so in (("ours", named), ("anyone", wild)) if is_so}
    told = tuple(dict.fromkeys(sitemaps[:MOST_SITEMAPS]))
    if found:
        return Rules(tuple(ours[:MOST_RULES]), delays["ours"], told)
    return Rules(tuple(anyone[:MOST_RULES]), delays["anyone"], told)


def _add(rule: Rule, named: bool, wild: bool, ours: list[Rule], anyone: list[Rule]) -> None:
    if named:
        ours.append(rule)
    if wild:
        anyone.append(rule)


def _delay(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_DELAY) if seconds == seconds else 0.0  # noqa: PLR0124  NaN is no number


def _normal(path: str) -> str:
    """Percent-encoding as the standard compares it: unreserved characters plain, others encoded in capitals."""
    text = quote(path, safe=_SAFE)
    return re.sub(r"%[0-9A-Fa-f]{2}", _octet, text)


def _octet(match: re.Match[str]) -> str:
    octet = unquote_to_bytes(match[0])
    char = octet.decode("latin-1")
    return char if char.isascii() and (char.isalnum() or char in "-._~") else match[0].upper()


def _fits(pattern: str, path: str) -> bool:
    """Whether a pattern matches from the begin of a path: pieces between ``*`` in their order, without backtracking."""
    anchored = pattern.endswith("$")
    pieces = _WILD.split(pattern[:-1] if anchored else pattern)
    if not path.startswith(pieces[0]):
        return False
    at = len(pieces[0])
    if len(pieces) == 1:
        return not anchored or at == len(path)
    for piece in pieces[1:-1]:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    last = pieces[-1]
    return (path.endswith(last) and len(path) - len(last) >= at) if anchored else path.find(last, at) >= 0
