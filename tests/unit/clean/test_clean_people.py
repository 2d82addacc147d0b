"""Bylines and names, row by row; and that no address ever comes out."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedhub.clean import PeopleRules
from feedhub.clean.people import Credits, author_key, read_byline, read_bylines
from feedhub.clean.people.lookup import lexicon_of
from feedhub.clean.people.simple import _speaking, is_a_name
from feedhub.model import Byline, RawPerson

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


# ---------------------------------------------------------------- names that need no reading

KNOWN = lexicon_of(PeopleRules(roles=("chef de rang",), organisations=("Zeta Wire",)))
SYLLABLES = (
    "Nguyễn",
    "Hòa",
    "Thúy",
    "Jane",
    "Doe",
    "Müller",
    "Łukasz",
    "Ðức",
    "McDoe",
    "O'Roe",
    "Yo-Yo",
    "Ma",
    "Chef",
    "Zeta",
    "Ỹ",
)
WORDS = st.one_of(
    st.sampled_from(SYLLABLES),
    st.sampled_from(sorted(_speaking(KNOWN))),
    st.sampled_from(("sportredakteur", "gerichtsreporterin", "bericht")),
    st.text("aăâeêoôơuưydđáếồựüßøž", min_size=1, max_size=5),
)


@given(st.lists(st.tuples(WORDS, st.booleans()), min_size=1, max_size=5), st.sampled_from(("byline", "rss", "dc")))
@example([("jane", True), ("doe", True)], "byline")
@example([("nguyễn", True), ("thúy", True), ("hòa", True)], "byline")
def test_a_name_that_needs_no_reading_is_read_as_it_stands(words: list[tuple[str, bool]], context: str) -> None:
    name = " ".join(word[:1].upper() + word[1:] if large else word for word, large in words)
    if is_a_name(name, KNOWN):
        assert read_byline(name, context, KNOWN) == Credits(bylines=(Byline(key=author_key(name), name=name),))


@pytest.mark.parametrize(
    ("name", "is_one"), [("Jane Doe", True), ("Nguyễn Thúy Hòa", True), ("Zeta Wire", False), ("Jane", False)]
)
def test_which_names_need_no_reading(name: str, is_one: bool) -> None:
    assert is_a_name(name, KNOWN) is is_one
