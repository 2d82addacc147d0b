"""What an operator and a monitor ask: health, metrics, the state of the sources."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from feedhub.errors import DatabaseError
from feedhub.model import Health, ServiceEvent, SourceChange, SourceState
from feedhub.ports import Vitals
from feedhub.serve.addresses import Visibility
from feedhub.serve.answers import PAGE_POLICY, Manner, answer
from feedhub.serve.jinja_pages import PageRenderer
from feedhub.serve.known_feeds import KnownFeeds
from feedhub.serve.operator_gate import OperatorGate
from feedhub.serve.parts import ServeParts
from feedhub.serve.prometheus_metrics import MEDIA_TYPE, Metrics
from feedhub.serve.shelf import Shelf
from feedhub.serve.wire import hub_to_json, labelling_to_json, moment_text, note_to_json, state_to_json
from feedhub.serve.words import labelling_words

SHOWN_CHANGES, SHOWN_EVENTS = 100, 20
"""Changes of sources, and events of the service, in the operator's feed: a reader that looks once a day misses none of a usual day."""
_FRESH = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


class OperatorRoutes:
    """None of these answers may be kept by a cache: each tells how things are at this moment."""

    def __init__(
        self, parts: ServeParts, shelf: Shelf, renderer: PageRenderer, known: KnownFeeds, metrics: Metrics
    ) -> None:
        self._parts = parts
        self._shelf = shelf
        self._renderer = renderer
        self._known = known
        self._metrics = metrics
        self._visibility = Visibility(parts.settings)
        self._operator = OperatorGate(parts.settings)

    def routes(self) -> list[Route]:
        return [
            Route("/health", self.health),
            Route("/health/live", self.live),
            Route("/health/ready", self.ready),
            Route("/metrics", self.metrics),
            Route("/status", self.status),
            Route("/status.json", self.status_json),
            Route("/status.atom", self.status_atom),
        ]

    async def health(self, _request: Request) -> Response:
        """Both answers and what the daemon tells of itself; 503 unless live and ready."""
        vitals = self._parts.vitals()
        return _report(vitals, vitals.live and vitals.ready)

    async def live(self, _request: Request) -> Response:
        """503 asks a supervisor to restart the process."""
        vitals = self._parts.vitals()
        return _report(vitals, vitals.live)

    async def ready(self, _request: Request) -> Response:
        """503 asks a load balancer to wait."""
        vitals = self._parts.vitals()
        return _report(vitals, vitals.live and vitals.ready)

    async def metrics(self, _request: Request) -> Response:
        """The figures of the process come even while the database does not answer."""
        vitals = self._parts.vitals()
        self._metrics.update_service(vitals.live, vitals.ready, vitals.detail)
        try:
            states, generation, subscriptions = await run_in_threadpool(self._ask_store)
        except DatabaseError:
            self._metrics.update_service(vitals.live, False, {})
        else:
            counts = {health.value: sum(state.health is health for state in states) for health in Health}
            self._metrics.update_store(counts, generation)
            self._metrics.update_hub(self._parts.hub_figures(), subscriptions)
        return Response(self._metrics.render(self._shelf.counts), headers={**_FRESH, "Content-Type": MEDIA_TYPE})

    def _ask_store(self) -> tuple[list[SourceState], int, int]:
        catalogue, hub = self._parts.catalogue, self._parts.hub_note().census.subscriptions
        return catalogue.states(), catalogue.generation(), hub

    async def status(self, _request: Request) -> Response:
        known = await self._known.now()
        states = await run_in_threadpool(self._parts.catalogue.states)
        now, parts = self._parts.clock(), self._parts
        notes = await run_in_threadpool(parts.push_notes)
        labelling = labelling_words(parts.vitals().detail)
        sentences = " ".join(filter(None, (labelling, (await run_in_threadpool(parts.hub_note)).words)))
        html = await run_in_threadpool(self._renderer.status, states, now, parts.explain, known.index, notes, sentences)
        headers = {**_FRESH, "Content-Security-Policy": PAGE_POLICY}
        return Response(html, headers=headers, media_type="text/html; charset=utf-8")

    async def status_json(self, _request: Request) -> Response:
        states = await run_in_threadpool(self._parts.catalogue.states)
        notes = await run_in_threadpool(self._parts.push_notes)
        shown = [state for state in states if not self._visibility.is_private(f"sources/{state.slug}")]
        now, hub = self._parts.clock(), await run_in_threadpool(self._parts.hub_note)
        body = {
            "at": moment_text(now),
            "version": self._parts.version,
            "labelling": labelling_to_json(self._parts.vitals().detail),
            "hub": hub_to_json(hub),
            "sources": [
                state_to_json(state, self._parts.explain(state, now)) | {"websub": note_to_json(notes.get(state.id))}
                for state in shown
            ],
        }
        return JSONResponse(body, headers=_FRESH)

    def _happened(self) -> tuple[list[SourceChange], list[ServiceEvent]]:
        catalogue = self._parts.catalogue
        return catalogue.changes(SHOWN_CHANGES), catalogue.events(SHOWN_EVENTS)

    async def status_atom(self, request: Request) -> Response:
        """What happened to the sources, private ones too, and to the service: for the operator only."""
        self._operator.admit(request)
        changes, events = await run_in_threadpool(self._happened)
        stamp = (tuple(changes), tuple(events))
        ready = await self._shelf.get("status.atom", stamp, lambda: self._parts.press.changes(changes, events))
        return answer(request, ready, Manner(max_age=60, private=True))


def _report(vitals: Vitals, well: bool) -> Response:
    body = {"live": vitals.live, "ready": vitals.ready, "detail": {k: _plain(v) for k, v in vitals.detail.items()}}
    return JSONResponse(body, 200 if well else 503, headers=_FRESH)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
