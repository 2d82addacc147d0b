"""Single checks on values that the rule lists share. Each yields at most one sentence. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from feedhub.emit.links import is_absolute_iri, web_url

_RFC3339_Z = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII)
_RFC822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}"
    r" ([01]\d|2[0-3]):[0-5]\d:[0-5]\d (GMT|[+-]\d{4})",
    re.ASCII,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_REFERENCE = re.compile(r"<[a-z][^<>]*?\s(?:href|src|poster|cite)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_DANGER = re.compile(r"<\s*(script|iframe|object|embed|style|form|base|meta|link)\b", re.IGNORECASE)


def control_characters(text: str) -> Iterator[str]:
    found = _CONTROL.search(text)
    if found:
        yield f"holds the control character U+{ord(found[0]):04X}"


def utc_moment(where: str, text: str) -> Iterator[str]:
    if not _RFC3339_Z.fullmatch(text):
        yield f"{where} is no RFC 3339 date in UTC with whole seconds: {text!r}"


def mail_date(where: str, text: str) -> Iterator[str]:
    if not _RFC822.fullmatch(text):
        yield f"{where} is no RFC 822 date with a four-digit year: {text!r}"


def absolute_url(where: str, text: str) -> Iterator[str]:
    if web_url(text) != text or not text:
        yield f"{where} is no absolute http(s) URL in ASCII: {text!r}"


def absolute_iri(where: str, text: str) -> Iterator[str]:
    if not is_absolute_iri(text):
        yield f"{where} is no absolute IRI: {text!r}"


def present(where: str, text: str) -> Iterator[str]:
    if not text.strip():
        yield f"{where} is missing or blank"


def whole_number(where: str, text: str) -> Iterator[str]:
    if not (text.isascii() and text.isdigit()):
        yield f"{where} is no number of bytes: {text!r}"


def unique(where: str, values: Iterable[str]) -> Iterator[str]:
    for value, times in Counter(values).items():
        if times > 1:
            yield f"{where} stands {times} times: {value!r}"


def markup(where: str, html: str) -> Iterator[str]:
    """No relative URL and nothing that runs or frames."""
    for match in _REFERENCE.finditer(html):
        url = match[1] or match[2] or ""
        if url and not url.startswith("#") and not re.match(r"[A-Za-z][A-Za-z0-9+.\-]*:", url):
            yield f"{where} holds a relative URL: {url!r}"
    danger = _DANGER.search(html)
    if danger:
        yield f"{where} holds <{danger[1].lower()}>"
