"""Outcomes and source states as JSON: what ``/control/poll`` streams, ``/status.json`` shows and a command reads back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime

from feedhub.model import Outcome, PushNote, SourceId, SourceState
from feedhub.ports.hub import HubNote
from feedhub.serve.words import host_of

JsonValue = str | int | float | bool | None

_OUTCOME_FIELDS = tuple(field.name for field in fields(Outcome))
_MOMENTS = frozenset({"at", "next_poll_at"})


def moment_text(when: datetime | None) -> str | None:
    """RFC 3339 in UTC, or null."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if when else None


def outcome_to_json(outcome: Outcome) -> dict[str, JsonValue]:
    """Every field of an outcome under its own name."""
    values: dict[str, JsonValue] = {}
    for name in _OUTCOME_FIELDS:
        value = getattr(outcome, name)
        values[name] = moment_text(value) if name in _MOMENTS else value
    return values


def outcome_from_json(values: Mapping[str, object]) -> Outcome:
    """The inverse of :func:`outcome_to_json`. Fields of a newer daemon are passed over.

    :raises ValueError: when a field is missing or of the wrong type.
    """
    known = {name: values[name] for name in _OUTCOME_FIELDS if name in values}
    for name in _MOMENTS & known.keys():
        known[name] = datetime.fromisoformat(str(known[name])) if known[name] else None
    try:
        return Outcome(**{**known, "source": SourceId(int(str(known["source"])))})  # type: ignore[arg-type]  # from JSON
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an outcome: {error}") from error


def state_to_json(state: SourceState, explanation: str) -> dict[str, JsonValue]:
    """What may be shown of a source: its URL may hold a key, so that only the host is told."""
    gap = state.gap
    return {
        "slug": state.slug,
        "host": host_of(state.url),
        "health": state.health.value,
        "explanation": explanation,
        "enabled": state.enabled,
        "failures": state.failures,
        "failure": state.last_failure.value if state.last_failure else None,
        "detail": state.last_detail,
        "status": state.last_status,
        "last_poll_at": moment_text(state.last_poll_at),
        "last_success_at": moment_text(state.last_success_at),
        "last_change_at": moment_text(state.last_change_at),
        "failing_since": moment_text(state.failing_since),
        "next_poll_at": moment_text(state.next_poll_at),
        "moved": state.url != state.configured_url or state.move_target is not None,
        "missed_after": moment_text(gap.after) if gap and gap.is_open else None,
        "missed_before": moment_text(gap.before) if gap and gap.is_open else None,
        "entries_a_day": round(state.rate, 3),
    }


def labelling_to_json(vitals: Mapping[str, object]) -> dict[str, JsonValue] | None:
    """How far stored entries are labelled anew; null when they are not."""
    done, total = vitals.get("relabelled"), vitals.get("to_relabel")
    if not vitals.get("relabelling") or not isinstance(done, int) or not isinstance(total, int):
        return None
    return {"done": done, "of": total}


def hub_to_json(note: HubNote) -> dict[str, JsonValue]:
    """How our own hub stands; no address of a subscriber."""
    census = note.census
    return {
        "explanation": note.words,
        "subscriptions": census.subscriptions,
        "domains": census.hosts,
        "failing": census.failing,
    }


def note_to_json(note: PushNote | None) -> dict[str, JsonValue] | None:
    """How a source's hub stands with us; null when it names none."""
    if note is None:
        return None
    return {
        "explanation": note.words,
        "standing": note.standing,
        "hub": note.hub,
        "lease_until": moment_text(note.lease_until),
        "last_push_at": moment_text(note.last_push_at),
        "pushes": note.pushes,
        "ignored": note.ignored,
    }
