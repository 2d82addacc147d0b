"""Each third-party library has one door: the one place of the package that may import it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "feedhub"

DOORS: dict[str, tuple[str, ...]] = {
    "aiohttp": ("fetch/",),
    "yarl": ("fetch/",),
    "brotli": ("fetch/", "serve/codings.py"),
    "zstandard": ("serve/codings.py", "store/zstandard_pages.py", "zstandard_texts.py"),
    "publicsuffixlist": ("fetch/registrable.py",),
    "feedparser": ("parse/",),
    "chardet": ("parse/",),
    "nh3": ("clean/nh3_html.py",),
    "selectolax": (
        "clean/selectolax_prepass.py",
        "extract/selectolax_discovery.py",
        "extract/selectolax_tree.py",
        "css_selectors.py",
    ),
    "jmespath": ("json_paths.py",),
    "trafilatura": ("extract/trafilatura_text.py",),
    "sqlalchemy": ("store/",),
    "alembic": ("store/alembic_steps.py",),
    "feedgen": ("emit/",),
    "lxml": ("emit/",),
    "apscheduler": ("schedule/apscheduler_timer.py",),
    "starlette": ("serve/",),
    "uvicorn": ("serve/uvicorn_server.py",),
    "jinja2": ("serve/jinja_pages.py",),
    "prometheus_client": ("serve/prometheus_metrics.py",),
    "pydantic": ("settings/", "config/"),
    "pydantic_core": ("config/",),
    "ruamel": ("config/ruamel_yaml.py",),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "anyascii": ("slugs.py",),
    "regex": ("patterns.py",),
    "structlog": ("logs.py",),
    "uvloop": ("runner.py",),
}


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_libraries_come_in_by_their_door(file: Path) -> None:
    place = str(file.relative_to(SOURCE))
    for library in set(_imports(file)) - set(sys.stdlib_module_names) - {"feedhub"}:
        assert library in DOORS, f"{place} imports {library}, which has no door yet: add it with a decision"
        assert place.startswith(DOORS[library]), f"{place} imports {library}; its door is {DOORS[library]}"


def test_every_door_is_used() -> None:
    used = {library for file in SOURCE.rglob("*.py") for library in _imports(file)}
    assert set(DOORS) - used == set()
