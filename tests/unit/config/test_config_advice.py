"""What is allowed but hardly meant is said in one sentence with what to do; what is meant is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedhub.config import load_text, warnings

FINE = """
site: {contact: 'mailto:me@example.org', base_url: 'https://news.example.org'}
server: {host: 0.0.0.0}
sources: [{url: 'https://example.org/feed', auth: {bearer: '${TOKEN}'}}]
"""
TOPIC = FINE + "topics: {banks: [%s]}"


def _advice(text: str) -> list[str]:
    return warnings(load_text(text, Path("config.yaml"), {"TOKEN": "a-token"}))


@pytest.mark.parametrize(
    "keyword", ["=AI", "5G", "banking", "C#", "lãi suất", "銀行", "~cafe", "'/[a-z]/'", "'.NET'", "'++'"]
)
def test_there_is_nothing_to_say_of_what_is_meant(keyword: str) -> None:
    assert _advice(TOPIC % keyword) == []


@pytest.mark.parametrize(
    ("text", "place", "advice"),
    [
        (
            "hub: own\n"
            + FINE.replace("https://news.example.org", "http://localhost:8080").replace("0.0.0.0", "127.0.0.1"),
            "hub",
            "nobody elsewhere",
        ),
        (TOPIC % "ai", "topics.banks", "write '=AI'"),
        (TOPIC % "EU", "topics.banks", "write '=EU'"),
        (TOPIC % "eu*", "topics.banks", "write '=EU'"),
        (TOPIC % "~ai", "topics.banks", "write '=AI'"),
        (TOPIC % "giữ", "topics.banks", "is one syllable"),
        (TOPIC % "Nghiệp", "topics.banks", "is one syllable"),
        (TOPIC % "'--'", "topics.banks", "holds nothing to look for; remove it"),
        (FINE.replace("auth:", "drop: [ad], auth:"), "source example-org", "write '=AD'"),
        (FINE + "topics: {banks: }", "topics.banks", "give it keywords or rules"),
        (FINE.replace("${TOKEN}", "s3cret"), "sources[0].auth.bearer", "write `${NAME}` or `{file: path}`"),
        (FINE.replace("//example.org/", "//me:pw@example.org/"), "source example-org", "use `auth`"),
        (FINE.replace("contact", "title"), "site.contact", "give an address"),
        (FINE.replace("https://news.example.org", "http://localhost:8080"), "site.base_url", "give the public address"),
        (FINE + "examples: true", "examples", "set `examples: false`"),
        (FINE.replace("auth:", "enabled: false, auth:"), "sources", "add a feed with `feedhub sources add"),
        ("", "sources", "add a feed with `feedhub sources add"),
    ],
)
def test_a_probable_slip_is_told_once_with_its_place(text: str, place: str, advice: str) -> None:
    sentences = _advice(text)
    assert len(sentences) == 1
    assert sentences[0].startswith(f"{place}: ")
    assert advice in sentences[0]
    assert sentences[0].endswith(".")
    assert "s3cret" not in sentences[0]
    assert "pw" not in sentences[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_server_for_oneself_may_have_a_local_address(host: str) -> None:
    local = FINE.replace("https://news.example.org", "http://127.0.0.1:8080").replace("0.0.0.0", f"'{host}'")
    assert _advice(local + "examples: true") == []


def test_a_source_of_one_s_own_needs_no_contact() -> None:
    assert _advice("sources: ['http://127.0.0.1:9000/feed']") == []


def test_a_topic_may_live_of_its_subtopics_or_take_the_rest() -> None:
    assert _advice(FINE + "topics: {wide: , deep: {parent: wide, any: [rates]}, rest: {default: true}}") == []
