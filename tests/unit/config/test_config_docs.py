"""``docs/configuration.md`` is what the program says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from feedhub.config import load_text
from feedhub.config.docs import MANUAL, errors_of, reference
from feedhub.config.sections import keys_of, places_of
from feedhub.settings import Section

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"
NAMES = {"DB_PASSWORD": "x1", "MEMBERS_PASSWORD": "x2", "API_KEY": "x3", "AI_TOKEN": "x4"}
TEXT = reference()
BLOCKS = re.findall(r"```yaml\n(.*?)```\n(\n%output%)?", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
GOOD = [text for text, output in BLOCKS if not output]
BAD = [text for text, output in BLOCKS if output]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == TEXT, "run `make docs`"


@pytest.mark.parametrize(("path", "section"), list(places_of()))
def test_every_key_has_a_row_in_the_table_of_its_section(path: str, section: type[Section]) -> None:
    tables = TEXT.partition("## Every key\n")[2].split("### ")
    table = next(
        table for table in tables if (f"`{path}`" in table.split("| key")[0] if path else table.startswith("Top level"))
    )
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| .+ \| .+ \| (.+) \|$", table, re.MULTILINE))
    assert list(rows) == list(keys_of(section))


def test_every_link_to_a_table_leads_to_one() -> None:
    anchors = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors


@pytest.mark.parametrize("text", GOOD)
def test_the_examples_work(text: str) -> None:
    assert load_text(text, Path("config.yaml"), NAMES).sources or "sources:" not in text


def test_there_are_five_mistakes_and_each_is_shown_with_its_errors() -> None:
    assert len(BAD) == 5
    for text in BAD:
        errors = errors_of(text)
        assert errors
        assert f"```yaml\n{text}```\n\n```text\n" + "\n".join(errors) + "\n```\n" in TEXT


def test_a_useful_file_has_ten_lines() -> None:
    assert len(GOOD[0].splitlines()) <= 10
    assert set(load_text(GOOD[0], Path("config.yaml"), {}).topics) == {"ai", "rates"}
