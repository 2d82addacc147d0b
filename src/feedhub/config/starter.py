"""The first ``config.yaml``: commented, and it works at once. Writes files.

Its text is the ``config.yaml`` at the root of the project; a wheel carries it as ``feedhub/config/example.yaml``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from feedhub.config.schema import json_schema
from feedhub.errors import OutputError

CONFIG = "config.yaml"
SCHEMA = "feedhub.schema.json"
"""Beside the configuration; its first line names it, so that editors complete and check as one types."""


def write_starter(folder: Path) -> list[Path]:
    """Write ``config.yaml`` and its JSON Schema; the paths that were written. A missing folder is made.

    :raises OutputError: one of them is there already, or cannot be written; nothing that was there is changed.
    """
    texts = {folder / CONFIG: starter_text(), folder / SCHEMA: schema_text()}
    for path in texts:
        if os.path.lexists(path):
            raise _taken(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made: {error.strerror}.", "Choose another folder: `feedhub init FOLDER`."
        ) from error
    written: list[Path] = []
    for path, text in texts.items():
        _write_new(path, text, written)
    return written


def schema_text() -> str:
    """The JSON Schema as it is written beside a configuration."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def starter_text() -> str:
    """The text of the first configuration.

    :raises OutputError: it is missing (a broken installation).
    """
    here = Path(os.path.abspath(__file__)).parent  # noqa: PTH100  # symbolic links stay as they are
    places = [here / "example.yaml"]
    if here.parents[1].name == "src":  # a checkout; in a wheel nothing above the package is ours
        places.append(here.parents[2] / CONFIG)
    for path in places:
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise OutputError("The example configuration is missing from this installation.", "Install FeedHub again.")


def _write_new(path: Path, text: str, written: list[Path]) -> None:
    """Write a file that must not exist; when that fails, take back what was ``written`` before."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            written.append(path)
            stream.write(text)
    except OSError as error:
        for made in written:
            made.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            raise _taken(path) from error
        raise OutputError(
            f"{path} cannot be written: {error.strerror}.", "Choose another folder: `feedhub init FOLDER`."
        ) from error


def _taken(path: Path) -> OutputError:
    return OutputError(
        f"{path} is there already; nothing was written.", "Keep it, move it away, or choose another folder."
    )
