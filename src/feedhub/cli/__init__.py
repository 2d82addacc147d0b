"""The commands. One file per group; each command reads the configuration, calls one function, and shows the result.

``app.py`` is the command line as a whole; ``registry.py`` knows every command and loads the one that is called.
"""

from __future__ import annotations

from importlib import import_module


def main() -> None:
    """The ``feedhub`` command.

    The command line is loaded by the call: multiprocessing imports the main script in every worker process once more,
    and what works there needs none of it.
    """
    import_module("feedhub.cli.app").main()


__all__ = ["main"]
