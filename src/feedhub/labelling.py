"""By which rules stored entries are labelled: what is remembered of it, and what rules are in force."""

from __future__ import annotations

import json
from dataclasses import dataclass

from feedhub.config.snapshot import rules_digest_of
from feedhub.model import EntryId
from feedhub.settings import Settings

RULES = "rules"
"""Name under which the :class:`Standing` is remembered; "" where everything is to be labelled anew."""

LABELLING = 2
"""Grows whenever the same rules put the same entry elsewhere than before: stored entries are then labelled anew."""

BEGINNING = EntryId(0)
"""Before every entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """By which rules stored entries are labelled: all of them, or those up to ``after``."""

    rules: str  # digest
    complete: bool = True
    after: EntryId = BEGINNING
    done: int = 0
    total: int = 0

    def dumps(self) -> str:
        return self.rules if self.complete else json.dumps([self.rules, self.after, self.done, self.total])

    @classmethod
    def loads(cls, text: str | None) -> Standing:
        """What is remembered; nothing is labelled by any rules where that cannot be read."""
        try:
            rules, after, done, total = json.loads(text or "")
            return cls(rules=str(rules), complete=False, after=EntryId(int(after)), done=int(done), total=int(total))
        except (ValueError, TypeError):
            return cls(rules=text or "", complete=bool(text))

    def agrees(self, rules: str) -> bool:
        """Whether all entries are labelled by these rules."""
        return self.complete and self.rules == rules


def rules_digest(settings: Settings) -> str:
    """Changes when stored entries must be labelled anew: with the rules, and with what they mean to this program."""
    return f"{LABELLING}-{rules_digest_of(settings)}"
