"""Each folder of ``tests/corpus/categories`` is a rule of cleaning categories: a feed's bytes, and what is kept of each entry.

The titles in the feed say what is meant; ``expected.json`` holds term, scheme and label by title. What the outputs say of
them is looked at in the same breath: nothing that was kept may be lost on the way out.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.clean.categories import category_key, clean_categories
from feedhub.model import Category, RawCategory, SourceId, Understood
from feedhub.settings import Settings
from feedhub.understand import Job, Rulebook, understand

CASES = Path(__file__).parents[2] / "corpus" / "categories"


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_categories_are_kept_as_expected(case: Path) -> None:
    body, now = (case / "feed.xml").read_bytes(), datetime(2026, 3, 3, tzinfo=UTC)
    assert ElementTree.fromstring(body) is not None  # the case is well formed
    job = Job(source=SourceId(1), slug="src", body=body, url="https://cases.example/feed", now=now)
    found = understand(job, Rulebook.of(Settings()))
    assert isinstance(found, Understood)
    kept = {draft.entry.title: [_plain(category) for category in draft.entry.categories] for draft in found.drafts}
    assert kept == json.loads((case / "expected.json").read_text(encoding="utf-8"))


def _plain(category: Category) -> dict[str, str]:
    return {name: value for name in ("term", "scheme", "label") if (value := getattr(category, name))}


WORDS = st.text("aAbB >,;/|&.đếç中 ", max_size=30)


@given(st.lists(st.builds(RawCategory, term=WORDS, label=WORDS, scheme=st.sampled_from(("", "urn:x"))), max_size=4))
def test_categories_are_names_each_once(raw: list[RawCategory]) -> None:
    found = clean_categories(raw)
    assert len({(one.key, one.scheme) for one in found}) == len(found)
    for one in found:
        assert one.key == category_key(one.name)
        assert any(char.isalnum() for char in one.name)
        assert one.name == one.name.strip()
    schemed = {one.key for one in found if one.scheme}
    assert not schemed & {one.key for one in found if not one.scheme}
