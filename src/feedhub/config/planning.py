"""What a changed configuration would do, told before it happens. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from feedhub.config.snapshot import Snapshot, Thing
from feedhub.settings import Settings


class Verb(StrEnum):
    ADDED = "added"
    RENAMED = "renamed"
    MOVED = "moved"  # a source has another address
    CHANGED = "changed"
    REMOVED = "removed"


_MARKS = {Verb.ADDED: "+", Verb.RENAMED: ">", Verb.MOVED: ">", Verb.CHANGED: "~", Verb.REMOVED: "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that would change. ``what``: source, topic, person, feeds, address or setting."""

    verb: Verb
    what: str
    name: str
    detail: str = ""
    hint: str = ""

    def render(self) -> str:
        line = f"{_MARKS[self.verb]} {self.what} {self.name}: {self.verb}"
        line += f" ({self.detail})" if self.detail else ""
        return f"{line}. {self.hint}" if self.hint else line


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All changes: first what the file says, then what becomes of public addresses."""

    changes: tuple[Change, ...] = ()
    addresses: tuple[Change, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.changes or self.addresses)

    def render(self) -> list[str]:
        return [change.render() for change in (*self.changes, *self.addresses)]

    def as_json(self) -> dict[str, list[dict[str, str]]]:
        return {
            "changes": [asdict(change) for change in self.changes],
            "addresses": [asdict(change) for change in self.addresses],
        }


def plan(before: Snapshot | None, after: Snapshot) -> Plan:
    """What changes from one snapshot to the next. ``before`` is None when nothing was ever applied."""
    if before is None:
        first = (
            *_all_new("source", after.sources),
            *_all_new("topic", after.topics),
            *_all_new("person", after.people),
        )
        return Plan(changes=first)
    changes = [
        *_compare("source", before.sources, after.sources),
        *_compare("topic", before.topics, after.topics),
        *_compare("person", before.people, after.people),
        *_settings(before, after),
    ]
    return Plan(changes=tuple(changes), addresses=tuple(_addresses(before, after)))


def _all_new(what: str, things: Mapping[str, Thing]) -> Iterator[Change]:
    for name, thing in things.items():
        yield Change(verb=Verb.ADDED, what=what, name=name, detail=thing.same if what == "source" else "")


# ---------------------------------------------------------------- sources, topics, people


def _compare(what: str, before: Mapping[str, Thing], after: Mapping[str, Thing]) -> Iterator[Change]:
    renamed = _renamed(before, after)
    added = [name for name in after if name not in before and name not in renamed]
    removed = [name for name in before if name not in after and name not in renamed.values()]
    for name in added:
        detail = after[name].same if what == "source" else ""
        yield Change(verb=Verb.ADDED, what=what, name=name, detail=detail)
    for new, old in renamed.items():
        yield Change(verb=Verb.RENAMED, what=what, name=old, detail=f"now {new}")
    for name, thing in after.items():
        earlier = before.get(renamed.get(name, name))
        if earlier is not None:
            yield from _differences(what, name, earlier, thing)
    for name in removed:
        yield _removal(what, name, before[name], {new: after[new] for new in added})


def _renamed(before: Mapping[str, Thing], after: Mapping[str, Thing]) -> dict[str, str]:
    """New name to old name, as ``formerly`` says it."""
    renamed: dict[str, str] = {}
    for name, thing in after.items():
        old = next((old for old in thing.formerly if old in before and old not in after), None)
        if old is not None and name not in before:
            renamed[name] = old
    return renamed


def _differences(what: str, name: str, before: Thing, after: Thing) -> Iterator[Change]:
    if what == "source" and before.same != after.same:
        yield Change(verb=Verb.MOVED, what=what, name=name, detail=f"{before.same} -> {after.same}")
    keys = [key for key in (*before.facts, *after.facts) if before.facts.get(key, "") != after.facts.get(key, "")]
    words = ["name" if what != "topic" else "title"] if before.title != after.title else []
    words += list(dict.fromkeys(keys))
    if words:
        hint = "Stored entries are labelled again" if what != "source" else ""
        yield Change(verb=Verb.CHANGED, what=what, name=name, detail=", ".join(words), hint=hint)


def _removal(what: str, name: str, gone: Thing, added: Mapping[str, Thing]) -> Change:
    twin = next((new for new, thing in added.items() if gone.same and thing.same == gone.same), None)
    detail = "its entries are kept" if what == "source" else ""
    hint = f"If {twin} is its new name, add `formerly: [{name}]` to {twin}" if twin else ""
    return Change(verb=Verb.REMOVED, what=what, name=name, detail=detail, hint=hint)


# ---------------------------------------------------------------- settings and addresses


def _settings(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    for path in dict.fromkeys((*before.other, *after.other)):
        old, new = before.other.get(path, "nothing"), after.other.get(path, "nothing")
        if old != new:
            yield Change(verb=Verb.CHANGED, what="setting", name=path, detail=f"{old} -> {new}")
    for what, old_names, new_names in (
        ("kind", before.kinds, after.kinds),
        ("format", before.formats, after.formats),
        ("private feed", before.private, after.private),
    ):
        yield from (Change(verb=Verb.ADDED, what=what, name=name) for name in new_names if name not in old_names)
        yield from (Change(verb=Verb.REMOVED, what=what, name=name) for name in old_names if name not in new_names)


def _addresses(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    """What a subscriber would notice."""
    if before.base_url != after.base_url:
        yield Change(
            verb=Verb.MOVED,
            what="address",
            name="of every feed",
            detail=f"{before.base_url} -> {after.base_url}",
            hint="Let the old address redirect",
        )
    yield from _named(before, after)
    for slug, person in after.people.items():
        hidden, was = person.facts.get("hide") == "true", slug in before.people
        if hidden and not (was and before.people[slug].facts.get("hide") == "true"):
            yield _address(Verb.REMOVED, f"/authors/{slug}.*", "no feed and no page any more")
    kinds = [["/all.*" if kind == "all" else f"/{kind}/*" for kind in snapshot.kinds] for snapshot in (before, after)]
    formats = [[f"/*.{ending}" for ending in snapshot.formats] for snapshot in (before, after)]
    for old, new in (kinds, formats):
        yield from (_address(Verb.ADDED, path, "") for path in new if path not in old)
        yield from (_address(Verb.REMOVED, path, "404 Not Found") for path in old if path not in new)
    for path in after.private:
        if path not in before.private:
            yield _address(Verb.MOVED, f"/{path}.*", f"404 Not Found; now /private/<token>/{path}.*")
    for path in before.private:
        if path not in after.private:
            yield _address(Verb.ADDED, f"/{path}.*", "public now")


def _named(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    """Feeds of single topics and sources, where the kind as a whole neither comes nor goes."""
    kinds = set(before.kinds) & set(after.kinds)
    if "topics" in kinds:
        yield from _paths("topics", before.topics, after.topics, "410 Gone")
    if "sources" in kinds:
        yield from _paths("sources", before.sources, after.sources, "stays, without new entries")


def _paths(kind: str, before: Mapping[str, Thing], after: Mapping[str, Thing], fate: str) -> Iterator[Change]:
    renamed = _renamed(before, after)
    for new, old in renamed.items():
        yield _address(Verb.MOVED, f"/{kind}/{old}.*", f"redirects to /{kind}/{new}.*")
    for name in after:
        if name not in before and name not in renamed:
            yield _address(Verb.ADDED, f"/{kind}/{name}.*", "")
    for name in before:
        if name not in after and name not in renamed.values():
            yield _address(Verb.REMOVED, f"/{kind}/{name}.*", fate)


def _address(verb: Verb, path: str, becomes: str) -> Change:
    return Change(verb=verb, what="address", name=path, detail=becomes)


def needs_restart(old: Settings, new: Settings) -> list[str]:
    """What changed and cannot take effect while the program runs, a sentence each."""
    changed = [
        ("database.url", old.database.url.get_secret_value(), new.database.url.get_secret_value()),
        ("server.host", old.server.host, new.server.host),
        ("server.port", str(old.server.port), str(new.server.port)),
    ]
    return [f"{key} takes effect at the next start." for key, before, after in changed if before != after]
