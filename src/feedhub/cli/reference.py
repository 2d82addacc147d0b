"""The reference of all commands as Markdown, for ``docs/commands.md``; a test keeps the committed file equal to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from feedhub.cli.app import EXIT_CODES, app
from feedhub.cli.registry import loaded


def reference() -> str:
    """Every command with its arguments, options and example."""
    root: Any = typer.main.get_command(app)
    parts = ["# Commands", "", "Made from the program by `make docs`. `feedhub COMMAND --help` says the same.", ""]
    for path, command in _commands(root, "feedhub"):
        parts += _described(path, command)
    return "\n".join([*parts, "## Exit codes", "", " ".join(EXIT_CODES.split()), ""])


def _commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in loaded(group).items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _described(path: str, command: Any) -> list[str]:
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    usage = " ".join([path, *(_usage(argument) for argument in arguments)])
    lines = [f"## {path}", "", f"`{usage}`", "", " ".join((command.help or "").split()), ""]
    if arguments or options:
        lines += ["| | |", "|---|---|"]
        lines += [f"| `{_usage(one)}` | {one.help or ''} |" for one in arguments]
        lines += [f"| `{', '.join((*one.opts, *one.secondary_opts))}` | {one.help or ''} |" for one in options]
        lines.append("")
    if command.epilog:
        lines += ["```sh", command.epilog.removeprefix("Example: "), "```", ""]
    return lines


def _usage(argument: Any) -> str:
    name = argument.make_metavar_name() if hasattr(argument, "make_metavar_name") else argument.name.upper()
    return f"[{name}]" if not argument.required else str(name)
