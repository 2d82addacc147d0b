"""What every format says of one entry: the policy applied, texts printable, URLs ASCII, credit complete. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from feedhub.emit import identity
from feedhub.emit.links import is_absolute_iri, language_tag, web_url
from feedhub.emit.words import cut_at_sentence, cut_at_word, line, paragraph, printable, text_of
from feedhub.extras import KINDS, Holds, Kind
from feedhub.masking import reveals
from feedhub.model import Byline, Category, ContentPolicy, Credit, Enclosure, Extra, StoredEntry

HEADING = 80
"""Characters of a title made from a text."""
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Another place where the story was told."""

    url: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry, ready to be written down. ``title`` may be empty, ``heading`` never is."""

    atom_id: str
    plain_id: str
    is_permalink: bool
    link: str
    title: str
    heading: str
    summary: str  # HTML; said by the source, or cut from the body
    body: str  # HTML; "" when the policy keeps it back
    summary_is_ours: bool
    published: datetime
    updated: datetime
    authors: tuple[Byline, ...]
    contributors: tuple[Byline, ...]
    categories: tuple[Category, ...]
    enclosures: tuple[Enclosure, ...]
    image: str
    language: str
    rights: str
    publisher: str
    comments: str
    in_reply_to: str
    extras: tuple[Extra, ...]
    source: Credit  # the feed it was published in first
    via: Credit | None  # the feed we have it from, where that is another one
    others: tuple[Reference, ...]


def effective_policy(own: ContentPolicy, most: ContentPolicy) -> ContentPolicy:
    """The stricter of what the source allows and what the operator republishes at most."""
    return own.at_most(most)


def item_of(
    stored: StoredEntry, *, base_url: str, most: ContentPolicy, summary_length: int, minted: bool = False
) -> Item:
    """Everything a format may say about an entry under its policy.

    :param minted: give it an id of ours whatever id it has.
    """
    entry, policy = stored.entry, effective_policy(stored.policy, most)
    link = web_url(entry.link)
    ours = identity.minted_id(stored, base_url, among_equals=True) if minted else ""
    plain_id = ours or identity.plain_id(stored, base_url)
    owner = source_as_of(stored)
    texts = _texts(stored, policy, summary_length)
    title = line(entry.title)
    media = policy is not ContentPolicy.LINK
    return Item(
        atom_id=ours or identity.atom_id(stored, base_url),
        plain_id=plain_id,
        is_permalink=bool(link) and plain_id == entry.link == link,
        link=link,
        title=title,
        heading=title or (_heading(stored) if media else "") or link or plain_id,
        summary=texts.summary,
        body=texts.body,
        summary_is_ours=texts.summary_is_ours,
        published=entry.published,
        updated=entry.updated,
        authors=_people(entry.authors),
        contributors=_people(entry.contributors),
        categories=_categories(entry.categories),
        enclosures=_enclosures(entry.enclosures) if media else (),
        image=web_url(entry.image) if media else "",
        language=language_tag(entry.language),
        rights=line(entry.rights),
        publisher=line(entry.publisher),
        comments=web_url(entry.comments),
        in_reply_to=entry.in_reply_to if is_absolute_iri(entry.in_reply_to) else "",
        extras=_extras(entry.extras) if media else (),
        source=_credit(entry.via) if entry.via else owner,
        via=owner if entry.via else None,
        others=_references(stored.others, link),
    )


def source_as_of(stored: StoredEntry) -> Credit:
    """The owner's feed as it was when it gave us this version.

    A source's ``updated`` moves with each of its later entries; taking it as it is now would change the bytes of all
    earlier ones.
    """
    return _credit(replace(stored.source, updated=_moment_of(stored)))


def _moment_of(stored: StoredEntry) -> datetime | None:
    updated = stored.source.updated
    return min(updated, stored.entry.updated) if updated else None


@dataclass(frozen=True, slots=True)
class _Texts:
    summary: str = ""
    body: str = ""
    summary_is_ours: bool = False


def _texts(stored: StoredEntry, policy: ContentPolicy, length: int) -> _Texts:
    said, body = printable(stored.entry.summary), printable(stored.entry.content)
    said = said if said.strip() else ""
    body = body if body.strip() else ""
    if policy is ContentPolicy.LINK:
        return _Texts()
    if policy is ContentPolicy.FULL and (said or not body):
        return _Texts(said, body)
    if policy is ContentPolicy.SUMMARY and said and len(text_of(said)) <= length:
        return _Texts(said)
    text = text_of(said or body)
    if policy is ContentPolicy.SUMMARY:
        return _Texts(paragraph(cut_at_sentence(text, length)), summary_is_ours=True)
    # A summary that says as much as the body would only say it twice.
    short = paragraph(cut_at_sentence(text, length)) if len(text) > length else ""
    return _Texts(short, body, summary_is_ours=True)


def _heading(stored: StoredEntry) -> str:
    """The first words of an entry without title (a microblog's note)."""
    return cut_at_word(text_of(stored.entry.summary or stored.entry.content), HEADING)


def _people(people: Iterable[Byline]) -> tuple[Byline, ...]:
    """Bylines with a name, each name once."""
    named = {
        line(person.name): replace(
            person,
            name=line(person.name),
            role=line(person.role),
            organisation=line(person.organisation),
            uri=web_url(person.uri),
        )
        for person in people
    }
    return tuple(person for name, person in named.items() if name)


def _categories(categories: Iterable[Category]) -> tuple[Category, ...]:
    told: dict[tuple[str, str], Category] = {}
    for category in categories:
        term, label, scheme = line(category.term), line(category.label), line(category.scheme)
        if term or label:
            told.setdefault((term or label, scheme), replace(category, term=term or label, label=label, scheme=scheme))
    return tuple(told.values())


def _enclosures(enclosures: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    told: dict[str, Enclosure] = {}
    for enclosure in enclosures:
        url = web_url(enclosure.url)
        if url:
            kind = line(enclosure.type) or UNKNOWN_TYPE
            told.setdefault(url, replace(enclosure, url=url, type=kind, title=line(enclosure.title)))
    return tuple(told.values())


def _extras(extras: Iterable[Extra]) -> tuple[Extra, ...]:
    """Known ones, with text that a document can carry and addresses in ASCII."""
    return tuple(_printed(extra, KINDS[extra.name]) for extra in extras if extra.name in KINDS)


def _printed(extra: Extra, kind: Kind) -> Extra:
    text = web_url(extra.text) if kind.text is Holds.ADDRESS else line(extra.text)
    addresses = {*kind.addresses, "accountUrl"}
    attributes = [(name, web_url(value) if name in addresses else line(value)) for name, value in extra.attributes]
    return Extra(name=extra.name, text=text, attributes=tuple((name, value) for name, value in attributes if value))


def _credit(credit: Credit) -> Credit:
    """The credit as it may be published: an address with a key in it is the operator's, not the readers'."""
    return Credit(
        title=line(credit.title),
        id=credit.id if is_absolute_iri(credit.id) and not reveals(credit.id) else "",
        link=web_url(credit.link),
        self_url="" if reveals(credit.self_url) else web_url(credit.self_url),
        updated=credit.updated,
        rights=line(credit.rights),
        authors=tuple(dict.fromkeys(name for author in credit.authors if (name := line(author)))),
    )


def _references(others: Iterable[tuple[str, str]], own: str) -> tuple[Reference, ...]:
    told = {url: Reference(url=url, title=line(title)) for link, title in others if (url := web_url(link))}
    told.pop(own, None)
    return tuple(told.values())
