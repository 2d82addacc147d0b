"""Each folder of tests/corpus/config is a file as people write it, and exactly what FeedHub says to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from feedhub.config.inherit import interval_of
from feedhub.config.loader import load
from feedhub.config.words import duration
from feedhub.errors import ConfigError
from feedhub.settings import Settings

CASES = Path(__file__).parents[2] / "corpus" / "config"
REFUSED = sorted(path.parent for path in CASES.glob("*/expected.txt"))
GOOD = sorted(path.parent for path in CASES.glob("good/*/expected.json"))
ENVIRONMENT = {"FEED_TOKEN": "token-of-the-environment"}
FILE = Path("config.yaml")


def value_at(settings: Settings, path: str) -> Any:
    """The value at a path such as ``sources.*.slug``, as JSON can hold it."""
    sources = tuple(one.model_copy(update={"interval": interval_of(one, settings)}) for one in settings.sources)
    return _followed(settings.model_copy(update={"sources": sources}), path.split("."))


def _followed(value: Any, steps: list[str]) -> Any:
    if not steps:
        return _plain(value)
    step, rest = steps[0], steps[1:]
    if step == "*":
        return [_followed(item, rest) for item in value]
    if isinstance(value, Mapping):
        return _followed(value[step], rest)
    return _followed(value[int(step)] if isinstance(value, tuple) else getattr(value, step), rest)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, tuple):
        return [_plain(child) for child in value]
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, timedelta):
        return duration(value)
    return value.value if isinstance(value, Enum) else value


def test_there_are_cases() -> None:
    assert len(REFUSED) >= 20
    assert len(GOOD) >= 9
    folders = {path for path in CASES.iterdir() if path.name != "good"} | set((CASES / "good").iterdir())
    assert folders == {*REFUSED, *GOOD}


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_says_what_is_wrong(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    with pytest.raises(ConfigError) as caught:
        load(FILE, ENVIRONMENT)
    assert f"{caught.value}\n" == (case / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.name)
def test_short_forms_mean_what_they_say(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    expected: dict[str, Any] = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    settings = load(FILE, ENVIRONMENT)
    assert {path: value_at(settings, path) for path in expected} == expected
