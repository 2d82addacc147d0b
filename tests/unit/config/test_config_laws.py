"""Laws: any text gives settings or a ConfigError; snapshots tell changes and keep no secret."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedhub.config.loader import load_text
from feedhub.config.masked import masked_url, show
from feedhub.config.planning import plan
from feedhub.config.ruamel_yaml import read
from feedhub.config.snapshot import Snapshot, snapshot_of
from feedhub.errors import ConfigError, ConfigProblem
from feedhub.settings import Settings

FILE = Path("config.yaml")
CASES = Path(__file__).parents[2] / "corpus" / "config"
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(CASES.glob("**/config.yaml"))]
SECRET = "hunter2-in-the-dark"
FULL = f"""
database: {{url: 'postgresql://feedhub:{SECRET}/x@db.example/news'}}
sources:
  - url: https://reader:{SECRET}@daily.example/feed
    slug: daily
    headers: {{X-Key: {SECRET}}}
    auth: {{username: {SECRET}-u, password: {SECRET}}}
topics:
  ai: [robots]
authors: {{people: {{Lan Anh: [L. Anh]}}}}
feeds: {{private: {{topics/ai: {SECRET}}}}}
"""


def loaded(text: str) -> Settings:
    return load_text(text, FILE, {})


def survives(text: str) -> None:
    problems: tuple[ConfigProblem, ...] | None = None
    try:
        loaded(text)
    except ConfigError as error:
        problems = error.problems
    assert problems is None or problems


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="ab:-[]{}&*!<>|'\"#\n\t ?,%1.", max_size=80))
def test_any_text_is_settings_or_a_config_error(text: str) -> None:
    survives(text)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TEXTS), st.integers(0, 300), st.integers(0, 6), st.text(alphabet="ab:-[]{}&*\n 9~$", max_size=4))
def test_a_damaged_file_is_settings_or_a_config_error(text: str, at: int, cut: int, put: str) -> None:
    at = min(at, len(text))
    survives(text[:at] + put + text[at + cut :])


BOMB = "a: &a [1]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text", ["[" * 20_000, "- " * 5000, BOMB, "x: " + "9" * 100_000, "a: &a {<<: *a}\nb: {<<: *a}"]
)
def test_bombs_are_refused_soon(text: str) -> None:
    start = time.process_time()
    with pytest.raises(ConfigError):
        loaded(text)
    assert time.process_time() - start < 30, "what is refused late has been expanded: that takes hours"


def test_no_secret_is_ever_shown_or_remembered() -> None:
    found = loaded(FULL)
    assert SECRET not in show(found)
    tree, problems = read(show(found))
    assert tree is not None
    assert tree.get("sources", 0, "slug") is not None
    assert not problems
    assert SECRET not in snapshot_of(found).dumps()
    assert SECRET not in masked_url(f"postgresql://u:{SECRET}?/#@host/db?password={SECRET}")


def test_a_snapshot_comes_back_and_another_version_does_not() -> None:
    snapshot = snapshot_of(loaded(FULL))
    assert Snapshot.loads(snapshot.dumps()) == snapshot
    assert not plan(snapshot, Snapshot.loads(snapshot.dumps()))
    for text in ("{}", "[]", "not json", '{"version": 1}', snapshot.dumps().replace('"version": 1', '"version": 0')):
        with pytest.raises(ValueError):
            Snapshot.loads(text)


CHANGES = [
    (
        "slug: daily",
        "slug: dayly",
        "- source daily: removed (its entries are kept). If dayly is its new name, add `formerly: [daily]` to dayly",
    ),
    ("slug: daily", "slug: dayly\n    formerly: daily", "> source daily: renamed (now dayly)"),
    (
        "slug: daily",
        "slug: dayly\n    formerly: daily",
        "> address /sources/daily.*: moved (redirects to /sources/dayly.*)",
    ),
    (
        "daily.example/feed",
        "daily.example/new",
        "> source daily: moved (https://***@daily.example/feed -> https://***@daily.example/new)",
    ),
    ("  ai: [robots]", "  ai: [robots]\n  banks: [rates]", "+ topic banks: added"),
    ("  ai: [robots]", "  ai: [models]", "~ topic ai: changed (rules). Stored entries are labelled again"),
    ("[L. Anh]", "[L. A.]", "~ person lan-anh: changed (aliases). Stored entries are labelled again"),
    ("feeds: {", "feeds: {kinds: [all, topics], ", "- address /authors/*: removed (404 Not Found)"),
    ("feeds: {", "feeds: {size: 10, ", "~ setting feeds.size: changed (50 -> 10)"),
]


@pytest.mark.parametrize(("old", "new", "line"), CHANGES)
def test_a_plan_tells_the_change(old: str, new: str, line: str) -> None:
    after = loaded(FULL.replace(old, new, 1))
    assert line in plan(snapshot_of(loaded(FULL)), snapshot_of(after)).render()


@pytest.mark.parametrize(
    ("old", "new", "relabels"),
    [
        ("slug: daily", "slug: daily\n    name: The Daily", False),
        ("slug: daily", "slug: daily\n    drop: sport", False),
        ("[robots]", "[models]", True),
        ("[L. Anh]", "[L. A.]", True),
        ("feeds: {", "feeds: {kinds: [all], ", True),
    ],
)
def test_only_what_labels_entries_changes_the_digest(old: str, new: str, relabels: bool) -> None:
    after = loaded(FULL.replace(old, new, 1)).model_copy()
    changed = snapshot_of(after).rules_digest() != snapshot_of(loaded(FULL)).rules_digest()
    assert changed is relabels


def test_the_settings_remember_whether_the_file_said_its_address() -> None:
    assert "base_url" not in loaded("site: {title: x}").site.model_fields_set
    assert "base_url" in loaded("site: {base_url: 'https://news.example/'}").site.model_fields_set
    assert not Settings().site.model_fields_set
