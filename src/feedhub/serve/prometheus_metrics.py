"""Figures for Prometheus, in a registry of their own. The one door to prometheus_client."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from feedhub.serve.shelf import ShelfCounts

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """Counts requests as they end, and reads the rest when asked."""

    def __init__(self, version: str) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._requests = Counter("feedhub_http_requests", "Requests answered.", ["kind", "status"], registry=registry)
        self._seconds = Histogram(
            "feedhub_http_request_seconds", "Time to answer.", ["kind"], buckets=_BUCKETS, registry=registry
        )
        self._sources = Gauge("feedhub_sources", "Sources by state.", ["health"], registry=registry)
        self._ready = Gauge("feedhub_ready", "1 when the service is ready.", registry=registry)
        self._live = Gauge("feedhub_live", "1 when the service is live.", registry=registry)
        self._vitals = Gauge("feedhub_vitals", "Numbers that the daemon tells of itself.", ["name"], registry=registry)
        self._generation = Gauge("feedhub_generation", "Commits to the database.", registry=registry)
        self._shelf = Gauge("feedhub_documents", "Documents asked of memory, by result.", ["result"], registry=registry)
        Gauge("feedhub_info", "The version that runs.", ["version"], registry=registry).labels(version).set(1)

    def answered(self, kind: str, status: int, seconds: float) -> None:
        """``kind`` is one of a few fixed words, never a path: paths are endless and may hold tokens."""
        self._requests.labels(kind, str(status)).inc()
        self._seconds.labels(kind).observe(seconds)

    def counter(self, kind: str) -> Callable[[int, float], None]:
        """:meth:`answered` for one kind, with what it writes to looked up once."""
        seconds = self._seconds.labels(kind)
        requests: dict[int, Counter] = {}

        def count(status: int, took: float) -> None:
            if status not in requests:
                requests[status] = self._requests.labels(kind, str(status))
            requests[status].inc()
            seconds.observe(took)

        return count

    def update_service(self, live: bool, ready: bool, detail: Mapping[str, object]) -> None:
        self._live.set(live)
        self._ready.set(ready)
        for name, value in detail.items():
            if isinstance(value, int | float):
                self._vitals.labels(name).set(value)

    def update_store(self, sources: Mapping[str, int], generation: int) -> None:
        """``sources`` counts every state, those without a source too, so that a figure can fall to zero."""
        self._generation.set(generation)
        for health, count in sources.items():
            self._sources.labels(health).set(count)

    def render(self, shelf: ShelfCounts) -> bytes:
        """The exposition in the text format 0.0.4."""
        self._shelf.labels("hit").set(shelf.hits)
        self._shelf.labels("miss").set(shelf.misses)
        return generate_latest(self._registry)
