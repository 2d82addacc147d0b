"""The command line before it does anything: help, version, completion, wrong arguments."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from feedhub import __version__
from feedhub.cli.app import app
from feedhub.cli.reference import reference
from feedhub.cli.registry import Listed, loaded
from support.installed import feedhub

COMMANDS = re.findall(r"^## feedhub (.+)$", reference(), re.MULTILINE)
GROUPS = ["", "sources", "feeds", "tokens", "entries", "db", "config"]
PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("command", [*COMMANDS, *GROUPS])
def test_every_help_has_an_example_that_names_what_it_is_about(command: str) -> None:
    answer = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"})
    assert answer.exit_code == 0
    example = re.search(r"Example: feedhub (.+)", answer.output)
    assert example, answer.output
    assert example[1].startswith(command)


def test_examples_are_commands_that_the_program_takes() -> None:
    root = typer.main.get_command(app)
    for example in re.findall(r"```sh\nfeedhub (.+?)\n```", reference()):
        words = shlex.split(re.split(r" [|>&]", example)[0])
        command = root
        while getattr(command, "commands", None) and words:
            command = loaded(command)[words.pop(0)]
        assert command.make_context("feedhub", words, resilient_parsing=False).params is not None


def test_lists_say_of_a_command_what_its_own_help_says_first() -> None:
    root: Any = typer.main.get_command(app)
    groups = [root, *(one for one in root.commands.values() if hasattr(one, "commands"))]
    listed = [one for group in groups for one in group.commands.values() if isinstance(one, Listed)]
    assert len(listed) == len(COMMANDS)
    for one in listed:
        assert one.help == " ".join(one.loaded().help.partition("\n\n")[0].split())


def test_the_exit_codes_are_in_the_help() -> None:
    text = " ".join(CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output.split())
    for part in ("0 done", "2 the command line or the configuration", "7 what was named", "130 interrupted"):
        assert part in text


def test_no_command_at_all_shows_the_help_and_says_that_something_is_missing(tmp_path: Path) -> None:
    done = feedhub(tmp_path, check=False)
    assert done.returncode == 2
    assert "Usage: feedhub" in done.stdout + done.stderr


def test_the_version_is_that_of_the_program(tmp_path: Path) -> None:
    assert feedhub(tmp_path, "--version").stdout == f"feedhub {__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_comes_for_a_named_shell(tmp_path: Path, shell: str) -> None:
    script = feedhub(tmp_path, "--show-completion", shell).stdout
    assert "_FEEDHUB_COMPLETE" in script


def test_completion_knows_commands_and_subcommands(tmp_path: Path) -> None:
    found = feedhub(tmp_path, _FEEDHUB_COMPLETE="complete_bash", COMP_WORDS="feedhub so", COMP_CWORD="1").stdout
    assert found.split() == ["sources"]
    found = feedhub(tmp_path, _FEEDHUB_COMPLETE="complete_bash", COMP_WORDS="feedhub db ", COMP_CWORD="2").stdout
    assert set(found.split()) == {"upgrade", "check", "stats", "compact", "backup", "restore", "index"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["poll", "--nope"],
        ["sources", "add"],
        ["entries", "show", "twelve"],
        ["entries", "show", "0"],
        ["entries", "show", str(2**64)],
        ["entries", "list", "--limit", "0"],
        ["entries", "list", "--source", "a", "--feed", "topics/b"],
        ["feeds", "list", "--kind", "nope"],
        ["poll", "harbour", "--all"],
        ["serve", "--port", "70000"],
        ["run", "--log-level", "loud"],
        ["--show-completion", "cmd"],
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_exit_code_2_with_the_usage(arguments: list[str]) -> None:
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == 2
    assert "Usage:" in answer.output


def test_the_shipped_configuration_names_only_commands_that_exist() -> None:
    named = re.findall(r"`feedhub ([a-z-]+)(?: ([a-z-]+))?", (PROJECT / "config.yaml").read_text(encoding="utf-8"))
    assert named
    for first, second in named:
        assert first in COMMANDS or f"{first} {second}" in COMMANDS, f"feedhub {first} {second}"
