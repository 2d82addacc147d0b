"""URLs: made absolute for publishing, made canonical for comparing. RFC 3986; the URL standard where browsers differ.

A canonical URL is never published: it leaves out whatever rarely tells two pages apart (scheme http or https, ``www.``
and mobile hosts, AMP variants, tracking parameters, their order, fragments, a final slash).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit, urlunsplit

from feedhub.clean.url_lists import (
    DOORS_BY_HOST,
    INDEX_PAGE,
    REFERRER_PARAMETERS,
    REFERRER_VALUES,
    TRACKING,
    TRACKING_PREFIXES,
    Door,
)

MAX_URL = 4096
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_EDGES = "".join(map(chr, range(0x21)))
_BREAKS = re.compile(r"[\t\n\r]")
_SAFE = "%/:?#[]@!$&'()*+,;=-._~|"
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_FINE = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]+)?/(?:[A-Za-z0-9\-._~/!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*"
    r"(?:\?(?:[A-Za-z0-9\-._~/!$&'()*+,;=:@?]|%[0-9A-Fa-f]{2})+)?"
)
"""Addresses that need no work: most of them."""
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_MOBILE = frozenset({"m", "mobile", "amp", "www", "wap"})
_AMP_PATH = re.compile(r"(?:/amp(?:\.html)?|\.amp(?=\.html$)|\.amp|/amp/)$|^(?:/amp)+(?=/)", re.IGNORECASE)
_AMP_CACHE = re.compile(r"/(?:amp|[cvi])/(?:s/)?([\w.-]+\.[a-z]{2,}/.*)", re.IGNORECASE)
_SLASHES = re.compile(r"^(https?:)/{3,}", re.IGNORECASE)  # browsers read any number of them as two (WHATWG URL, 4.4)
_ROUNDS = 5


def scheme_of(url: str) -> str:
    match = _SCHEME.match(url)
    return match[1].lower() if match else ""


def is_web(url: str) -> bool:
    """Whether this is an absolute http or https URL with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and len(url) <= MAX_URL
    except ValueError:
        return False


def absolute(href: str, bases: Iterable[str] = ()) -> str:
    """``href`` as an absolute URL in ASCII, or "" when it is none.

    :param bases: in the order of right; a relative base is resolved against those behind it.
    """
    if len(href) <= MAX_URL and _FINE.fullmatch(href):
        return href
    href = _BREAKS.sub("", href).strip(_EDGES).strip()
    if not href or len(href) > MAX_URL:
        return ""
    try:
        if _FINE.fullmatch(href):
            return href
        url = href if _absolute_already(href) else urljoin(_base(tuple(bases)), href)
        return _ascii(url) if scheme_of(url) else ""
    except ValueError:
        return ""


def web_link(href: str, bases: Iterable[str] = ()) -> str:
    """Like :func:`absolute`, but "" for everything that is not http or https."""
    if not href or (len(href) <= MAX_URL and _FINE.fullmatch(href)):
        return href
    url = absolute(href, bases)
    return url if is_web(url) else ""


def _absolute_already(href: str) -> bool:
    scheme = scheme_of(href)
    return bool(scheme) and (scheme not in {"http", "https"} or href[len(scheme) + 1 :].startswith("//"))


@lru_cache(maxsize=256)
def _base(bases: tuple[str, ...]) -> str:
    base = ""
    for candidate in reversed(bases):
        joined = urljoin(base, candidate.strip()) if candidate else base
        base = joined if is_web(joined) else base
    return base


