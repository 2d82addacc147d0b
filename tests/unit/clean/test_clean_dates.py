"""Every row of a table of dates: moments compare exactly, days in the zone of the source."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.clean.dates import read_date

NOW = datetime.fromisoformat("2025-02-14T15:30:00+07:00")
ZONE = "Asia/Ho_Chi_Minh"
TABLE = Path(__file__).parents[2] / "corpus" / "clean" / "dates.tsv"


def rows(path: Path) -> list[tuple[str, str, str]]:
    lines = (line.split("\t") for line in path.read_text("utf-8").splitlines() if line and line[0] != "#")
    return [(raw, language, expected) for raw, language, expected in lines if raw != "raw"]


def told(raw: str, language: str, expected: str) -> str:
    found = read_date(raw, language=language.removesuffix("-nfd"), zone=ZONE, now=NOW)
    if found is None:
        return ""
    return found.at.astimezone(ZoneInfo(ZONE)).date().isoformat() if len(expected) == 10 else found.at.isoformat()


def meant(expected: str) -> str:
    return expected if len(expected) <= 10 else datetime.fromisoformat(expected).astimezone(UTC).isoformat()


@pytest.mark.parametrize(("raw", "language", "expected"), rows(TABLE))
def test_own_table(raw: str, language: str, expected: str) -> None:
    assert told(raw, language, expected) == meant(expected)


def test_shared_table(shared_cases: Path) -> None:
    wrong = [row for row in rows(shared_cases / "dates.tsv") if told(*row) != meant(row[2])]
    assert not wrong


def test_a_day_is_noon_where_the_source_is() -> None:
    found = read_date("13/02/2025", language="vi", zone=ZONE, now=NOW)
    assert found is not None
    assert found.day_only
    assert found.at == datetime(2025, 2, 13, 5, tzinfo=UTC)


def test_today_is_never_later_than_now() -> None:
    early = NOW.replace(hour=8)
    found = read_date("14/02/2025", language="vi", zone=ZONE, now=early)
    assert found is not None
    assert found.at == early


def test_one_name_of_a_zone_in_two_places() -> None:
    raw = "14 Feb 2025 13:44:00 CST"
    america = read_date(raw, zone="America/Chicago", now=NOW)
    china = read_date(raw, zone="Asia/Shanghai", now=NOW)
    assert america is not None
    assert china is not None
    assert america.at - china.at == timedelta(hours=14)


@given(st.text(max_size=90), st.sampled_from(["", "en", "en-us", "vi", "ja", "ru", "xx", "de", "ko"]))
def test_never_raises_and_never_lies_ahead(raw: str, language: str) -> None:
    found = read_date(raw, language=language, zone=ZONE, now=NOW)
    assert found is None or (found.at.year >= 1990 and found.at <= NOW + timedelta(days=1))


@given(st.dates(date(1991, 1, 1), date(2025, 2, 13)), st.sampled_from(["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y"]))
def test_numbers_are_read_as_written(day: date, form: str) -> None:
    found = read_date(day.strftime(form), language="vi", zone=ZONE, now=NOW)
    assert found is not None
    assert found.at.astimezone(ZoneInfo(ZONE)).date() == day
