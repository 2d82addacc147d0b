"""The documents say what the program does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from feedhub.cli.reference import reference

PROJECT = Path(__file__).parents[2]


def test_the_commands_are_those_of_the_program() -> None:
    assert (PROJECT / "docs" / "commands.md").read_text() == reference(), "run `make docs`"


def test_every_local_link_of_the_documents_leads_somewhere() -> None:
    for page in [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_test_that_the_politeness_page_names_exists() -> None:
    page = (PROJECT / "docs" / "politeness.md").read_text()
    named = set(re.findall(r"`(test_\w+)::(test_\w+)`", page))
    known = {
        (file.stem, node.name)
        for file in (PROJECT / "tests").rglob("test_*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert named - known == set()
    unshown = [line for line in page.splitlines() if line.startswith("| ") and "`test_" not in line]
    assert len(unshown) == 10, "five heads of tables with their rulers"


def test_every_command_the_readme_names_exists() -> None:
    named = set(
        re.findall(
            r"`?feedhub ((?:db|sources|entries|feeds|config) [a-z]+|[a-z][a-z-]*)", (PROJECT / "README.md").read_text()
        )
    )
    known = set(re.findall(r"^## feedhub (.+)$", reference(), re.MULTILINE))
    assert named - known - {"on", "init"} == set()
