"""Feeds that show every copy of a story (``stories.every_copy``): a mark on each, and the rule for feeds still to come."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from feedhub.store.prepared import Prepared
from feedhub.store.statements import put_over
from feedhub.store.tables import feeds, memory

RULE = "feeds that show every copy"
"""Name under which the rule is remembered."""


def copies_rule(connection: Connection) -> frozenset[str]:
    """Kinds and paths, as the configuration in force has them."""
    told = _TOLD.rows(connection, RULE)
    return frozenset(json.loads(told[0][0])) if told else frozenset()


_TOLD = Prepared(select(memory.c.value).where(memory.c.name == bindparam("name")), "name")


def shows_every_copy(rule: Collection[str], feed: Mapping[str, Any]) -> bool:
    return feed["kind"] in rule or f"{feed['kind']}/{feed['slug']}" in rule


def set_copies_rule(connection: Connection, rule: Collection[str]) -> None:
    """Remember the rule and mark the feeds; their lists follow as entries are labelled anew."""
    put_over(connection, memory, [{"name": RULE, "value": json.dumps(sorted(rule))}])
    paths = [path.partition("/") for path in rule if "/" in path]
    of_path = [and_(feeds.c.kind == kind, feeds.c.slug == slug) for kind, _, slug in paths]
    wanted = or_(feeds.c.kind.in_([word for word in rule if "/" not in word]), *of_path)
    connection.execute(update(feeds).where(wanted, ~feeds.c.every_copy).values(every_copy=True))
    connection.execute(update(feeds).where(~wanted, feeds.c.every_copy).values(every_copy=False))
