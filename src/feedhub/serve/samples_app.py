"""The sample sources, served under ``/examples/`` like the feed of any polite publisher (validators, 304)."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from feedhub.model import Document
from feedhub.serve.answers import Manner, answer
from feedhub.serve.samples import Sample, sample_folder, sample_sources
from feedhub.serve.shelf import Ready, make_ready

_CHANGED = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""When the samples were last edited. A file's own time is that of a checkout or an installation, and says nothing."""


def _ready(sample: Sample, folder: Path) -> Ready:
    body = (folder / sample.file).read_bytes()
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    return make_ready(Document(body=body, media_type=sample.media_type, etag=etag, modified=_CHANGED))


def samples_app(prefix: str = "") -> Starlette:
    """Serves ``<prefix>/<file>`` for every sample; 404 for the rest, so that no path reaches the disk."""
    folder = sample_folder()
    shelf = {sample.file: _ready(sample, folder) for sample in sample_sources()}

    def route(file: str) -> Route:
        async def send(request: Request) -> Response:
            return answer(request, shelf[file], Manner(max_age=0, noindex=True))

        return Route(f"{prefix}/{file}", send)

    return Starlette(routes=[route(file) for file in shelf])
