"""The text of ``docs/configuration.md``: manual.md with what the program really says, and a table of every key.

In ``manual.md`` a line ``%output%`` stands for the errors of the YAML before it, ``%plan%`` for what changes from the
YAML before the last to the last. Reads manual.md, writes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic.fields import FieldInfo

from feedhub.config.loader import load_text
from feedhub.config.nodes import Plain
from feedhub.config.planning import plan
from feedhub.config.schema import defaults_of
from feedhub.config.sections import keys_of, places_of
from feedhub.config.snapshot import snapshot_of
from feedhub.errors import ConfigError
from feedhub.settings import Section, Settings

MANUAL = Path(__file__).with_name("manual.md")
FILE = Path("config.yaml")

_BLOCK = re.compile(r"```yaml\n(.*?)```\n", re.DOTALL)
_MARK = re.compile(r"^%(output|plan)%$", re.MULTILINE)
_WORDS = (
    (r"^[Hh]", "address"),
    (r"^[A-Za-z]{2,3}", "language"),
    (r"^[a-z0-9]+", "slug"),
)


def reference() -> str:
    """The whole page, as Markdown."""
    return "\n".join([_manual(), *_tables()])


# ---------------------------------------------------------------- the manual


def _manual() -> str:
    text = MANUAL.read_text(encoding="utf-8")
    return _MARK.sub(lambda mark: _said(mark[1], _BLOCK.findall(text[: mark.start()])), text)


def _said(what: str, blocks: list[str]) -> str:
    lines = errors_of(blocks[-1]) if what == "output" else _plan(blocks[-2], blocks[-1])
    return "\n".join(["```text", *lines, "```"])


def errors_of(text: str) -> list[str]:
    """What FeedHub says of a file with mistakes, a line each; nothing when there are none."""
    try:
        load_text(text, FILE, {})
    except ConfigError as error:
        return str(error).splitlines()
    return []


def _plan(before: str, after: str) -> list[str]:
    old, new = (snapshot_of(load_text(text, FILE, {})) for text in (before, after))
    return plan(old, new).render()


# ---------------------------------------------------------------- the tables


def _tables() -> Iterator[str]:
    places: dict[type[Section], list[str]] = {}
    for path, section in places_of():
        places.setdefault(section, []).append(path)
    for section, paths in places.items():
        yield from _table(section, paths)


def _table(section: type[Section], paths: list[str]) -> Iterator[str]:
    yield f"### {title_of(section)}\n"
    if section is not Settings:
        yield f"At {', '.join(f'`{path}`' for path in paths)}.{_described(section)}\n"
    yield "| key | value | default | meaning |\n|---|---|---|---|"
    made: dict[str, Plain] = section.model_json_schema()
    for key, info in keys_of(section).items():
        kind = _kind(key, _dict(_dict(made["properties"])[key]), _dict(made.get("$defs")))
        cells = (f"`{key}`", kind, _default(section, key, info), info.description or "")
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def title_of(section: type[Section]) -> str:
    """A heading, and with it the anchor of the section's table."""
    return "Top level" if section is Settings else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", section.__name__).capitalize()


def _described(section: type[Section]) -> str:
    text = " ".join((section.__doc__ or "").split())
    return f" {text}" if text else ""


def _default(section: type[Section], key: str, info: FieldInfo) -> str:
    if info.is_required():
        return "made from the name or address" if key == "slug" else "must be given"
    default = defaults_of(section).get(key)
    if default is not None:
        return f"`{default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)}`"
    return "see there" if isinstance(info.default, Section) else "–"


# ---------------------------------------------------------------- kinds of values in words


def _kind(key: str, raw: dict[str, Plain], names: dict[str, Plain]) -> str:
    if "$ref" in raw:
        return _named(str(raw["$ref"]).rpartition("/")[2], names)
    if "anyOf" in raw:
        return _alternatives(key, raw, names)
    match raw.get("type"):
        case "array":
            return f"list of: {_kind(key, _dict(raw['items']), names)}"
        case "object":
            return f"names, each with: {_kind(key, _values(raw), names)}"
        case "boolean":
            return "`true` or `false`"
        case "integer" | "number" as kind:
            return _number("whole number" if kind == "integer" else "number", raw)
    return _text(key, raw)


def _alternatives(key: str, raw: dict[str, Plain], names: dict[str, Plain]) -> str:
    parts = [_dict(part) for part in _list(raw["anyOf"])]
    pattern = next((str(part["pattern"]) for part in parts if str(part.get("pattern", "")).startswith(r"^\d")), "")
    if pattern:
        return "size" if "MB" in pattern else "duration"
    kinds = (_kind(key, part, names) for part in parts if part.get("type") != "null" and part.get("const") != "")
    return " or ".join(dict.fromkeys(kinds))


def _named(name: str, names: dict[str, Plain]) -> str:
    """A section, with a link to its table; or the words of an enumeration."""
    words = _list(_dict(names.get(name)).get("enum"))
    if words:
        return ", ".join(f"`{word}`" for word in words)
    title = next(title_of(section) for _, section in places_of() if section.__name__ == name)
    return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"


def _number(kind: str, raw: dict[str, Plain]) -> str:
    least, most = raw.get("minimum"), raw.get("maximum")
    if most is not None:
        return f"{kind}, {least} to {most}"
    return f"{kind}, at least {least}" if least is not None else kind


def _text(key: str, raw: dict[str, Plain]) -> str:
    if raw.get("format") == "password":
        return "secret"
    if raw.get("enum"):
        return ", ".join(f"`{word}`" for word in _list(raw["enum"]))
    if key == "timezone":
        return "time zone"
    if key == "allow_networks":
        return "network"
    pattern = str(raw.get("pattern", ""))
    return next((word for start, word in _WORDS if pattern.startswith(start)), "text")


def _values(raw: dict[str, Plain]) -> dict[str, Plain]:
    patterns = [*_dict(raw.get("patternProperties")).values(), raw.get("additionalProperties")]
    return next(_dict(value) for value in patterns if isinstance(value, dict))


def _dict(value: Plain) -> dict[str, Plain]:
    return value if isinstance(value, dict) else {}


def _list(value: Plain) -> list[Plain]:
    return value if isinstance(value, list) else []
