"""Each folder of ``tests/corpus/parse`` is a case: a body, and what must be read of it.

``expected.json`` holds the records without empty fields and digests. After a change that is meant, run the tests with
``FEEDHUB_WRITE_EXPECTED=1`` and read the difference before you keep it.
"""

from __future__ import annotations

import json
import os
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from feedhub.parse import read_document
from feedhub.settings import Limits

CASES = Path(__file__).parents[2] / "corpus" / "parse"


def plain(value: Any) -> Any:
    if is_dataclass(value):
        pairs = ((field.name, plain(getattr(value, field.name))) for field in fields(value) if field.name != "digest")
        return {name: item for name, item in pairs if item or name == "type"}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_document_is_read_as_expected(case: Path) -> None:
    (body,) = case.glob("body.*")
    found = plain(read_document(body.read_bytes(), content_type="", charset=None, limits=Limits()))
    expected = case / "expected.json"
    if os.environ.get("FEEDHUB_WRITE_EXPECTED") == "1":
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))
