"""Each folder of ``tests/corpus/classify`` is a rule of labelling: a configuration, a feed's bytes, and what comes of it.

The ids in the feed say what is meant: an entry whose id says ``yes`` belongs to the topic ``t``, one with ``no`` does
not. ``expected.json`` holds all topics with the reasons, and the categories. After a change that is meant, run the tests with
``FEEDHUB_WRITE_EXPECTED=1`` and read the difference before you keep it.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feedhub.config import load
from feedhub.model import Draft, FeedKind, SourceId, Understood
from feedhub.understand import Job, Rulebook, understand

CASES = Path(__file__).parents[2] / "corpus" / "classify"


def labelled(case: Path) -> tuple[Draft, ...]:
    rules = Rulebook.of(load(case / "config.yaml", {}))
    now = datetime(2026, 3, 3, tzinfo=UTC)
    job = Job(
        source=SourceId(1), slug="src", body=(case / "feed.xml").read_bytes(), url="https://cases.example/feed", now=now
    )
    found = understand(job, rules)
    assert isinstance(found, Understood)
    assert not found.rejected
    return found.drafts


def told(draft: Draft) -> dict[str, Any]:
    topics = {one.feed.key: one.rule for one in draft.memberships if one.feed.kind is FeedKind.TOPIC}
    categories = [
        {name: value for name in ("term", "scheme", "label") if (value := getattr(category, name))}
        for category in draft.entry.categories
    ]
    return {"topics": topics} | ({"categories": categories} if categories else {})


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_feed_is_labelled_as_expected(case: Path) -> None:
    drafts = labelled(case)
    found = {draft.entry.original_id: told(draft) for draft in drafts}
    expected = case / "expected.json"
    if os.environ.get("FEEDHUB_WRITE_EXPECTED") == "1":
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))
    for name, labels in found.items():
        verdict = name.split()[1]
        assert verdict in {"yes", "no"}
        assert ("t" in labels["topics"]) is (verdict == "yes"), name
