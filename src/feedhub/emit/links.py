"""URLs as feeds may carry them: absolute http(s), ASCII, percent-encoded (RSS Best Practices; RFC 3986)."""

from __future__ import annotations

import re
from urllib.parse import quote

_HTTP = re.compile(r"(https?)://([^/?#\\\s]+)((?:[/?#].*)?)", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"[A-Za-z0-9.\-_~%!$&'()*+,;=:@\[\]]+", re.ASCII)
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE = "%/:=&?~#+!$,;'@()*"
_SIGNS = r"[A-Za-z0-9_.\-~/:=&?+!$,;'@()*]*"
_LEGAL = rf"{_SIGNS}(?:%[0-9A-Fa-f]{{2}}{_SIGNS})*"
_READY = re.compile(rf"https?://{_AUTHORITY.pattern}(?:[/?]{_LEGAL})?(?:#{_LEGAL})?")
"""What :func:`web_url` would leave as it is, as nearly all URLs: told by one look instead of six steps."""
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s\x00-\x20\x7f-\x9f\ud800-\udfff\ufffe\uffff<>\"{}|\\^`]+")
_PROGRAMS = frozenset({"javascript", "vbscript", "data"})
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)


def web_url(url: str) -> str:
    """The URL in ASCII, or "" when it is no absolute http(s) URL. What is ASCII and legal already stays byte for byte."""
    if _READY.fullmatch(url):
        return url
    match = _HTTP.fullmatch(url.strip())
    if not match:
        return ""
    authority = _ascii_authority(match[2])
    if not authority:
        return ""
    rest, mark, fragment = match[3].partition("#")
    tail = _percent(rest) + (mark + _percent(fragment).replace("#", "%23"))
    return f"{match[1]}://{authority}{tail}"


def _percent(text: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=_SAFE, errors="replace")


def _ascii_authority(authority: str) -> str:
    if not authority.isascii():
        userinfo, at, host = authority.rpartition("@")
        try:
            authority = quote(userinfo, safe="%:") + at + host.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return authority if _AUTHORITY.fullmatch(authority) else ""


def is_absolute_iri(text: str) -> bool:
    """Whether a text may stand where Atom wants an IRI that identifies (RFC 4287, 4.2.6); a program does not: ids get opened."""
    if not _ABSOLUTE.fullmatch(text):
        return False
    scheme, _, rest = text.partition(":")
    scheme = scheme.lower()
    if scheme in _PROGRAMS:
        return False
    return scheme not in {"http", "https"} or bool(re.match(r"//[^/?#]", rest))


def language_tag(text: str) -> str:
    """The language if it has the form of BCP 47, else ""."""
    return text if _LANGUAGE.fullmatch(text) else ""
