"""Bylines -> people, their roles and organisations.

Rules with lexicons, in this order: tidy the text and take addresses out (:mod:`.written`), part it into tokens
(:mod:`.split`), say of each token what it is (:mod:`.tokens`), put people, roles and organisations together here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from feedhub.clean.context import PeopleRules
from feedhub.clean.people.lookup import Lexicon, lexicon_of
from feedhub.clean.people.simple import is_a_name
from feedhub.clean.people.split import Segment, segments
from feedhub.clean.people.tokens import Kind, Token, read_tokens
from feedhub.clean.people.written import MAX_BYLINE, inverted, plain
from feedhub.clean.urls import web_link
from feedhub.model import Byline, RawPerson
from feedhub.names import author_key

__all__ = ["PeopleRules", "author_key", "read_byline", "read_bylines"]

_INVERTING = frozenset({"citation_author", "marc", "bibtex", "mods", "onix", "citation"})
"""Vocabularies that write ``Doe, Jane``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """What one byline says. ``roles`` and ``organisations`` are those that belong to nobody named."""

    bylines: tuple[Byline, ...] = ()
    roles: tuple[str, ...] = ()


def read_bylines(persons: Iterable[RawPerson], rules: PeopleRules = PeopleRules()) -> tuple[Byline, ...]:
    """Everyone credited, each once, in the order of the source; organisations are marked as such.

    A mail address is never in what comes out; placeholders (``admin``, ``undefined``) are nobody.
    """
    if not persons:
        return ()
    lexicon = lexicon_of(rules)
    found: dict[str, Byline] = {}
    for person in persons:
        said = _remembered(person.name[:MAX_BYLINE], person.context, lexicon)
        alone = len(said.bylines) == 1
        for byline in said.bylines:
            if alone and (person.uri or person.role):
                role = byline.role or plain(person.role)
                byline = replace(byline, uri=web_link(person.uri), role=role)
            known = found.get(byline.key)
            found[byline.key] = _joined(known, byline) if known else byline
    return tuple(found.values())


@lru_cache(maxsize=1024)
def _remembered(name: str, context: str, lexicon: Lexicon) -> Credits:
    """A feed says the same few names again and again."""
    if is_a_name(name, lexicon):
        return Credits(bylines=(Byline(key=author_key(name), name=name),))
    return read_byline(name, context, lexicon)


def _joined(one: Byline, other: Byline) -> Byline:
    """The same person credited twice: what either credit says."""
    return replace(
        one,
        role=one.role or other.role,
        organisation=one.organisation or other.organisation,
        uri=one.uri or other.uri,
    )


def read_byline(name: str, context: str = "byline", lexicon: Lexicon | None = None) -> Credits:
    """What one raw byline says; see the list of rules in the modules named above."""
    lexicon = lexicon or lexicon_of(PeopleRules())
    text = plain(name)
    if context in _INVERTING:
        text = inverted(text)
    if not text or lexicon.is_placeholder(text):
        return Credits()
    bylines: list[Byline] = []
    roles: list[str] = []
    for segment in segments(text, lexicon):
        _credit(segment, read_tokens(segment.text, lexicon), bylines, roles)
    return Credits(bylines=tuple(bylines), roles=tuple(roles))


def _credit(segment: Segment, tokens: list[Token], bylines: list[Byline], roles: list[str]) -> None:
    """Add what a segment says. A role belongs to the person before it, an organisation to all without one."""
    waiting = segment.role
    for token in tokens:
        if token.kind is Kind.PERSON:
            bylines.append(_person(token, segment.role or waiting))
            waiting = segment.role
        elif token.kind is Kind.ROLE:
            if not _give_role(bylines, token.text):
                waiting = token.text
        elif not _give_organisation(bylines, token.text):
            bylines.append(Byline(key=author_key(token.text), name=token.text, is_organisation=True))
    organisations = [byline for byline in bylines if byline.is_organisation]
    people = [byline for byline in bylines if not byline.is_organisation]
    if people and len(organisations) == 1:  # "Reuters - Jane Doe": named first, still where she works
        bylines[:] = [replace(one, organisation=one.organisation or organisations[0].name) for one in people]
    if waiting and not people:
        roles.append(waiting)


def _person(token: Token, role: str) -> Byline:
    return Byline(key=author_key(token.text), name=token.text, role=token.role or role, organisation=token.organisation)


def _give_role(bylines: list[Byline], role: str) -> bool:
    for at in range(len(bylines) - 1, -1, -1):
        if not bylines[at].is_organisation:
            if not bylines[at].role:
                bylines[at] = replace(bylines[at], role=role)
                return True
            return False
    return False


def _give_organisation(bylines: list[Byline], organisation: str) -> bool:
    people = [at for at, byline in enumerate(bylines) if not byline.is_organisation]
    for at in people:
        if not bylines[at].organisation:
            bylines[at] = replace(bylines[at], organisation=organisation)
    return bool(people)
