"""What an entry means, part by part, as digests: equal digests mean that nothing worth telling has changed.

Markup, the order of attributes, letter case of hosts, tracking parameters and dates are no meaning; text, links and
media are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from feedhub.clean.html import html_to_text, media_in
from feedhub.clean.media import media_key
from feedhub.clean.urls import canonical
from feedhub.model import Digest, Entry


def digest_of(parts: Iterable[str]) -> Digest:
    """Parts are framed by their length, so that no two lists give the same bytes."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        encoded = part.encode("utf-8", "replace")
        state.update(b"%d:" % len(encoded) + encoded)
    return Digest(state.digest())


def parts_of(entry: Entry) -> dict[str, Digest]:
    """Digests by part."""
    media = {canonical(url) for body in (entry.content, entry.summary) for url in media_in(body)}
    return {
        "title": digest_of([entry.title]),
        "body": digest_of([entry.text, html_to_text(entry.summary), *sorted(media)]),
        "link": digest_of([entry.canonical_link]),
        "people": digest_of(f"{one.key}\n{one.role}\n{one.organisation}" for one in entry.authors),
        "categories": digest_of(sorted(category.key for category in entry.categories)),
        "enclosures": digest_of(map(media_key, entry.enclosures)),
        "rights": digest_of([entry.rights]),
        # left out where there are none, so that entries stored before they were kept have not changed
        **({"extras": digest_of(map(repr, entry.extras))} if entry.extras else {}),
    }
