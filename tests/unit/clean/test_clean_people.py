"""Bylines and names, row by row; and that no address ever comes out."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.clean import PeopleRules
from feedhub.clean.people import author_key, read_byline, read_bylines
from feedhub.model import RawPerson

CORPUS = Path(__file__).parents[2] / "corpus" / "clean"


def table(path: Path) -> list[list[str]]:
    lines = path.read_text("utf-8").splitlines()[1:]
    return [(line.split("\t") + [""] * 6)[:6] for line in lines if line]


def told(raw: str, context: str) -> list[str]:
    said = read_byline(raw, context)
    names = [one.name for one in said.bylines if not one.is_organisation]
    roles = [*(one.role for one in said.bylines), *said.roles]
    organisations = [one.name if one.is_organisation else one.organisation for one in said.bylines]
    return ["|".join(names), "|".join(filter(None, roles)), "|".join(filter(None, dict.fromkeys(organisations)))]


@pytest.mark.parametrize("row", table(CORPUS / "bylines.tsv"), ids=lambda row: row[0])
def test_own_bylines(row: list[str]) -> None:
    assert told(row[0], row[1]) == row[2:5]


def test_shared_bylines(shared_cases: Path) -> None:
    wrong = [
        (row, told(row[0], row[1])) for row in table(shared_cases / "bylines.tsv") if told(row[0], row[1]) != row[2:5]
    ]
    assert not wrong


def test_shared_pairs(shared_cases: Path) -> None:
    for one, other, verdict, *_rest in table(shared_cases / "author_pairs.tsv"):
        first, second = (read_bylines([RawPerson(name=name)]) for name in (one, other))
        same = [byline.key for byline in first] == [byline.key for byline in second]
        if verdict == "none":
            assert not first
            assert not second
        elif verdict == "org":
            assert same
            assert all(byline.is_organisation for byline in first + second)
        else:
            assert same is (verdict == "same"), (one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hoà Bình", "HÒA BÌNH"),
        ("Thuỵ Khuê", "Thụy Khuê"),
        ("J. R. Roe", "J.R. Roe"),
        ("O’Roe", "O'Roe"),
        ("Ann\u00a0Poe", "Ann  Poe"),
        ("Khoẻ", "Khỏe"),
    ],
)
def test_one_key(one: str, other: str) -> None:
    assert author_key(one) == author_key(other) == author_key(unicodedata.normalize("NFD", one))


@pytest.mark.parametrize(
    ("one", "other"), [("Hoàn", "Hoán"), ("Trần An", "Tran An"), ("Lê Lý", "Lê Ly"), ("Jane Doe", "Doe Jane")]
)
def test_two_keys(one: str, other: str) -> None:
    assert author_key(one) != author_key(other)


def test_the_operators_words() -> None:
    rules = PeopleRules(roles=("Haupttext",), organisations=("Hafenblatt",), placeholders=("Wir",))
    people = read_bylines(
        [RawPerson(name="Ann Poe, Haupttext"), RawPerson(name="Hafenblatt"), RawPerson(name="wir")], rules
    )
    assert [(one.name, one.role, one.is_organisation) for one in people] == [
        ("Ann Poe", "Haupttext", False),
        ("Hafenblatt", "", True),
    ]


def test_twice_credited_is_one_person() -> None:
    people = read_bylines(
        [RawPerson(name="Ann Poe"), RawPerson(name="ANN POE", uri="https://a.example/", role="Editor")]
    )
    assert [(one.name, one.role, one.uri) for one in people] == [("Ann Poe", "Editor", "https://a.example/")]


@given(st.text(max_size=120))
def test_never_raises_and_keeps_its_promises(raw: str) -> None:
    for byline in read_bylines([RawPerson(name=raw)]):
        assert byline.key
        assert byline.name
        assert unicodedata.is_normalized("NFC", byline.name)


@given(
    st.from_regex(r"[a-z.]{1,12}@[a-z]{1,10}\.(com|example)", fullmatch=True),
    st.sampled_from(["{}", "{} (Ann Poe)", "Ann Poe <{}>", "Ann Poe, {}", "mailto:{}"]),
)
def test_an_address_never_comes_out(address: str, form: str) -> None:
    for byline in read_bylines([RawPerson(name=form.format(address), email=address)]):
        assert address not in byline.name + byline.role + byline.organisation + byline.uri
        assert "@" not in byline.name
