"""What is shown of an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.masking import masked, reveals
from feedhub.understand import fault

OPAQUE = "8f3a9c0d1e2b4a5f6c7d8e9f0a1b2c3d4"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://me:pw@h.example/feed", "http://***@h.example/feed"),
        ("https://token@h.example/feed?x=1", "https://***@h.example/feed?x=1"),
        ("https://a@b:c@h.example/", "https://***@h.example/"),
        ("https://h/f?token=a&x=1", "https://h/f?token=***&x=1"),
        ("https://h/f?x=1&api_key=a#top", "https://h/f?x=1&api_key=***#top"),
        ("https://h/f?X-Amz-Signature=ab", "https://h/f?X-Amz-Signature=***"),
        ("https://h/f?auth=ab;sig=c", "https://h/f?auth=***;sig=***"),
        ("https://h/f?accessToken=ab", "https://h/f?accessToken=***"),
        (f"https://h/f?u={OPAQUE}", "https://h/f?u=***"),
        ("moved https://h/f?key=a -> https://i/f?key=b.", "moved https://h/f?key=*** -> https://i/f?key=***"),
        ("GET 'http://u:p@h/'", "GET 'http://***@h/'"),
    ],
)
def test_what_looks_secret_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert reveals(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://h.example/@someone/feed",
        "https://h/f?channel_id=UCBa659QWEk1AI4Tg--mrJ2A",
        "https://h/f?q=artificial-intelligence-and-everything-2026",
        "https://h/f?keyword=ai&author=me&page=2&encoding=utf-8",
        "https://h/token/feed",
        "no address: token=abc",
    ],
)
def test_what_does_not_stays(text: str) -> None:
    assert masked(text) == text
    assert not reveals(text)


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    once = masked("http://" + text)
    assert masked(once) == once


def test_a_fault_that_names_an_address_is_told_without_its_key() -> None:
    told = fault(ValueError("no page at https://me:pw@e.example/feed?api_key=hunter2")).detail
    assert "ValueError('no page at https://" in told
    assert "hunter2" not in told
    assert "pw" not in told
