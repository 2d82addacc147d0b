"""Every folder of tests/corpus/emit: one entry, and the documents that must come of it, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedhub.emit import violations
from feedhub.model import Format
from support.published import FEED, LINKS, read_entry, renderer

CASES = sorted((Path(__file__).parents[2] / "corpus" / "emit").iterdir())


@pytest.mark.parametrize("format", Format)
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_golden(case: Path, format: Format) -> None:
    fragment = renderer().fragment(read_entry((case / "entry.json").read_bytes()), format)
    assert isinstance(fragment, bytes)
    document = renderer().assemble(FEED, [fragment], LINKS, format)

    assert document.decode() == (case / f"expected.{format.value}").read_bytes().decode()
    assert violations(document, format) == []
