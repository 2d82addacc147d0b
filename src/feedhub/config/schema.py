"""The JSON Schema of ``config.yaml``, for editors: completion, hover texts and red lines while one types. Pure.

Made from the types of :mod:`feedhub.settings`, with every short form that :mod:`feedhub.config.shape` writes out. What
a schema cannot know (a topic that is not defined, a secret that is missing) only ``feedhub check`` tells. Where the
loader is lenient (a number in quotes) the schema asks for the plain form.
"""

from __future__ import annotations

from collections.abc import Mapping

from feedhub.config.masked import plain_of
from feedhub.config.nodes import Plain
from feedhub.config.sections import INTERNAL, places_of
from feedhub.settings import Pick, Section, Settings, Source

DRAFT = "https://json-schema.org/draft/2020-12/schema"
ID = "urn:uuid:5b8a1e8e-6d0c-4f57-9c1e-2d1f6f3f7a10"

Schema = dict[str, Plain]

_KEPT = ("type", "const", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "maxLength")
_SLUG = "^[a-z0-9]+(-[a-z0-9]+)*$"
_TEXT: Schema = {"type": ["string", "number", "boolean"]}
"""``name: 2024`` is the text 2024."""
_SWITCH: Schema = {"type": ["boolean", "string"], "pattern": "^(yes|no|on|off)$"}
_FROM_FILE: Schema = {
    "type": "object",
    "description": "A secret that stands in a file of its own, relative to this one.",
    "properties": {"file": _TEXT},
    "required": ["file"],
    "additionalProperties": False,
}
_SECRET: Schema = {"anyOf": [_TEXT, _FROM_FILE]}
_NOTHING: Schema = {"type": "null"}
_PORTS: Schema = {
    "type": ["integer", "string"],
    "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$",
    "minimum": 1,
    "maximum": 65535,
}
_NETWORK: Schema = {"type": "string", "pattern": "^[0-9A-Fa-f:]+[0-9A-Fa-f:.]*(/[0-9.]+)?$"}
_SPECIAL: dict[str, Schema] = {
    "timezone": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$"},
    "ports": {"anyOf": [{"type": "array", "items": _PORTS}, _PORTS]},
    "allow_networks": {"anyOf": [{"type": "array", "items": _NETWORK}, _NETWORK]},
}
"""Keys whose values are checked by the program only, as far as a schema can."""


def json_schema() -> dict[str, object]:
    """JSON Schema, draft 2020-12. A new value with each call."""
    made: Schema = Settings.model_json_schema()
    definitions = {name: _definition(name, _schema(raw)) for name, raw in _schema(made["$defs"]).items()}
    root = _definition("Settings", made)
    return {
        "$schema": DRAFT,
        "$id": ID,
        "title": "FeedHub configuration",
        **root,
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }


def _schema(value: Plain) -> Schema:
    return value if isinstance(value, dict) else {}


def _list(value: Plain) -> list[Plain]:
    return value if isinstance(value, list) else []


# ---------------------------------------------------------------- sections and their keys


def _definition(name: str, raw: Schema) -> Schema:
    """A section with its keys; an enumeration as it is."""
    if "enum" in raw:
        return {key: raw[key] for key in ("description", "enum") if key in raw} | {"type": "string"}
    section = _section(name)
    defaults = defaults_of(section) if section else {}
    properties = {
        key: _property(name, key, _schema(value)) | ({"default": defaults[key]} if key in defaults else {})
        for key, value in _schema(raw["properties"]).items()
        if key not in INTERNAL
    }
    made: Schema = {"type": "object", "properties": {**properties}, "additionalProperties": False}
    if name == "Source":
        made["required"] = ["url"]
    if name == "Pick":
        made["required"] = ["get"]
    if name == "Rule":
        made["minProperties"] = 1
    return {"description": raw["description"], **made} if "description" in raw else made


def _property(section: str, key: str, raw: Schema) -> Schema:
    """The value of a key. No value at all counts as not written."""
    described: Schema = {"description": raw["description"]} if "description" in raw else {}
    if (section, key) == ("Source", "url"):
        return described | _value(raw)
    if (section, key) == ("Settings", "sources"):
        return described | _or_nothing({"type": "array", "items": _value(_schema(raw["items"]))})
    if (section, key) == ("Pick", "get"):
        return described | _one_or_more(_TEXT)
    special = dict(_SECRET) if section == "Auth" else _SPECIAL.get(key)
    return described | _or_nothing(special or _value(raw))


