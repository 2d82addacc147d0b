"""The commands. One file per group; each command reads the configuration, calls one function, and shows the result."""

from __future__ import annotations

from feedhub.cli.app import main

__all__ = ["main"]
