"""Who may read a private feed: whoever knows a token for it.

A token stands in the address (``/private/<token>/topics/ai.atom``), or is the password of HTTP Basic under an address
without it (``/private/topics/ai.atom``), for readers that can send one. There are tokens of the configuration, good for
one feed under any name, and those of ``feedhub tokens``, each of one subscriber. The latter are looked up anew for every
request, so that a revoked one opens nothing any more. What does not open a feed is told nothing: not even whether it exists.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from feedhub.model import AccessToken, Feed, token_digest
from feedhub.ports import Library, Redirected
from feedhub.serve.addresses import Visibility, take_apart

CHALLENGE = {"WWW-Authenticate": 'Basic realm="FeedHub private feeds", charset="UTF-8"'}
"""RFC 7617. The same for every address of this form, whatever is behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A token as it was shown to us. ``name``: that of HTTP Basic; None where the token stood in the address."""

    token: str
    name: str | None = None


def presented(authorization: str) -> Presented | None:
    """Name and password of HTTP Basic; None for a header that is missing or is no such thing."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return Presented(token=password, name=unicodedata.normalize("NFC", name)) if colon else None


class PrivateGate:
    """:param access: finds a token of ``feedhub tokens`` by its digest."""

    def __init__(self, visibility: Visibility, library: Library, access: Callable[[bytes], AccessToken | None]) -> None:
        self._visibility = visibility
        self._library = library
        self._access = access

    def opens(self, feed: Feed | None, shown: Presented) -> bool:
        """Whether a token opens a feed. It is looked for in the same ways where there is no such feed."""
        paths = {feed.path[1:], f"{feed.kind.value}/{feed.key}"} if feed else set()
        configured = self._visibility.opens(paths, shown.token)
        given = self._access(token_digest(shown.token))
        if feed is None or not self._visibility.hides(feed):
            return False
        if given is None or shown.name not in {None, given.name}:
            return configured
        return configured or not given.feeds or any(self._means(path, feed) for path in given.feeds)

    def _means(self, path: str, feed: Feed) -> bool:
        """Whether a path that a token was given for leads to a feed, also since that was renamed."""
        asked = take_apart(path)
        if asked is None or asked.kind is not feed.kind:
            return False
        if asked.slug in {feed.slug, feed.key}:
            return True
        found = self._library.feed(asked.kind, asked.slug)
        return isinstance(found, Redirected) and found.slug == feed.slug
