"""An empty folder, and a folder right after `feedhub init`: every command says what to do next."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from support.forked import feedhub

READERS = [
    ["status"],
    ["sources", "list"],
    ["feeds", "list"],
    ["entries", "list"],
    ["hub", "list"],
    ["plan"],
    ["check", "--no-reach"],
    ["config", "show"],
    ["export-opml"],
]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fresh")
    feedhub(folder, "init")
    return folder


@pytest.mark.parametrize("command", [*READERS, ["poll"], ["run"], ["reload"], ["db", "check"]], ids=" ".join)
def test_without_a_configuration_the_way_to_one_is_named(tmp_path: Path, command: list[str]) -> None:
    done = feedhub(tmp_path, *command, check=False)
    assert done.returncode == 2
    assert "config.yaml" in done.stderr
    assert "feedhub init" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_looking_before_the_first_run_is_no_error_and_makes_nothing(fresh: Path, command: list[str]) -> None:
    done = feedhub(fresh, *command)
    assert done.stdout + done.stderr
    assert not list(fresh.glob("*.db*"))


def test_status_before_the_first_run_says_how_to_start(fresh: Path) -> None:
    assert "feedhub run" in feedhub(fresh, "status").stdout
    assert json.loads(feedhub(fresh, "status", "--json").stdout) == []
    assert json.loads(feedhub(fresh, "entries", "list", "--json").stdout) == []
    assert json.loads(feedhub(fresh, "feeds", "list", "--json").stdout) == []


def test_sources_are_listed_before_they_are_polled(fresh: Path) -> None:
    listed = json.loads(feedhub(fresh, "sources", "list", "--json").stdout)
    assert {one["health"] for one in listed} == {"not applied yet"}
    assert all(one["url"].startswith("https://") for one in listed)


def test_a_plan_before_the_first_run_adds_everything(fresh: Path) -> None:
    done = feedhub(fresh, "plan")
    assert "No configuration is in force yet" in done.stderr
    assert all(line.startswith("+ ") for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["entries", "show", "1"], 3),
        (["export", "site"], 3),
        (["serve"], 3),
        (["db", "check"], 3),
        (["db", "backup", "copy.db"], 3),
        (["reload"], 4),
        (["sources", "remove", "nobody"], 7),
        (["sources", "test", "nobody"], 7),
    ],
    ids=str,
)
def test_what_needs_more_says_what_is_missing(fresh: Path, command: list[str], code: int) -> None:
    done = feedhub(fresh, *command, check=False)
    assert done.returncode == code
    assert done.stderr.startswith("feedhub: ")
    assert len(done.stderr.splitlines()) == 2, "one line says what is wrong, one what to do"


def test_init_names_the_next_step_and_overwrites_nothing(tmp_path: Path) -> None:
    done = feedhub(tmp_path, "init", "my news")
    assert "cd 'my news' && feedhub run" in done.stdout
    written = (tmp_path / "my news" / "config.yaml").read_text(encoding="utf-8")
    again = feedhub(tmp_path, "init", "my news", check=False)
    assert again.returncode == 6
    assert (tmp_path / "my news" / "config.yaml").read_text(encoding="utf-8") == written


def test_the_schema_accepts_the_first_configuration_and_refuses_a_wrong_one(fresh: Path) -> None:
    schema = json.loads(feedhub(fresh, "config", "schema").stdout)
    document = YAML(typ="safe", pure=True).load(fresh / "config.yaml")
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(document)
    assert not validator.is_valid({**document, "sorces": []})
    assert not validator.is_valid({**document, "examples": "perhaps"})
