"""RawEntry -> Entry: the one place where what a source said becomes what we believe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from feedhub.clean.categories import clean_categories
from feedhub.clean.context import CleanContext
from feedhub.clean.extras import clean_extras
from feedhub.clean.html import html_to_line, html_to_text
from feedhub.clean.languages import language_tag
from feedhub.clean.media import clean_enclosures, clean_image
from feedhub.clean.moments import moment_of, moments_of
from feedhub.clean.nh3_html import safe_html
from feedhub.clean.parts import parts_of
from feedhub.clean.people import read_bylines
from feedhub.clean.said import said_of
from feedhub.clean.text import cut, tidy, title_of
from feedhub.clean.urls import canonical, unwrap, web_link
from feedhub.model import Byline, Credit, Digest, Entry, FeedInfo, RawEntry, RawLink, RawSource
from feedhub.records import maker

_LONGEST_ID = 4096
_NOTHING = "it has no id, no link, no title and no text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an entry inherits from its document."""

    context: CleanContext
    info: FeedInfo
    now: datetime
    loose: bool  # the format leaves open whether titles are HTML
    inherited: tuple[Byline, ...] = ()

    @property
    def bases(self) -> tuple[str, ...]:
        return (self.info.link, self.context.final_url)


_entry = maker(Entry)


class NothingInIt(ValueError):
    """The entry has nothing by which it could be told from others, and nothing to read."""


def clean_entry(raw: RawEntry, around: Surroundings, place: int = 0) -> Entry:
    """Clean one entry, the one at ``place`` of its document.

    :raises NothingInIt: when there is no id, no link, no title and no text.
    """
    context = around.context
    link = entry_link(raw, around.bases)
    bases = (unwrap(link), *around.bases) if link else around.bases
    summary, content = _bodies(raw, bases, context.limits.content_bytes)
    language = _language(raw, around)
    moments = moments_of(raw, context, around.now, language, place)
    enclosures = clean_enclosures(raw.enclosures, bases, context.limits.enclosures)
    parts: dict[str, Digest] = {}  # both are made of the whole entry
    said: dict[str, tuple[str, ...]] = {}
    entry = _entry(
        original_id=_id(raw.id),
        link=link,
        canonical_link=canonical(link),
        title=title_of(raw.title, context.limits.title_bytes, loose=around.loose),
        summary=summary,
        content=content,
        text=html_to_line(content),
        published=moments.published,
        updated=moments.updated,
        date_origin=moments.origin,
        authors=_authors(raw, around),
        contributors=read_bylines(raw.contributors, context.people),
        categories=clean_categories(raw.categories, context.categories),
        enclosures=enclosures,
        image=clean_image(raw.images, enclosures, bases),
        language=language,
        rights=tidy(raw.rights) or _source_rights(raw) or around.info.rights,
        publisher=cut(tidy(raw.publisher), context.limits.title_bytes),
        comments=web_link(raw.comments, bases),
        in_reply_to=_id(raw.in_reply_to),
        extras=clean_extras(raw, bases),
        via=_credit(raw.source, around),
        raw_digest=raw.digest,
        parts=parts,
        said=said,
    )
    if not (entry.original_id or link or entry.title or entry.text or enclosures):
        raise NothingInIt(_NOTHING)
    parts.update(parts_of(entry))
    said.update(said_of(raw, entry))
    return entry


def _id(raw: str) -> str:
    """An id is compared, never shown: it stays as written, but for its ends and what no database or XML can hold."""
    raw = raw.strip()
    if raw.isprintable():
        return raw[:_LONGEST_ID]
    kept = "".join(char for char in raw if char >= " " and not "\ud800" <= char <= "\udfff")
    return kept[:_LONGEST_ID]


def entry_link(raw: RawEntry, bases: Sequence[str]) -> str:
    """The alternate link when it leads to the web, else an id that is a web address, else ""."""
    for link in sorted(raw.links, key=_rank):
        if link.rel in {"", "alternate"} and (url := web_link(link.href, (link.base, *bases))):
            return url
    return web_link(raw.id) if raw.id.strip().startswith(("http://", "https://")) else ""


def _rank(link: RawLink) -> int:
    """Of several alternates the page for people comes first."""
    return 0 if not link.type or "html" in link.type else 1


def _bodies(raw: RawEntry, bases: Sequence[str], limit: int) -> tuple[str, str]:
    """Summary and content: a single body is the content; a summary that says the same again goes."""
    content = next((body for text in raw.content if (body := safe_html(text, bases, limit))), "")
    summary = safe_html(raw.summary, bases, limit)
    if not content:
        return "", summary
    if not summary or _same_text(summary, content):
        return "", content
    return summary, content


def _same_text(one: str, other: str) -> bool:
    if one == other:
        return True
    short = html_to_text(one).split()
    return len(short) * 2 <= len(other) and short == html_to_text(other).split()


def _language(raw: RawEntry, around: Surroundings) -> str:
    stated = (raw.language, *(text.language for text in raw.content[:1]), around.info.language, around.context.language)
    return next((tag for one in stated if (tag := language_tag(one))), "")


def _authors(raw: RawEntry, around: Surroundings) -> tuple[Byline, ...]:
    """The entry's own, else its source's, else the feed's (RFC 4287, 4.2.1)."""
    rules = around.context.people
    own = read_bylines(raw.authors, rules)
    if not own and raw.source:
        own = read_bylines(raw.source.authors, rules)
    return own or (around.inherited if not raw.source else ())


def _source_rights(raw: RawEntry) -> str:
    return tidy(raw.source.rights) if raw.source else ""


def _credit(source: RawSource | None, around: Surroundings) -> Credit | None:
    """The feed an entry was aggregated from; None when that is the very feed we read."""
    if source is None:
        return None
    context, info = around.context, around.info
    link, own_url = web_link(source.link, around.bases), web_link(source.self_url, around.bases)
    ours = {canonical(url) for url in (info.self_url, context.final_url) if url}
    same = (own_url and canonical(own_url) in ours) or (source.id and _id(source.id) == info.id)
    title = cut(tidy(source.title), context.limits.title_bytes)
    if same or not (title or link or own_url or source.id):
        return None
    return Credit(
        title=title,
        id=_id(source.id),
        link=link,
        self_url=own_url,
        updated=moment_of(source.updated, context, around.now),
        rights=tidy(source.rights),
        authors=tuple(byline.name for byline in read_bylines(source.authors, context.people)),
    )
