"""Ids of entries and feeds as published. An id that came with an entry is never changed where the format allows it."""

from __future__ import annotations

import hashlib
import ipaddress
from urllib.parse import quote, urlsplit

from feedhub.emit.links import is_absolute_iri
from feedhub.emit.words import printable
from feedhub.model import Feed, StoredEntry, Tombstone

MINTED = "2025"
"""The date in our ``tag:`` ids (RFC 4151). It must never change: it is part of ids that readers remember."""


def original_id(stored: StoredEntry) -> str:
    """The id the source gave, "" when it gave none. Only what no XML document can carry is taken out."""
    return printable(stored.entry.original_id).strip()


def atom_id(stored: StoredEntry, base_url: str) -> str:
    """The original id where it is an absolute IRI, else a minted one (RFC 4287, 4.2.6)."""
    original = original_id(stored)
    return original if is_absolute_iri(original) else minted_id(stored, base_url)


def plain_id(stored: StoredEntry, base_url: str) -> str:
    """The original id verbatim, for formats that take any text (RSS, JSON Feed); minted where there is none."""
    return original_id(stored) or minted_id(stored, base_url)


def minted_id(stored: StoredEntry, base_url: str, *, among_equals: bool = False) -> str:
    """A ``tag:`` id from the site's host, the source and what the source calls the entry: equal on every machine.

    An entry without id and link is told apart by its title and time, the only other things that its source said.

    :param among_equals: another entry would get the same (feeds whose entries share one link, or one id); the entry's
        number in the database tells them apart, which holds for every machine with this database.
    """
    entry = stored.entry
    name = entry.original_id.strip() or entry.link or f"{entry.title}\n{entry.published.isoformat()}"
    name += f"\n{stored.id}" if among_equals else ""
    return _minted(name, stored.source_slug, base_url)


def _minted(name: str, source_slug: str, base_url: str) -> str:
    digest = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return f"tag:{authority(base_url)},{MINTED}:{quote(source_slug, safe='-')}:{digest}"


def atom_id_of(gone: Tombstone, base_url: str) -> str:
    """The id under which :func:`atom_id` showed an entry that was withdrawn."""
    original = printable(gone.original_id).strip()
    return original if is_absolute_iri(original) else _minted(gone.name, gone.source_slug, base_url)


def plain_id_of(gone: Tombstone, base_url: str) -> str:
    """The id under which :func:`plain_id` showed an entry that was withdrawn."""
    return printable(gone.original_id).strip() or _minted(gone.name, gone.source_slug, base_url)


def feed_id(feed: Feed, base_url: str) -> str:
    """The id of an output feed: made from its key, so that a new slug or format does not change it."""
    return f"tag:{authority(base_url)},{MINTED}:{feed.kind.value}/{quote(printable(feed.key), safe='-')}"


def selection_id(name: str, base_url: str) -> str:
    """The id of a feed that is asked for and not stored: a search, a narrowed feed."""
    return f"tag:{authority(base_url)},{MINTED}:{quote(printable(name), safe='/-')}"


def authority(base_url: str) -> str:
    """The host of the site as RFC 4151 wants it: lower-case ASCII, no port, no colons."""
    host = urlsplit(base_url).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.encode("idna").decode("ascii").lower()
    return host if address.version == 4 else "ip6-" + address.exploded.replace(":", "-")
