"""``run`` and ``serve``: the programs that stay."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from feedhub.cli.common import DEFAULT_FILE, ConfigFile, reading
from feedhub.daemon import Daemon
from feedhub.logs import set_up_logging
from feedhub.once import serve_only
from feedhub.runner import run_loop

LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"], typer.Option("--log-level", help="Least level to log.")
]
LogFormat = Annotated[
    Literal["auto", "console", "json"], typer.Option("--log-format", help="Lines for people, or JSON.")
]

app = typer.Typer()


@app.command(epilog="Example: feedhub run --config /etc/feedhub/config.yaml")
def run(config: ConfigFile = DEFAULT_FILE, log_level: LogLevel = "info", log_format: LogFormat = "auto") -> None:
    """Poll, publish and serve until told to stop (SIGTERM, Ctrl-C). SIGHUP reads the configuration again."""
    set_up_logging(log_level, log_format)
    run_loop(Daemon(config, announce=typer.echo).run())


@app.command(epilog="Example: feedhub serve --port 8081")
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on instead of `server.host`.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port instead of `server.port`; 0: any.")] = None,
    config: ConfigFile = DEFAULT_FILE,
    log_level: LogLevel = "info",
    log_format: LogFormat = "auto",
) -> None:
    """Serve what is stored, without polling; beside a daemon on another port, or on a copy of its database."""
    set_up_logging(log_level, log_format)
    with reading(config):  # says what to do when there is nothing to serve yet
        pass
    run_loop(serve_only(config, announce=typer.echo, host=host, port=port))
