"""From the text of ``config.yaml`` to :class:`Settings`, or to every problem at once. Reads files, writes none."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from pathlib import Path

from feedhub.config.checks import check
from feedhub.config.inherit import inherited
from feedhub.config.nodes import Place
from feedhub.config.ruamel_yaml import read
from feedhub.config.secrets_file import resolve
from feedhub.config.shape import shape
from feedhub.config.validate import validate
from feedhub.errors import ConfigError, ConfigProblem
from feedhub.settings import Settings

MAX_BYTES = 50_000_000
"""A configuration larger than this is some other file."""


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings a file holds.

    :raises ConfigError: with all problems, in the order of the file.
    """
    return load_text(read_text(path), path, environ)


def read_text(path: Path) -> str:
    """The file's text.

    :raises ConfigError: it is missing, unreadable, far too large or not UTF-8.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _refused(path, "there is no such file; `feedhub init` writes one") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
        raise _refused(path, f"the file cannot be read: {reason}") from error
    if len(data) > MAX_BYTES:
        raise _refused(path, f"the file is larger than {MAX_BYTES // 1_000_000} MB: not a configuration")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise _refused(path, "not UTF-8; save the file as UTF-8", Place(line, column)) from error


def starts_with_mark(path: Path) -> bool:
    """Whether the file starts with a byte order mark, as some editors write it."""
    with path.open("rb") as stream:
        return stream.read(3) == codecs.BOM_UTF8


def has_form(text: str) -> bool:
    """Whether a text is YAML at all, whatever it says."""
    return not read(text)[1]


def load_text(text: str, file: Path, environ: Mapping[str, str]) -> Settings:
    """The settings a text holds; ``file`` is where it came from, for messages and relative paths.

    :raises ConfigError: with all problems, in the order of the file.
    """
    settings = _checked(text, file, environ)
    return inherited(settings)  # what was read of the file is let go before: thousands of sources are made anew here


def _checked(text: str, file: Path, environ: Mapping[str, str]) -> Settings:
    tree, problems = read(text)
    if tree is None or tree.value is None:
        _raise_if(file, problems)
        return Settings(file=file)
    if not tree.is_map:
        _raise_if(
            file, [*problems, tree.problem("a configuration is a mapping such as `sources:` with a list below it")]
        )
    shaped, more = shape(tree)
    secrets = resolve(shaped, file.parent, environ)
    validated = validate(secrets.tree, file)
    problems += [*more, *secrets.problems, *validated.problems]
    settings = validated.settings
    if settings:
        problems += check(settings, validated.tree, shaped)
    _raise_if(file, problems)
    if settings is None:
        raise _refused(file, "the file cannot be understood")
    return settings.model_copy(update={"plain_secrets": tuple(secrets.plain)})


def _raise_if(file: Path, problems: Iterable[ConfigProblem]) -> None:
    unique = dict.fromkeys(problems)
    if unique:
        raise ConfigError(str(file), sorted(unique, key=lambda problem: (problem.line or 1 << 30, problem.column)))


def _refused(file: Path, message: str, place: Place = Place(0, 0)) -> ConfigError:
    return ConfigError(str(file), [ConfigProblem(path="", message=message, line=place.line, column=place.column)])
