"""The sample sources: invented feeds that show something on the first run, without any network.

They lie in ``examples/`` of the project and in ``feedhub/serve/examples`` of the wheel, are served by this program under
``/examples/`` like the feed of any polite publisher (validators, 304), and are polled like any other source.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from feedhub.errors import OutputError
from feedhub.model import Document
from feedhub.serve.answers import Manner, answer
from feedhub.serve.shelf import Ready, make_ready


class Sample(NamedTuple):
    """A sample source. ``media_type`` is what the server says of it."""

    slug: str
    name: str
    file: str
    media_type: str


_SAMPLES = (
    Sample("tin-tai-chinh", "Tin Tài Chính (mẫu)", "tin-tai-chinh.rss", "application/rss+xml; charset=utf-8"),
    Sample(
        "world-economy", "World Economy Review (sample)", "world-economy.atom", "application/atom+xml; charset=utf-8"
    ),
    Sample("markets-digest", "Markets Digest (sample)", "markets-digest.rdf", "application/rdf+xml; charset=utf-8"),
    Sample("open-tools", "Open Tools (sample)", "open-tools.json", "application/feed+json; charset=utf-8"),
    Sample("money-aloud", "Money Aloud (sample podcast)", "podcast.rss", "application/rss+xml; charset=utf-8"),
)
_CHANGED = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""When the samples were last edited. A file's own time is that of a checkout or an installation, and says nothing."""


def sample_sources() -> list[Sample]:
    """The samples in the order in which they are listed."""
    return list(_SAMPLES)


def sample_folder() -> Path:
    """The folder of the documents: beside this module when installed, at the project's root in a checkout.

    :raises OutputError: when neither is there (a broken installation).
    """
    here = Path(os.path.abspath(__file__)).parent  # noqa: PTH100  # symbolic links stay as they are
    for folder in (here / "examples", here.parents[2] / "examples"):
        if (folder / _SAMPLES[0].file).is_file():
            return folder
    raise OutputError("The sample sources are missing from this installation.", "Install FeedHub again.")


def _ready(sample: Sample, folder: Path) -> Ready:
    body = (folder / sample.file).read_bytes()
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    return make_ready(Document(body=body, media_type=sample.media_type, etag=etag, modified=_CHANGED))


def samples_app(prefix: str = "") -> Starlette:
    """Serves ``<prefix>/<file>`` for every sample; 404 for the rest, so that no path reaches the disk."""
    folder = sample_folder()
    shelf = {sample.file: _ready(sample, folder) for sample in _SAMPLES}

    def route(file: str) -> Route:
        async def send(request: Request) -> Response:
            return answer(request, shelf[file], Manner(max_age=0, noindex=True))

        return Route(f"{prefix}/{file}", send)

    return Starlette(routes=[route(file) for file in shelf])
