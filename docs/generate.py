"""Write the generated parts of docs/ anew: ``make docs``."""

from __future__ import annotations

from pathlib import Path

from feedhub.cli.reference import reference as commands
from feedhub.config.docs import reference as configuration

HERE = Path(__file__).parent

if __name__ == "__main__":
    (HERE / "commands.md").write_text(commands(), encoding="utf-8")
    (HERE / "configuration.md").write_text(configuration(), encoding="utf-8")
