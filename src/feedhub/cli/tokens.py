"""``tokens``: who may read the private feeds.

These commands write one row beside a running daemon, which looks tokens up for every request: what is revoked opens
nothing from that moment on.
"""

from __future__ import annotations

import secrets
import unicodedata
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from feedhub import instance
from feedhub.cli.common import DEFAULT_FILE, AsJson, ConfigFile, reading
from feedhub.cli.control import effective
from feedhub.cli.terminal import note, say, show_json, show_table
from feedhub.errors import FeedHubError, NotFound
from feedhub.model import AccessToken, token_digest
from feedhub.settings import Settings

LONGEST_NAME = 80
TOKEN_BYTES = 32
"""256 random bits: what cannot be guessed needs no limit of attempts."""

app = typer.Typer()

Name = Annotated[str, typer.Argument(help="Whom the token is for; also the name for HTTP Basic.")]


@app.command(epilog="Example: feedhub tokens add huyen --feed topics/ai --feed sources/members")
def add(
    name: Name,
    feed: Annotated[
        list[str] | None, typer.Option(help="A feed that it opens, as in `feeds.private`. Without: every private feed.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Make a token for a subscriber and show it, this once: only a digest of it is kept."""
    name = _checked(name)
    with reading(config) as (written, home):
        settings = effective(written, home)
    paths = tuple(dict.fromkeys(_private(one, settings) for one in feed or ()))
    if not settings.feeds.private:
        note("No feed is private yet: name those that shall be under `feeds.private`, such as `topics/ai: []`.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    made = AccessToken(name=name, digest=token_digest(token), feeds=paths, since=instance.now())
    if not _added(config, made):
        raise FeedHubError(
            f"{name} has a token already.", f"Revoke it first (feedhub tokens revoke {name}), or choose another name."
        )
    base, ending = settings.site.base_url.rstrip("/"), settings.feeds.formats[0].value
    urls = [f"{base}/private/{token}/{path}.{ending}" for path in paths or sorted(settings.feeds.private)]
    if as_json:
        show_json({"name": name, "token": token, "feeds": list(paths), "urls": urls})
        return
    say(f"The token of {name}, shown this once: {token}")
    for url in urls:
        say(f"  {url}")
    say(f"Or by name and password (HTTP Basic), name {name}, password the token:")
    for path in paths or sorted(settings.feeds.private):
        say(f"  {base}/private/{path}.{ending}")


@app.command("list", epilog="Example: feedhub tokens list")
def list_tokens(as_json: AsJson = False, config: ConfigFile = DEFAULT_FILE) -> None:
    """List who has a token, for what, and since when. Tokens themselves are kept nowhere."""
    with reading(config) as (_, home):
        found = home.store.access_tokens()
    if as_json:
        show_json([{"name": one.name, "feeds": one.feeds, "since": one.since} for one in found])
    elif found:
        show_table(
            ("name", "since", "feeds"),
            ((one.name, one.since, ", ".join(one.feeds) or "every private feed") for one in found),
        )
    else:
        note("Nobody has a token. Make one: feedhub tokens add NAME")


@app.command(epilog="Example: feedhub tokens revoke huyen")
def revoke(name: Name, config: ConfigFile = DEFAULT_FILE) -> None:
    """End a subscriber's token. It opens nothing from now on, also in a running daemon."""
    home = instance.open_home(instance.read_settings(config))
    try:
        done = home.store.revoke_access_token(unicodedata.normalize("NFC", name))
    finally:
        home.close()
    if not done:
        raise NotFound(f"Nobody called {name} has a token.", "See `feedhub tokens list`.")
    say(f"The token of {name} opens nothing any more.")


def _added(config: Path, token: AccessToken) -> bool:
    home = instance.open_home(instance.read_settings(config))
    try:
        return home.store.add_access_token(token)
    finally:
        home.close()


def _checked(name: str) -> str:
    name = unicodedata.normalize("NFC", name.strip())
    if not name or len(name) > LONGEST_NAME or ":" in name or not name.isprintable():  # RFC 7617, 2: no colon in a name
        raise typer.BadParameter(
            f"a name has 1 to {LONGEST_NAME} characters, no colon and no control characters", param_hint="NAME"
        )
    return name


def _private(path: str, settings: Settings) -> str:
    path = path.strip("/")
    if path not in settings.feeds.private:
        close = get_close_matches(path, settings.feeds.private, n=1)
        known = f"Did you mean {close[0]}?" if close else f"Private are: {', '.join(settings.feeds.private) or 'none'}."
        raise NotFound(f"{path} is not private in the configuration, so that everybody may read it.", known)
    return path
