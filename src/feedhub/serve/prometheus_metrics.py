"""Figures for Prometheus, in a registry of their own. The one door to prometheus_client."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from feedhub.serve.shelf import ShelfCounts

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class _Answers(Collector):
    """Requests and the time they took. The library's own counters cost four times as much, a twentieth of an answer."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._times: dict[str, list[int]] = {}  # by bucket; the last holds what is slower than all of them
        self._sums: dict[str, float] = {}

    def add(self, kind: str, status: int, seconds: float) -> None:
        self._requests[kind, status] += 1
        if kind not in self._times:
            self._times[kind], self._sums[kind] = [0] * (len(_BUCKETS) + 1), 0.0
        self._times[kind][bisect_left(_BUCKETS, seconds)] += 1
        self._sums[kind] += seconds

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("feedhub_http_requests", "Requests answered.", labels=["kind", "status"])
        for (kind, status), count in list(self._requests.items()):
            requests.add_metric([kind, str(status)], count)
        yield requests
        seconds = HistogramMetricFamily("feedhub_http_request_seconds", "Time to answer.", labels=["kind"])
        for kind, times in list(self._times.items()):
            below = zip([*map(str, _BUCKETS), "+Inf"], accumulate(times), strict=True)
            seconds.add_metric([kind], [(bound, float(count)) for bound, count in below], self._sums[kind])
        yield seconds


class _Figures(Collector):
    """Counts that are kept elsewhere, by name."""

    def __init__(self, name: str, words: str, label: str) -> None:
        self._about = name, words, label
        self.values: Mapping[str, int] = {}

    def collect(self) -> Iterator[Metric]:
        name, words, label = self._about
        family = CounterMetricFamily(name, words, labels=[label])
        for which, count in sorted(self.values.items()):
            family.add_metric([which], count)
        yield family


class Metrics:
    """Counts requests as they end, and reads the rest when asked."""

    def __init__(self, version: str) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._answers = _Answers()
        registry.register(self._answers)
        self._sources = Gauge("feedhub_sources", "Sources by state.", ["health"], registry=registry)
        self._ready = Gauge("feedhub_ready", "1 when the service is ready.", registry=registry)
        self._live = Gauge("feedhub_live", "1 when the service is live.", registry=registry)
        self._vitals = Gauge("feedhub_vitals", "Numbers that the daemon tells of itself.", ["name"], registry=registry)
        self._generation = Gauge("feedhub_generation", "Commits to the database.", registry=registry)
        self._shelf = Gauge("feedhub_documents", "Documents asked of memory, by result.", ["result"], registry=registry)
        self._hub = _Figures("feedhub_hub", "What our own hub, and pings to hubs of others, came to.", "what")
        registry.register(self._hub)
        self._subscriptions = Gauge("feedhub_hub_subscriptions", "Subscriptions at our own hub.", registry=registry)
        Gauge("feedhub_info", "The version that runs.", ["version"], registry=registry).labels(version).set(1)

    def answered(self, kind: str, status: int, seconds: float) -> None:
        """``kind`` is one of a few fixed words, never a path: paths are endless and may hold tokens."""
        self._answers.add(kind, status, seconds)

    def update_service(self, live: bool, ready: bool, detail: Mapping[str, object]) -> None:
        self._live.set(live)
        self._ready.set(ready)
        for name, value in detail.items():
            if isinstance(value, int | float):
                self._vitals.labels(name).set(value)

    def update_hub(self, figures: Mapping[str, int], subscriptions: int) -> None:
        """``figures`` only grow while the process lives."""
        self._hub.values = figures
        self._subscriptions.set(subscriptions)

    def update_store(self, sources: Mapping[str, int], generation: int) -> None:
        """``sources`` counts every state, those without a source too, so that a figure can fall to zero."""
        self._generation.set(generation)
        for health, count in sources.items():
            self._sources.labels(health).set(count)

    def render(self, shelf: ShelfCounts) -> bytes:
        """The exposition in the text format 0.0.4."""
        self._shelf.labels("hit").set(shelf.hits)
        self._shelf.labels("miss").set(shelf.misses)
        self._shelf.labels("earlier").set(shelf.earlier)
        return generate_latest(self._registry)
