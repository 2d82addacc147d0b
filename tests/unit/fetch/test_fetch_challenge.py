"""Challenge pages, and pages that only look like them."""

from __future__ import annotations

import pytest

from feedhub.fetch.challenge import challenge
from feedhub.fetch.headers import Headers

HTML = "<!doctype html><html><head>{}</head><body></body></html>"

CHALLENGES = [
    ("Cloudflare", 403, {"cf-mitigated": "challenge"}, ""),
    ("Cloudflare", 503, {}, HTML.format("<title>Just a moment...</title>")),
    ("Cloudflare", 200, {}, HTML.format("<script>window._cf_chl_opt={}</script>")),
    ("Cloudflare", 403, {"server": "cloudflare"}, HTML.format("<title>Attention Required! | Cloudflare</title>")),
    ("Anubis", 200, {}, HTML.format('<script id="anubis_challenge" type="application/json">{}</script>')),
    ("DDoS-Guard", 403, {"server": "ddos-guard"}, HTML.format("<title>DDoS-Guard</title>")),
    ("Imperva", 200, {}, HTML.format("Request unsuccessful. Incapsula incident ID: 1-2")),
    ("Sucuri", 200, {}, HTML.format("<script>var sucuri_cloudproxy_js='';</script>")),
    ("AWS WAF", 202, {"x-amzn-waf-action": "challenge"}, ""),
    ("Vercel", 429, {"x-vercel-mitigated": "challenge"}, ""),
    ("DataDome", 403, {}, HTML.format("<script src='https://geo.captcha-delivery.com/x'></script>")),
    ("HUMAN", 403, {}, HTML.format('<div id="px-captcha"></div>')),
    ("Akamai", 403, {"server": "AkamaiGHost"}, HTML.format("Access Denied https://errors.edgesuite.net/18.a")),
    ("Kasada", 429, {"x-kpsdk-ct": "a"}, ""),
    ("SiteGround", 202, {"sg-captcha": "challenge"}, ""),
    ("Vercel", 429, {}, HTML.format("<title>Vercel Security Checkpoint</title>")),
    ("go-away", 200, {}, HTML.format("<link href='/.well-known/.git.gammaspectra.live/git/go-away/x.css'>")),
    ("AWS WAF", 202, {}, HTML.format("<script>window.gokuProps = {};</script>")),
    ("F5", 200, {}, HTML.format("The requested URL was rejected. Please consult with your administrator.")),
    ("Fastly", 200, {}, HTML.format("<title>Client Challenge</title>")),
]


def _named(status: int, fields: dict[str, str], body: str, media_type: str = "text/html") -> str | None:
    return challenge(status, Headers(tuple(fields.items())), media_type, body.encode())


@pytest.mark.parametrize(("service", "status", "fields", "body"), CHALLENGES)
def test_a_challenge_is_named(service: str, status: int, fields: dict[str, str], body: str) -> None:
    assert _named(status, fields, body) == service
    assert _named(status, fields, "\ufeff\n" + body.upper() if body else "") == service


@pytest.mark.parametrize(
    ("status", "fields", "body", "media_type"),
    [
        (200, {"server": "cloudflare"}, HTML.format("<script src=/cdn-cgi/challenge-platform/x.js>"), "text/html"),
        (403, {"server": "cloudflare"}, HTML.format("<title>Forbidden</title>"), "text/html"),
        (200, {"server": "ddos-guard"}, HTML.format("<title>News</title> ddos-guard"), "text/html"),
        (200, {}, HTML.format("how captcha-delivery.com works"), "text/html"),
        (200, {}, "<?xml version='1.0'?><rss><title>Just a moment...</title></rss>", "text/html"),
        (200, {}, "<rss><title>Just a moment...</title></rss>", "application/rss+xml"),
        (200, {}, '{"title": "<title>just a moment...</title>"}', "text/html"),
        (200, {"cf-mitigated": "none"}, "", "text/html"),
        (404, {}, "", ""),
    ],
)
def test_ordinary_answers_are_none(status: int, fields: dict[str, str], body: str, media_type: str) -> None:
    assert _named(status, fields, body, media_type) is None
