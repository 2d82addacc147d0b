"""Slugs for sources that were given none: from the name, else from host and path. Pure and deterministic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from feedhub.slugs import MAX_SLUG, slug_of, with_suffix

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOST_NOISE = re.compile(r"^(www|feeds?|rss)\.")
_PATH_NOISE = re.compile(r"\.(xml|rss|atom|rdf|json|html?|php|aspx?)$", re.IGNORECASE)
_FEED_WORDS = frozenset({"feed", "feeds", "rss", "rss2", "atom", "xml", "index", "json", "rdf", "default"})


def is_slug(text: str) -> bool:
    return len(text) <= MAX_SLUG and _SLUG.fullmatch(text) is not None


def source_slugs(sources: Sequence[tuple[str, str, str]]) -> list[str]:
    """One slug for each (slug, name, url). Given slugs stay as they are and are taken first.

    Of several sources that would get one slug the second gets ``-2`` and so on, in the order of the file.
    """
    taken = {slug for slug, _, _ in sources if slug}
    slugs = []
    for slug, name, url in sources:
        chosen = slug or _free(slug_of(name) if name.strip() else slug_of_url(url), taken)
        taken.add(chosen)
        slugs.append(chosen)
    return slugs


def slug_of_url(url: str) -> str:
    """``https://www.example.org/news/rss.xml`` gives ``example-org-news``."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return slug_of(url)
    host = _HOST_NOISE.sub("", (parts.hostname or "").lower())
    words = (_PATH_NOISE.sub("", piece) for piece in parts.path.split("/"))
    kept = [word for word in words if word and word.lower() not in _FEED_WORDS]
    return slug_of(" ".join([host, *kept]))


def _free(slug: str, taken: set[str]) -> str:
    number = 1
    while (candidate := with_suffix(slug[: MAX_SLUG - 7].rstrip("-") if number > 1 else slug, number)) in taken:
        number += 1
    return candidate
