"""``sources list``."""

from __future__ import annotations

import typer

from feedhub.cli.common import DEFAULT_FILE, AsJson, ConfigFile, reading_if_any
from feedhub.cli.terminal import show_json, show_table
from feedhub.masking import masked
from feedhub.model import SourceState
from feedhub.settings import Source

app = typer.Typer()


@app.command("list", epilog="Example: feedhub sources list --json")
def list_sources(as_json: AsJson = False, config: ConfigFile = DEFAULT_FILE) -> None:
    """List the sources with their state."""
    with reading_if_any(config) as (settings, home):
        states = {state.slug: state for state in home.store.states()} if home else {}
    configured = {source.slug: source for source in settings.sources}
    rows = [_row(slug, configured.get(slug), states.get(slug)) for slug in sorted({*configured, *states})]
    if as_json:
        show_json(rows)
    else:
        show_table(("source", "name", "health", "url"), (tuple(row.values()) for row in rows))


def _row(slug: str, source: Source | None, state: SourceState | None) -> dict[str, str]:
    """The address in use: a source that moved for good is asked where it is now."""
    return {
        "source": slug,
        "name": source.name if source else "",
        "health": state.health.value if state else "not applied yet",
        "url": masked(state.url if state else source.url if source else ""),
    }
