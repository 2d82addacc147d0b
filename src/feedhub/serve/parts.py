"""What the server is given by ``wiring``, and what its routes share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime

from feedhub.model import AccessToken, PushNote, SourceId, SourceState
from feedhub.ports import Catalogue, Clock, Control, Library, Press, Pushes, Vitals
from feedhub.ports.hub import HubDoor, HubNote
from feedhub.search.selection import Searching, SelectionPress
from feedhub.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeParts:
    """``control`` and ``pushes`` are None in a process that only serves; an empty ``control_token`` opens nothing."""

    library: Library
    press: Press
    catalogue: Catalogue
    settings: Settings
    control: Control | None
    vitals: Callable[[], Vitals]
    control_token: str
    version: str
    clock: Clock
    explain: Callable[[SourceState, datetime], str]  # how a source is, in the words that commands use
    pushes: Pushes | None = None
    hub: HubDoor | None = None  # our own
    hub_note: Callable[[], HubNote] = HubNote
    hub_figures: Callable[[], Mapping[str, int]] = dict  # what became of wishes, deliveries and pings
    searching: Searching | None = None  # with ``selections``; without them nothing is searched or narrowed
    selections: SelectionPress | None = None
    push_notes: Callable[[], Mapping[SourceId, PushNote]] = dict
    access: Callable[[bytes], AccessToken | None] = lambda _: (
        None
    )  # by digest; asked each time, so that none outlives its end
    writes: Callable[[], int] | None = None  # how often this process wrote to the database; without it, no short way
    mark: Callable[[], Hashable] = object  # equal to the last one only if no process wrote to the database in between
