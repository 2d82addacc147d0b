"""What is settled is left out of garbage collections, until it is settled anew."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from feedhub.runner import settle


class Knot:
    """Refers to itself, so that only the collector ends it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _unsettled() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_what_was_there_is_looked_at_again_only_when_it_changes() -> None:
    kept = Knot()
    watched = weakref.ref(kept)
    settle()
    before = gc.get_freeze_count()
    assert before > 0
    del kept
    gc.collect()
    assert watched() is not None, "a full collection looked at what was settled"
    settle()
    assert watched() is None, "an old configuration stayed"
    assert gc.get_freeze_count() > 0


def test_what_comes_later_is_collected_as_ever() -> None:
    settle()
    watched = weakref.ref(Knot())
    gc.collect()
    assert watched() is None
