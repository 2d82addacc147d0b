"""The map in the package's docstring names every room, and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import feedhub

PROJECT = Path(__file__).parents[2]
SOURCE = PROJECT / "src" / "feedhub"


def _rooms() -> set[str]:
    files = {path.name for path in SOURCE.glob("*.py")} - {"__init__.py", "__main__.py"}
    return files | {f"{path.name}/" for path in SOURCE.iterdir() if (path / "__init__.py").exists()}


def _named() -> set[str]:
    text = feedhub.__doc__ or ""
    return {
        name
        for line in text.splitlines()
        if line.startswith("    ")
        for name in re.findall(r"\b[a-z_]+(?:\.py|/(?= ))", line)
    }


def test_the_map_is_true() -> None:
    assert _named() == _rooms()


def test_the_layers_are_the_map() -> None:
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = {name.strip() for layer in contracts[0]["layers"] for name in layer.split("|")}
    assert layers == {room.removesuffix(".py").removesuffix("/") for room in _rooms()}


def test_no_module_is_too_long_to_see() -> None:
    long = {
        str(path.relative_to(SOURCE)): n for path in SOURCE.rglob("*.py") if (n := path.read_text().count("\n")) > 500
    }
    assert long.keys() <= {"model.py"}, "split at 500 lines; the nouns stay together"
