"""HTTP: documents for readers, pages for people, health for operators. ``app.py`` holds the map of the routes."""

from feedhub.serve.addresses import Asked, take_apart
from feedhub.serve.app import create_app, not_ready
from feedhub.serve.codings import compressed
from feedhub.serve.jinja_pages import STATIC, PageRenderer
from feedhub.serve.parts import ServeParts
from feedhub.serve.samples import sample_sources, samples_app
from feedhub.serve.uvicorn_server import HttpServer
from feedhub.serve.wire import note_to_json, outcome_from_json

__all__ = [
    "STATIC",
    "Asked",
    "HttpServer",
    "PageRenderer",
    "ServeParts",
    "compressed",
    "create_app",
    "not_ready",
    "note_to_json",
    "outcome_from_json",
    "sample_sources",
    "samples_app",
    "take_apart",
]
