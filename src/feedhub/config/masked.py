"""Settings as plain values and as YAML, with every secret masked. Pure but for the YAML writer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from feedhub.config.addresses import without_user
from feedhub.config.inherit import interval_of
from feedhub.config.nodes import Plain
from feedhub.config.ruamel_yaml import dump
from feedhub.config.sections import keys_of
from feedhub.config.words import duration, size
from feedhub.masking import MASK, masked
from feedhub.settings import Auth, Database, Section, Settings

_PASSWORD = re.compile(r"(://[^:/@]*:).*@", re.DOTALL)
"""SQLAlchemy takes all up to an @ as the password, even / and ?; what cannot be told apart is masked too."""
_QUERY = re.compile(r"([?&](?:[^=&#]*(?:pass|secret|token|key)[^=&#]*)=)[^&#]*", re.IGNORECASE)


def show(settings: Settings) -> str:
    """The effective configuration as YAML: every default filled in, every secret masked."""
    sources = tuple(one.model_copy(update={"interval": interval_of(one, settings)}) for one in settings.sources)
    return dump(plain_of(settings.model_copy(update={"sources": sources})))


def plain_of(section: Section, *, defaults: bool = True) -> Plain:
    """A section as it could stand in the file. Keys without a value are left out; so are defaults if asked."""
    plain: dict[str, Plain] = {}
    for key, info in keys_of(type(section)).items():
        name = "where" if key == "in" else key
        if defaults or name in section.model_fields_set:
            value = _plain(getattr(section, name), section, name, info)
            if value not in (None, "", [], {}):
                plain[key] = value
    return plain


def masked_url(url: str) -> str:
    """A database's address without its password."""
    return _QUERY.sub(rf"\1{MASK}", _PASSWORD.sub(rf"\1{MASK}@", url))


def _plain(value: Any, owner: Section, name: str, info: FieldInfo) -> Plain:
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        if isinstance(owner, Database):
            return masked_url(secret)
        return MASK if secret else ""
    if isinstance(owner, Auth):
        return MASK if value else ""
    if isinstance(value, int) and not isinstance(value, bool) and is_size(info):
        return size(value)
    if isinstance(value, str) and name == "url":
        return masked(without_user(value))
    return _nested(value, owner, name, info)


def _nested(value: Any, owner: Section, name: str, info: FieldInfo) -> Plain:
    if isinstance(value, Section):
        return plain_of(value)
    if isinstance(value, Mapping):
        return {key: _plain(child, owner, name, info) for key, child in value.items()}
    if isinstance(value, tuple):
        return [_plain(child, owner, name, info) for child in value]
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def is_size(info: FieldInfo) -> bool:
    """Whether a field is a number of bytes."""
    return info.annotation is int and any(type(mark).__name__ == "BeforeValidator" for mark in info.metadata)
