"""Who we say we are: honest, stable, never in a browser's clothes (standards, part 1, Request 2)."""

from __future__ import annotations

import re

_UNSENDABLE = re.compile(r"[^\x21-\x7e]|[()\\]")


def user_agent(version: str, contact: str, subscribers: int) -> str:
    """``FeedHub/1.0 (+https://example.org/about; 3 subscribers)``; without a contact only the count.

    A contact is a URL or a mail address; characters that would end the comment or are not ASCII are left out.
    """
    readers = f"{subscribers} subscriber" if subscribers == 1 else f"{subscribers} subscribers"
    reach = _UNSENDABLE.sub("", contact)
    return f"FeedHub/{version} (+{reach}; {readers})" if reach else f"FeedHub/{version} ({readers})"
