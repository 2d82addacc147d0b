"""Which encoding and which kind of document a client would rather have (RFC 9110, 12.5). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from feedhub.model import Format

_OFFERS: Mapping[str, Format | None] = {
    "text/html": None,
    "application/atom+xml": Format.ATOM,
    "application/rss+xml": Format.RSS,
    "application/feed+json": Format.JSON,
    "application/json": Format.JSON,
    "application/xml": Format.ATOM,
    "text/xml": Format.ATOM,
}
"""What the path without ending can be, best first where a client has no preference. None: the page for people."""


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0


def _weights(header: str) -> dict[str, float]:
    """Each named value with its quality; the best counts when one is named twice."""
    weights: dict[str, float] = {}
    for part in header.split(","):
        name, *parameters = part.split(";")
        if key := name.strip().lower():
            weights[key] = max(weights.get(key, 0.0), _quality(parameters))
    return weights


def by_preference(header: str, codings: Sequence[str]) -> list[str]:
    """The content codings that an ``Accept-Encoding`` welcomes, most wanted first, and ``""`` for the plain bytes.

    Among equals the order of ``codings`` decides. Plain bytes come last unless they are asked for with a higher quality
    than a coding. No header: nothing but the plain bytes, which every client understands. A client that refuses all
    that there is gets plain bytes too: they are more use than a refusal (12.5 allows it).
    """
    weights = _weights(header)
    if "x-gzip" in weights:
        weights.setdefault("gzip", weights["x-gzip"])
    plain = weights.get("identity", 0.0)
    welcome = [(weights.get(coding, weights.get("*", 0.0)), coding) for coding in codings]
    better = [one for one in welcome if one[0] > 0 and one[0] >= plain]
    return [*(coding for _, coding in sorted(better, key=lambda one: -one[0])), ""]


def welcomes(header: str, name: str) -> bool:
    """Whether a list with qualities (``A-IM``) names something and does not refuse it."""
    return _weights(header).get(name, 0.0) > 0


def _media_quality(weights: Mapping[str, float], media_type: str) -> float:
    family = media_type.partition("/")[0]
    for candidate in (media_type, f"{family}/*", "*/*"):
        if candidate in weights:
            return weights[candidate]
    return 0.0


def preferred(header: str, formats: Sequence[Format]) -> Format | None:
    """The format of the feed that an ``Accept`` asks for, or None for the page.

    A client that names nothing we have gets the page too: a page is more use than a refusal (12.5.1 allows it).
    """
    weights = _weights(header) or {"*/*": 1.0}
    best: Format | None = None
    best_quality = 0.0
    for media_type, offer in _OFFERS.items():
        quality = _media_quality(weights, media_type)
        if quality > best_quality and (offer is None or offer in formats):
            best, best_quality = offer, quality
    return best
