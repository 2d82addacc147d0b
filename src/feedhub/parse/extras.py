"""The elements of :mod:`feedhub.extras`, heard: two methods for each, under the names that feedparser calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feedhub.extras import KINDS

if TYPE_CHECKING:

    class _Parser:
        def push(self, element: str, expecting_text: int) -> None: ...
        def pop(self, element: str) -> str | None: ...
        def _get_context(self) -> dict[str, Any]: ...

else:
    _Parser = object

MOST = 50
"""Elements kept of one entry."""


class Extras(_Parser):
    """Adds what it hears to ``extras`` of the entry or channel, in the order of the document."""

    def _start_extra(self, name: str, attrs: dict[str, Any]) -> None:
        told = self._get_context().setdefault("extras", [])
        told.append({"name": name, "attributes": dict(attrs), "text": ""})
        self.push(f"extra {name}", 0)

    def _end_extra(self, name: str) -> None:
        text = self.pop(f"extra {name}") or ""
        told = self._get_context().get("extras", [])
        heard = next((one for one in reversed(told) if one["name"] == name), None)
        if heard is not None:
            heard["text"] = text
        del told[MOST:]

    def _start_geo_lat(self, _attrs: dict[str, Any]) -> None:
        self.push("geo_lat", 0)

    def _end_geo_lat(self) -> None:
        self._get_context()["geo_lat"] = self.pop("geo_lat") or ""

    def _start_geo_long(self, _attrs: dict[str, Any]) -> None:
        self.push("geo_long", 0)

    def _end_geo_long(self) -> None:
        self._get_context()["geo_long"] = self.pop("geo_long") or ""


def _add(name: str) -> None:
    prefix, _, local = name.partition(":")

    def start(self: Extras, attrs: dict[str, Any]) -> None:
        self._start_extra(name, attrs)

    def end(self: Extras) -> None:
        self._end_extra(name)

    for known_as in {prefix, prefix.lower()}:  # the tolerant parser finds prefixes as feedparser spells them
        setattr(Extras, f"_start_{known_as}_{local.lower()}", start)
        setattr(Extras, f"_end_{known_as}_{local.lower()}", end)


for _name in KINDS:
    _add(_name)
