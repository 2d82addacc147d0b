"""What we send, and what we read of an answer's head."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from feedhub.fetch.urls import MAX_URL
from feedhub.model import Validators

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)
ACCEPT_ENCODING = "gzip, deflate, br"

OWN = frozenset(
    {
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "range",
        "if-range",
        "if-none-match",
        "if-modified-since",
        "if-match",
        "if-unmodified-since",
        "a-im",
        "accept-encoding",
        "user-agent",
        "referer",
    }
)
"""Header fields that belong to the fetcher: they hold its promises and are not replaced by ``Request.headers``."""

_FILES = ("audio/", "video/", "image/", "font/")

MAX_LINKS = 20
"""Links of a ``Link`` header that are kept."""

_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[^\s=;,"]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)')
_PARAMETER = re.compile(r';\s*([^\s=;,"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))')
_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([^\s;"',]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Headers:
    """An answer's fields in their order, names in lower case. Bytes that are not UTF-8 are lone surrogates."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, raw: tuple[tuple[bytes, bytes], ...]) -> Headers:
        return cls(tuple((_text(name).lower(), _text(value).strip(" \t")) for name, value in raw))

    def first(self, name: str) -> str | None:
        return next((value for key, value in self.pairs if key == name), None)

    def joined(self, name: str) -> str:
        """All fields of one name as one list (RFC 9110, 5.3)."""
        return ", ".join(value for key, value in self.pairs if key == name)

    @property
    def size(self) -> int:
        """Bytes of the block as it was sent, line ends included."""
        return sum(len(name) + len(value.encode("utf-8", "surrogateescape")) + 4 for name, value in self.pairs)


def request_headers(
    written: str,
    *,
    agent: str,
    validators: Validators,
    custom: Mapping[str, str],
    credentials: tuple[str, str] | None,
    loyal: bool,
) -> dict[str, str]:
    """The fields of one request.

    ``written`` is the URL as it was stored; ``validators`` are sent verbatim and only when they are of that URL.
    ``custom`` fields and the ``credentials`` of the URL go out only while ``loyal``: as long as no redirect has led
    to another origin.

    :raises ValueError: a custom field cannot be sent; the message names it and never shows its value.
    """
    fields = {"User-Agent": agent, "Accept": ACCEPT, "Accept-Encoding": ACCEPT_ENCODING}
    if loyal:
        _add_custom(fields, custom)
        if credentials and not any(name.lower() == "authorization" for name in custom):
            fields["Authorization"] = "Basic " + base64.b64encode(":".join(credentials).encode()).decode()
    fields |= conditions(written, validators)
    return fields


def conditions(written: str, validators: Validators) -> dict[str, str]:
    """The conditional fields (RFC 9110, 13.1): both when both are known; RFC 3229's ``A-IM`` needs one of them."""
    if not validators or validators.url != written:
        return {}
    fields = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in fields.items() if value is not None} | {"A-IM": "feed"}


def validators_of(headers: Headers, url: str) -> Validators:
    """What the answer sent, verbatim. A value that cannot be kept as text (not UTF-8, controls) counts as absent."""
    return Validators(
        etag=_opaque(headers.first("etag")), last_modified=_opaque(headers.first("last-modified")), url=url
    )


def merged(stored: Validators, answer: Validators) -> Validators:
    """The stored validators with those of a 304 laid over them (RFC 9111, 4.3.4)."""
    return Validators(
        etag=answer.etag if answer.etag is not None else stored.etag,
        last_modified=answer.last_modified if answer.last_modified is not None else stored.last_modified,
        url=answer.url,
    )


def content_type_of(headers: Headers) -> tuple[str, str | None]:
    """Media type in lower case, and the charset when one is named."""
    value = headers.first("content-type") or ""
    charset = _CHARSET.search(value)
    media_type = value.partition(";")[0].partition(",")[0].strip().lower()
    return media_type if media_type.isascii() else "", charset[1].lower() if charset and charset[1].isascii() else None


def is_file(media_type: str) -> bool:
    """Whether it is of what nobody reads as text: entries of link blogs and podcasts lead to such things as to pages."""
    return media_type.startswith(_FILES) or media_type in {"application/pdf", "application/zip"}


def links_of(headers: Headers, url: str) -> dict[str, str]:
    """The ``Link`` header (RFC 8288) by relation, absolute; the first of each relation counts.

    Links about something else (``anchor``) are left out, and so is everything beyond :data:`MAX_LINKS`.
    """
    found: dict[str, str] = {}
    for match in _LINK.finditer(headers.joined("link")):
        parameters = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(match[2])}
        href = _absolute(url, match[1].strip())
        if not href or "anchor" in parameters:
            continue
        for relation in parameters.get("rel", "").lower().split():
            if len(found) < MAX_LINKS:
                found.setdefault(relation, href)
    return found


def _absolute(base: str, href: str) -> str:
    try:
        absolute = urljoin(base, href)
        absolute.encode()
        parts = urlsplit(absolute)
    except ValueError:
        return ""
    fits = len(absolute) <= MAX_URL  # a longer one could not be asked for
    return absolute if fits and parts.scheme in {"http", "https"} and parts.hostname else ""


def _add_custom(fields: dict[str, str], custom: Mapping[str, str]) -> None:
    for name, value in custom.items():
        if not _FIELD_NAME.fullmatch(name) or _CONTROL.search(value):
            raise ValueError(f"the header {name!r} of this source's configuration cannot be sent")
        if name.lower() in OWN:
            continue
        for known in [known for known in fields if known.lower() == name.lower()]:
            del fields[known]
        fields[name] = value


def _opaque(value: str | None) -> str | None:
    if not value or _CONTROL.search(value) or not _is_text(value):
        return None
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
