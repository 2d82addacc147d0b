"""Renamed and withdrawn feeds, as files that web servers and hosts of static pages read. Pure: text in, bytes out.

====================== ==========================================================================
``_redirects``         GitLab Pages, Netlify, Cloudflare Pages; has no word for 410
``redirects.nginx``    ``include`` it in the ``server`` block
``redirects.caddy``    ``import`` it in the site block
``topics/old.html``    a page that leads on by itself, for hosts that know no redirects (GitHub Pages)
====================== ==========================================================================

The first three are always written, so that a server may name them before there is anything to redirect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from feedhub.model import Format

MADE = "# Made by `feedhub export`; the next one writes it anew.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A feed that has another slug now. Paths are without ending and leading slash: ``topics/old``."""

    path: str
    target: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the files are served: ``https://news.example``, and the path below it, ``""`` or ``/feeds``."""

    root: str
    prefix: str = ""


def redirect_files(
    moved: Sequence[Moved], gone: Sequence[str], place: Place, formats: Sequence[Format]
) -> Mapping[str, bytes]:
    """Every file by its path. ``gone``: paths of withdrawn feeds, as those of :class:`Moved`."""
    pairs = [pair for one in moved for pair in _addresses(one, formats)]
    nothing = [address for path in gone for address in _endings(path, formats)]
    files = {
        "_redirects": _hosted(pairs, moved, place.prefix),
        "redirects.nginx": _nginx(pairs, moved, nothing, gone, place),
        "redirects.caddy": _caddy(pairs, moved, nothing, gone, place),
    }
    texts = {name: MADE + "".join(lines) for name, lines in files.items()}
    texts |= {f"{one.path}.html": _page(one, place) for one in moved}
    return {name: text.encode() for name, text in texts.items()}


def _endings(path: str, formats: Sequence[Format]) -> list[str]:
    """The addresses of a feed: its formats, its page, and its page as a file."""
    return [*(f"{path}.{each.value}" for each in formats), path, f"{path}.html"]


def _addresses(one: Moved, formats: Sequence[Format]) -> Iterator[tuple[str, str]]:
    yield from ((f"{one.path}.{each.value}", f"{one.target}.{each.value}") for each in formats)
    yield one.path, f"{one.target}.html"
    yield f"{one.path}.html", f"{one.target}.html"


def _hosted(pairs: Sequence[tuple[str, str]], moved: Sequence[Moved], prefix: str) -> Iterator[str]:
    yield from (f"{prefix}/{old} {prefix}/{new} 301\n" for old, new in pairs)
    yield from (f"{prefix}/{one.path}/archive/* {prefix}/{one.target}/archive/:splat 301\n" for one in moved)


def _nginx(
    pairs: Sequence[tuple[str, str]], moved: Sequence[Moved], nothing: Sequence[str], gone: Sequence[str], place: Place
) -> Iterator[str]:
    at, there = place.prefix, place.root + place.prefix
    yield from (f"location = {at}/{old} {{ return 301 {there}/{new}$is_args$args; }}\n" for old, new in pairs)
    for one in moved:
        yield f"location ~ ^{at}/{one.path}/archive/([^/]+)$ {{ return 301 {there}/{one.target}/archive/$1; }}\n"
    yield from (f"location = {at}/{address} {{ return 410; }}\n" for address in nothing)
    yield from (f"location ^~ {at}/{path}/archive/ {{ return 410; }}\n" for path in gone)


def _caddy(
    pairs: Sequence[tuple[str, str]], moved: Sequence[Moved], nothing: Sequence[str], gone: Sequence[str], place: Place
) -> Iterator[str]:
    at, there = place.prefix, place.root + place.prefix
    yield from (f"redir {at}/{old} {there}/{new} 301\n" for old, new in pairs)
    for number, one in enumerate(moved, 1):
        yield f"@archive{number} path_regexp archive{number} ^{at}/{one.path}/archive/([^/]+)$\n"
        yield f"redir @archive{number} {there}/{one.target}/archive/{{re.archive{number}.1}} 301\n"
    yield from (f"respond {at}/{address} 410\n" for address in nothing)
    yield from (f"respond {at}/{path}/archive/* 410\n" for path in gone)


def _page(one: Moved, place: Place) -> str:
    there = escape(f"{place.root}{place.prefix}/{one.target}.html")
    title = escape(one.title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{title} has moved</title>\n"
        f'<link rel="canonical" href="{there}">\n'
        f'<meta http-equiv="refresh" content="0; url={there}">\n'
        '<meta name="robots" content="noindex">\n<meta name="referrer" content="no-referrer">\n</head>\n'
        f'<body>\n<p>This feed has moved: <a href="{there}">{title}</a></p>\n</body>\n</html>\n'
    )
