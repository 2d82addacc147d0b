"""Every page of tests/corpus/pages gives what its expected.json says."""

from __future__ import annotations

import json

import pytest

from feedhub.extract import trafilatura_text
from support.pages import Case, cases, told


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_page_gives_what_is_expected(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trafilatura_text, "is_installed", lambda: False)
    assert told(case) == json.loads(case.expected.read_text(encoding="utf-8"))
