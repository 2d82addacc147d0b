"""What one poll brought, as far as the schedule needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from feedhub.model import Fetched, FetchFailed, NotModified, ParseFailed, PollHints


@dataclass(frozen=True, slots=True, kw_only=True)
class PollEvent:
    """``result`` is :class:`Fetched` only for a document that was parsed, or whose body was known already."""

    result: NotModified | Fetched | FetchFailed | ParseFailed
    hints: PollHints = field(default_factory=PollHints)  # of the document; not looked at unless it was parsed
    listed: int = 0  # entries in the document
    new: int = 0
    updated: int = 0
    newest: datetime | None = None  # moments of the newest and oldest entry listed, where stated
    oldest: datetime | None = None
    moments: tuple[datetime, ...] = ()  # of the new entries, as far as stated
    body_known: bool = False  # a 200 whose body hash was known: it was not parsed again
    span: tuple[datetime, datetime] | None = None  # moments of the oldest and newest entry listed, where all state one
    all_new: bool = False  # no listed entry was known
    cut_off: bool = False  # the document broke off: what it lists may not be all
    older: str = ""  # where the source says its older entries are

    @property
    def parsed(self) -> bool:
        return isinstance(self.result, Fetched) and not self.body_known

    @property
    def whole(self) -> bool:
        """Whether the document is the source's list and not a part of it: no 226 (RFC 3229), and not broken off."""
        return isinstance(self.result, Fetched) and not self.result.partial and not self.cut_off
