"""Conditional requests: tags, dates, and which of them wins (RFC 9110, section 13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.model import EPOCH
from feedhub.serve.conditional import Verdict, entity_tags, evaluate, http_date, matched_tag, read_http_date

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TAGS = ['"a-gzip"', '"a"']
BEFORE, SAME, AFTER = (http_date(NOON + timedelta(seconds=s)) for s in (-1, 0, 1))
SEND, SAVED, FAILED = Verdict.SEND, Verdict.NOT_MODIFIED, Verdict.FAILED

TABLE = [
    ({}, SEND, '"a-gzip"'),
    ({"if-none-match": '"a"'}, SAVED, '"a"'),
    ({"if-none-match": '"a-gzip"'}, SAVED, '"a-gzip"'),
    ({"if-none-match": 'W/"a"'}, SAVED, '"a"'),
    ({"if-none-match": '"x", W/"y" ,"a"'}, SAVED, '"a"'),
    ({"if-none-match": ',, "x",,"a-gzip"'}, SAVED, '"a-gzip"'),
    ({"if-none-match": " * "}, SAVED, '"a-gzip"'),
    ({"if-none-match": '"x"'}, SEND, '"a-gzip"'),
    ({"if-none-match": ""}, SEND, '"a-gzip"'),
    ({"if-none-match": '""'}, SEND, '"a-gzip"'),
    ({"if-none-match": "a"}, SEND, '"a-gzip"'),
    ({"if-none-match": '"x"', "if-modified-since": AFTER}, SEND, '"a-gzip"'),
    ({"if-none-match": '"a"', "if-modified-since": BEFORE}, SAVED, '"a"'),
    ({"if-modified-since": BEFORE}, SEND, '"a-gzip"'),
    ({"if-modified-since": SAME}, SAVED, '"a-gzip"'),
    ({"if-modified-since": AFTER}, SAVED, '"a-gzip"'),
    ({"if-modified-since": "yesterday"}, SEND, '"a-gzip"'),
    ({"if-modified-since": "Monday, 23-Nov-26 12:00:00 GMT"}, SAVED, '"a-gzip"'),
    ({"if-modified-since": "Mon Nov 23 12:00:00 2026"}, SAVED, '"a-gzip"'),
    ({"if-match": '"a"'}, SEND, '"a-gzip"'),
    ({"if-match": 'W/"a"'}, FAILED, '"a-gzip"'),
    ({"if-match": '"x"'}, FAILED, '"a-gzip"'),
    ({"if-match": "*"}, SEND, '"a-gzip"'),
    ({"if-match": '"a"', "if-none-match": '"a"'}, SAVED, '"a"'),
    ({"if-match": '"a"', "if-unmodified-since": BEFORE}, SEND, '"a-gzip"'),
    ({"if-unmodified-since": BEFORE}, FAILED, '"a-gzip"'),
    ({"if-unmodified-since": SAME}, SEND, '"a-gzip"'),
    ({"if-unmodified-since": "never"}, SEND, '"a-gzip"'),
]


@pytest.mark.parametrize(("headers", "verdict", "tag"), TABLE, ids=lambda value: str(value)[:70])
def test_the_book(headers: dict[str, str], verdict: Verdict, tag: str) -> None:
    assert evaluate(headers, TAGS, NOON) == (verdict, tag)


def test_a_document_without_a_date_is_never_saved_by_a_date() -> None:
    assert evaluate({"if-modified-since": AFTER}, TAGS, EPOCH)[0] is SEND
    assert evaluate({"if-unmodified-since": BEFORE}, TAGS, EPOCH)[0] is SEND


def test_reading_tags_stops_at_damage() -> None:
    assert entity_tags('"a", W/"b,c" ,"d') == ('"a"', 'W/"b,c"')
    assert entity_tags('"a" "b"') == ()


@given(st.lists(st.from_regex(r'(W/)?"[!#-~]{0,8}"', fullmatch=True), max_size=6))
def test_a_written_list_is_read_back(tags: list[str]) -> None:
    assert list(entity_tags(", ".join(tags))) == tags


@given(st.text(max_size=60))
def test_no_header_breaks_the_reading(text: str) -> None:
    assert matched_tag(text, TAGS) in {None, *TAGS}
    when = read_http_date(text)
    assert when is None or when.tzinfo is not None


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1)))
def test_dates_survive(when: datetime) -> None:
    whole = when.replace(microsecond=0, tzinfo=UTC)
    assert read_http_date(http_date(whole)) == whole
