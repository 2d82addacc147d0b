"""Stories that several sources carry: what is shown of them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from feedhub.settings.values import Section, Words


class Show(StrEnum):
    """Which entry of a story a feed shows."""

    EARLIEST = "earliest"
    PRIORITY = "priority"
    LONGEST = "longest"


_FEEDS = re.compile(r"(all|topics|authors|categories)(/[\w.-]+)?")


def _feeds(value: Words) -> Words:
    wrong = [word for word in value if not _FEEDS.fullmatch(word) or word.startswith("all/")]
    if wrong:
        raise ValueError(f"kinds (all, topics, authors, categories) or paths (topics/press), not {wrong[0]}")
    return value


class Stories(Section):
    """Entries of different sources that are one text are one story; feeds show one of them and name the others."""

    show: Show = Show.EARLIEST
    """Which one: `earliest` published, of the source with the highest `priority`, or the `longest` text. One that readers have seen stays."""
    every_copy: Annotated[Words, AfterValidator(_feeds)] = ()
    """Feeds that show every copy: kinds (`all`, `topics`, `authors`, `categories`) or paths (`topics/press`). Feeds of sources always do."""