def _ascii(url: str) -> str:
    """Percent-encode what RFC 3986 does not allow; the host becomes IDNA, the scheme lower case."""
    scheme = scheme_of(url)
    if scheme not in {"http", "https"}:
        return scheme + quote(url[len(scheme) :], safe=_SAFE)
    parts = urlsplit(_SLASHES.sub(r"\1//", url))
    rest = (quote(_STRAY_PERCENT.sub("%25", part), safe=_SAFE) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((scheme, _ascii_host(parts.netloc), *rest))


def _ascii_host(netloc: str) -> str:
    user, at, host = netloc.rpartition("@")
    if not host.isascii():
        labels = unicodedata.normalize("NFKC", host.lower()).replace("。", ".").split(".")
        host = ".".join(part if part.isascii() else "xn--" + part.encode("punycode").decode() for part in labels)
    if re.search(r"[\s<>\"\\^`{|}]", host):
        raise ValueError(f"not a host: {host!r}")
    return quote(user, safe=_SAFE) + at + host


@lru_cache(maxsize=4096)
def canonical(url: str) -> str:
    """The form by which two URLs are compared; "" for ""; idempotent.

    ``www.`` goes with the mobile hosts: sites that serve different pages under both are rarer by far than sites that
    link themselves both ways. Parameters that are left are sorted by name, and keep their order within a name.
    """
    if simple := _simply(url):
        return simple
    return _canonical(url)


_NETLOC = r"https?://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]+)?)"
_PLAIN_HOST = re.compile(rf"{_NETLOC}[/?#]")
_SIMPLE = re.compile(
    rf"{_NETLOC}(/(?:[A-Za-z0-9\-._~/!$&'()*+,;=:@]|%[0-9A-Fa-f]{{2}})+)(?:\?([A-Za-z0-9\-._~/!$&'()*+,;=:@?]+))?"
)


def _simply(url: str) -> str:
    """The canonical form of an address of which nothing but tracking parameters and final slashes go; "" of nearly all others."""
    found = _SIMPLE.fullmatch(url) if len(url) < MAX_URL else None
    if found is None:
        return ""
    path = (_escapes(found[2]) if "%" in found[2] else found[2]).rstrip("/")
    lower = path.lower()
    if not path or "/." in path or "amp" in lower or "/index." in lower or "/default." in lower:
        return ""
    host = _simple_host(found[1])
    if not host:
        return ""
    query = _query(found[3]) if found[3] else ""
    return f"https://{host}{path}?{query}" if query else f"https://{host}{path}"


@lru_cache(maxsize=1024)
def _simple_host(netloc: str) -> str:
    """Host and port as they are compared; "" where the path decides what is meant."""
    try:
        parts = urlsplit(f"https://{netloc}/")
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        return ""
    leads_on = host == "youtu.be" or host.endswith("cdn.ampproject.org") or host.startswith("google.")
    if not host or leads_on or _host(host) != host or any(_doors(host)):
        return ""
    return host if port in {None, 80, 443} else f"{host}:{port}"


def _canonical(url: str) -> str:
    for _round in range(len(url)):  # a round that changes anything takes something away
        before, url = url, _canonical_once(url)
        if url == before:
            break
    return url


def _canonical_once(url: str) -> str:
    url = absolute(url)
    if not is_web(url):
        return url
    try:
        inner = _unwrapped(url)
        return inner or _compared(url)
    except ValueError:
        return url


def _compared(url: str) -> str:
    parts = urlsplit(url)
    host, port = _host(parts.hostname or ""), parts.port
    if not host:  # nothing but dots
        return url
    path = _path(parts.path)
    query = _query(parts.query)
    if host == "youtu.be" and len(path) > 1:
        host, path, query = "youtube.com", "/watch", _query(f"v={path[1:]}&{query}")
    netloc = host if port in {None, 80, 443} else f"{host}:{port}"
    fragment = parts.fragment if parts.fragment.startswith("!") else ""
    return urlunsplit(("https", netloc, "" if path == "/" and not query and not fragment else path, query, fragment))


def _host(host: str) -> str:
    labels = host.rstrip(".").split(".")
    while len(labels) > 2 and labels[0] in _MOBILE:
        labels = labels[1:]
    if len(labels) > 3 and labels[1] in _MOBILE and len(labels[0]) in {2, 3}:  # en.m.wikipedia.org
        del labels[1]
    host = ".".join(labels)
    return f"[{host}]" if ":" in host else host


def _path(path: str) -> str:
    path = _resolved_dots(_escapes(path)) or "/"
    path = INDEX_PAGE.sub("/", _AMP_PATH.sub("", path))
    return path.rstrip("/") or "/"


def _resolved_dots(path: str) -> str:
    if "/." not in path:
        return path
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[max(1, len(kept) - 1) :]
        elif part != ".":
            kept.append(part)
    return "/".join(kept)


def _escapes(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        byte = int(match[1], 16)
        return chr(byte) if byte in _UNRESERVED else f"%{byte:02X}"

    return _PERCENT.sub(one, text)


def _query(query: str) -> str:
    kept = [part for part in query.replace(";", "&").split("&") if part and not _tracks(part)]
    return _escapes("&".join(sorted(kept, key=lambda part: part.partition("=")[0])))


@lru_cache(maxsize=1024)
def _tracks(parameter: str) -> bool:
    name, _equals, value = parameter.partition("=")
    name = unquote(name).lower()
    if name in TRACKING or name.startswith(TRACKING_PREFIXES):
        return True
    if name == "amp" or (name == "outputtype" and value.lower() == "amp"):
        return True
    return name in REFERRER_PARAMETERS and bool(REFERRER_VALUES.match(unquote(value).lower()))


def unwrap(url: str) -> str:
    """The target of a redirector that carries it in its own address; any other URL unchanged."""
    if (found := _PLAIN_HOST.match(url)) and _simple_host(found[1]):  # no redirector is there, whatever the path
        return url
    for _round in range(_ROUNDS):
        inner = _unwrapped(url) if is_web(url) else ""
        if not inner:
            break
        url = inner
    return url


def _unwrapped(url: str) -> str:
    parts = urlsplit(url)
    host = _host(parts.hostname or "")
    if host.endswith("cdn.ampproject.org") or (host.startswith("google.") and parts.path.startswith("/amp/")):
        match = _AMP_CACHE.fullmatch(parts.path)
        return absolute(f"https://{match[1]}" + (f"?{parts.query}" if parts.query else "")) if match else ""
    for door in _doors(host):
        if door.path.match(parts.path or "/"):
            found = dict(reversed(parse_qsl(parts.query)))
            target = next((found[name] for name in door.parameters if is_web(found.get(name, ""))), "")
            return absolute(target)
    return ""


def _doors(host: str) -> Iterator[Door]:
    """The redirectors at this host or at a host above it."""
    while host:
        yield from DOORS_BY_HOST.get(host, ())
        host = host.partition(".")[2]
