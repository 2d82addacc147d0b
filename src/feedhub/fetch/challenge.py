"""Pages that want a browser instead of giving the document: recognised, said, never evaded.

Only sure signs count, for ordinary pages also carry scripts of these services. HTML where a feed was expected, without
such a sign, is for the parser to call *not a feed*.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from feedhub.fetch.headers import Headers

LOOK_AT = 65_536
"""Bytes of a page in which signs are looked for."""


_FEED = re.compile(rb"<(?:[a-z0-9_.-]+:)?(?:rss|rdf|feed)[\s>]")
"""The root of a feed. A page with one may have a wrong media type, or HTML around it, but it is no challenge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One service's page. All that is given must hold; ``body`` needs one of its markers (lower case)."""

    service: str
    header: Callable[[Headers], bool] | None = None
    statuses: frozenset[int] = frozenset()
    body: tuple[bytes, ...] = ()

    def holds(self, status: int, headers: Headers, page: bytes) -> bool:
        if self.statuses and status not in self.statuses:
            return False
        if self.header and not self.header(headers):
            return False
        return not self.body or any(marker in page for marker in self.body)


def _has(name: str, *values: str) -> Callable[[Headers], bool]:
    """The field is there, and contains one of ``values`` when some are given."""

    def test(headers: Headers) -> bool:
        value = headers.joined(name).lower()
        return any(part in value for part in values) if values else headers.first(name) is not None

    return test


_REFUSALS = frozenset({202, 401, 403, 405, 406, 418, 429, 503})

SIGNS: tuple[Sign, ...] = (
    Sign(service="Cloudflare", header=_has("cf-mitigated", "challenge")),
    Sign(service="Cloudflare", body=(b"_cf_chl_opt", b"<title>just a moment...</title>", b"cf-browser-verification")),
    Sign(
        service="Cloudflare",
        header=_has("server", "cloudflare"),
        statuses=_REFUSALS,
        body=(b"<title>attention required! | cloudflare</title>", b"cf-error-details", b"/cdn-cgi/challenge-platform/"),
    ),
    Sign(service="Anubis", body=(b'id="anubis_challenge"', b"/.within.website/x/cmd/anubis/")),
    Sign(service="DDoS-Guard", header=_has("server", "ddos-guard"), statuses=_REFUSALS, body=(b"ddos-guard",)),
    Sign(service="DDoS-Guard", body=(b"<title>ddos-guard</title>",)),
    Sign(service="Imperva", body=(b"incapsula incident id", b"request unsuccessful. incapsula")),
    Sign(service="Sucuri", header=_has("x-sucuri-block")),
    Sign(service="Sucuri", body=(b"sucuri_cloudproxy_js", b"sucuri website firewall - access denied")),
    Sign(service="AWS WAF", header=_has("x-amzn-waf-action", "challenge", "captcha")),
    Sign(service="Vercel", header=_has("x-vercel-mitigated", "challenge")),
    Sign(service="DataDome", statuses=_REFUSALS, body=(b"captcha-delivery.com",)),
    Sign(service="HUMAN", statuses=_REFUSALS, body=(b'id="px-captcha"', b"window._pxappid")),
    Sign(service="Akamai", statuses=_REFUSALS, body=(b"errors.edgesuite.net", b"akamai bot manager")),
    Sign(service="Kasada", header=_has("x-kpsdk-ct"), statuses=_REFUSALS),
    Sign(service="SiteGround", header=_has("sg-captcha", "challenge")),
    Sign(service="Vercel", body=(b"<title>vercel security checkpoint</title>",)),
    Sign(service="go-away", body=(b"/.well-known/.git.gammaspectra.live/git/go-away/",)),
    Sign(service="AWS WAF", statuses=_REFUSALS, body=(b"awswafcookiedomainlist", b"window.gokuprops")),
    Sign(service="F5", body=(b"the requested url was rejected. please consult with your administrator",)),
    Sign(service="Fastly", body=(b"<title>client challenge</title>",)),
)


def challenge(status: int, headers: Headers, media_type: str, body: bytes) -> str | None:
    """The name of the service whose challenge page this is, or None.

    Documents that are not HTML are never searched: an article in a feed may quote such a page.
    """
    page = body[:LOOK_AT].lower() if is_html(media_type, body) else b""
    page = b"" if _FEED.search(page) else page
    return next((sign.service for sign in SIGNS if (page or not sign.body) and sign.holds(status, headers, page)), None)


def is_html(media_type: str, body: bytes) -> bool:
    """HTML by what it starts with, and by its media type where that start says nothing else."""
    start = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<script")):
        return True
    return media_type in {"text/html", "application/xhtml+xml"} and not start.startswith(
        (b"<?xml", b"<rss", b"<feed", b"{")
    )
