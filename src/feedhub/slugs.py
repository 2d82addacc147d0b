"""Names made fit for a URL path. A slug is presentation, never identity (design, section 3)."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from anyascii import anyascii

MAX_SLUG = 80
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "Ð": "Đ"})
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def slug_of(name: str) -> str:
    """A lower-case ASCII slug of at most :data:`MAX_SLUG` characters; never empty.

    NFC comes first because anyascii spells decomposed text differently; apostrophes are dropped alike in all their
    forms. A name that leaves nothing (only symbols) becomes ``x-`` and a digest of the name, so that it is stable.
    Two names may give one slug: the database settles that with a suffix which never changes.
    """
    text = unicodedata.normalize("NFC", name).translate(_APOSTROPHES).replace("'", "")
    slug = _NOT_SLUG.sub("-", anyascii(text).lower()).strip("-")
    if len(slug) > MAX_SLUG:
        slug = slug[:MAX_SLUG].rsplit("-", 1)[0] if "-" in slug[:MAX_SLUG] else slug[:MAX_SLUG]
    return slug or "x-" + hashlib.blake2b(name.encode(), digest_size=4).hexdigest()


def with_suffix(slug: str, number: int) -> str:
    """The ``number``-th claimant of a slug: ``ma``, ``ma-2``, ``ma-3``."""
    return slug if number < 2 else f"{slug}-{number}"
