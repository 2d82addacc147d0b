"""Commands of the program in the test's own process: as good as a process of their own, without its start."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from feedhub.cli.app import app
from feedhub.errors import FeedHubError


def command(folder: Path, *arguments: str) -> str:
    """What a command says on standard output, with the configuration of ``folder``.

    :raises FeedHubError: what the program would complain of.
    """
    done = CliRunner().invoke(app, [*arguments, "--config", str(folder / "config.yaml")], env={"COLUMNS": "200"})
    if isinstance(done.exception, FeedHubError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout
