"""A source that was looked at, as an item of ``sources`` that is ready to be pasted. Pure."""

from __future__ import annotations

from feedhub.config.masked import plain_of
from feedhub.config.nodes import Plain
from feedhub.config.ruamel_yaml import dump
from feedhub.masking import masked
from feedhub.model import Understood
from feedhub.settings import RowFields, Source

_OF_PAGES = ("type", "items", "script", "fields", "article", "full_text", "expect")


def source_block(url: str, understood: Understood, known: Source | None) -> str:
    """YAML for this source: what the configuration says of it, or what automatic reading found.

    Rows that were found by their likeness are written out as selectors, so that they can be corrected; half of the entries
    that were found must be found again. Keys in the address are masked.
    """
    block: dict[str, Plain] = {"url": masked(url)}
    if known is not None:
        said = _said(known)
        block |= {key: _short(said[key]) for key in _OF_PAGES if key in said} if isinstance(said, dict) else {}
    elif understood.page is not None and (items := understood.suggested.get("items")):
        names = RowFields.model_fields
        fields: dict[str, Plain] = {
            name: understood.suggested[key] for name in names if (key := f"fields.{name}") in understood.suggested
        }
        block |= {"type": "page", "items": items} | ({"fields": fields} if fields else {})
    elif understood.page is not None and understood.page.kind == "sitemap":
        block["type"] = "sitemap"
    if understood.page is not None and "expect" not in block and understood.listed > 1:
        block["expect"] = {"min_items": max(1, understood.listed // 2)}
    return dump({"sources": [block]})


def _said(source: Source) -> Plain:
    """What the configuration says of a source, without defaults on any level."""
    plain = plain_of(source, defaults=False)
    if isinstance(plain, dict):
        for key in ("fields", "article", "expect"):
            if (section := getattr(source, key)) is not None:
                plain[key] = plain_of(section, defaults=False) or True
        if source.fields is not None:
            plain["fields"] = {
                name: [plain_of(pick, defaults=False) for pick in picks]
                for name in RowFields.model_fields
                if (picks := getattr(source.fields, name))
            }
    return plain


def _short(value: Plain) -> Plain:
    """The short form of fields: a text in place of ``[{get: text}]``."""
    if isinstance(value, dict):
        return str(value["get"]) if set(value) == {"get"} else {key: _short(child) for key, child in value.items()}
    if isinstance(value, list):
        short = [_short(child) for child in value]
        return short[0] if len(short) == 1 and isinstance(value[0], dict) else short
    return value
