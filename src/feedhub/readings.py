"""How many documents each parser read, and where they differed."""

from __future__ import annotations

from collections import Counter

from feedhub.logs import get_logger
from feedhub.model import ParseFailed, Understood

log = get_logger("readings")


class Readings:
    """Counts since the start of the process."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, slug: str, understood: Understood | ParseFailed) -> None:
        parsing = understood.parsing
        if isinstance(understood, Understood) or parsing.differences:
            self._counts["documents_fast" if parsing.fast else "documents_not_fast"] += 1
        if parsing.reason:
            log.debug("parser.feedparser", source=slug, reason=parsing.reason)
        if parsing.differences:
            self._counts["documents_parsers_differ"] += 1
            log.warning("parser.differs", source=slug, differences=parsing.differences)

    def figures(self) -> dict[str, int]:
        """By name: documents read by the fast reader, by others, and such as the parsers read differently (`shadow`)."""
        return {
            name: self._counts[name] for name in ("documents_fast", "documents_not_fast", "documents_parsers_differ")
        }