def _or_nothing(value: Schema) -> Schema:
    if "anyOf" in value:
        return {**value, "anyOf": [*_list(value["anyOf"]), _NOTHING]}
    if "type" in value and "enum" not in value and "const" not in value:
        kinds = value["type"] if isinstance(value["type"], list) else [value["type"]]
        return {**value, "type": [*kinds, "null"]}
    return {"anyOf": [value, _NOTHING]}


# ---------------------------------------------------------------- values and their short forms


def _value(raw: Schema) -> Schema:
    if "$ref" in raw:
        return _reference({"$ref": raw["$ref"]})
    if "anyOf" in raw:
        return _any_of([_value(_schema(part)) for part in _list(raw["anyOf"]) if part != _NOTHING])
    kind = raw.get("type")
    if kind == "array":
        return _one_or_more(_value(_schema(raw["items"])))
    if kind == "object":
        return {"type": "object", "additionalProperties": _named(raw)}
    if raw.get("format") == "password":
        return dict(_SECRET)
    if kind == "boolean":
        return dict(_SWITCH)
    if kind == "string" and not raw.keys() & {"pattern", "const", "enum"}:
        return dict(_TEXT)
    if kind == "string" and raw.get("pattern") == _SLUG:
        return {"type": ["string", "integer"], "pattern": _SLUG, "minimum": 0, "maxLength": raw["maxLength"]}
    return {key: raw[key] for key in _KEPT if key in raw}


def _named(raw: Schema) -> Schema:
    """The values of a mapping whose keys are names; any text is a name, and becomes a slug."""
    patterns = [*_schema(raw.get("patternProperties", {})).values(), raw.get("additionalProperties")]
    return _or_nothing(_value(next(_schema(value) for value in patterns if isinstance(value, dict))))


def _reference(section: Schema) -> Schema:
    """A section, or the short form of one."""
    match section["$ref"]:
        case "#/$defs/Interval":
            return {"anyOf": [_duration(), section]}
        case "#/$defs/Source":
            return {"anyOf": [_address(), section]}
        case "#/$defs/Rule":
            return {"anyOf": [_TEXT, section]}
        case "#/$defs/Topic":
            rules: Schema = {"type": "array", "items": _reference({"$ref": "#/$defs/Rule"})}
            return {"anyOf": [section, rules, _TEXT]}
        case "#/$defs/Pick":
            return {"anyOf": [_TEXT, section]}
        case "#/$defs/ArticlePages":
            return {"anyOf": [section, {"type": "boolean"}]}
        case "#/$defs/Person":
            return {"anyOf": [section, {"type": "array", "items": _TEXT}, _TEXT]}
    return section


def _one_or_more(item: Schema) -> Schema:
    return _any_of([{"type": "array", "items": item}, item])


def _any_of(parts: list[Schema]) -> Schema:
    """One of several; alternatives within alternatives are laid side by side."""
    flat: list[Plain] = []
    for part in parts:
        inner = _list(part["anyOf"]) if set(part) == {"anyOf"} else [part]
        flat.extend(value for value in inner if value not in flat)
    return {"anyOf": flat} if len(flat) > 1 else _schema(flat[0])


def _duration() -> Schema:
    return _value(_schema(_keys_of("Interval")["min"]))


def _address() -> Schema:
    return _value(_schema(_keys_of("Source")["url"]))


def _keys_of(section: str) -> Schema:
    made: Schema = Settings.model_json_schema()
    return _schema(_schema(_schema(made["$defs"])[section])["properties"])


# ---------------------------------------------------------------- defaults


_REQUIRED: Mapping[type[Section], Mapping[str, str]] = {
    Source: {"url": "http://example.org/", "slug": "example"},
    Pick: {"get": "a"},
}
"""Keys without a default, with values that will do."""


def defaults_of(section: type[Section]) -> Mapping[str, Plain]:
    """The defaults of a section as one would write them; empty ones are left out, sections within it say their own."""
    required = _REQUIRED.get(section, {})
    plain = plain_of(section.model_validate(required))
    items = plain.items() if isinstance(plain, dict) else ()
    return {key: value for key, value in items if not isinstance(value, dict) and key not in required}


def _section(name: str) -> type[Section] | None:
    return next((section for _, section in places_of() if section.__name__ == name), None)
