"""What cleaning needs to know besides the document itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from feedhub.settings import Authors, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleRules:
    """The operator's additions to the built-in lexicons (``authors`` in the configuration)."""

    roles: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()

    @classmethod
    def of(cls, authors: Authors) -> PeopleRules:
        return cls(roles=authors.roles, organisations=authors.organisations, placeholders=authors.placeholders)


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanContext:
    """What is known of a source. ``final_url`` is where the document came from after redirects."""

    final_url: str
    language: str = ""  # BCP 47; of entries and feeds that say none
    timezone: str = "UTC"  # IANA name; of dates that say none
    categories: tuple[str, ...] = ()  # added to every entry
    rights: str = ""  # of entries and feeds that say none
    limits: Limits = field(default_factory=Limits)
    people: PeopleRules = PeopleRules()
