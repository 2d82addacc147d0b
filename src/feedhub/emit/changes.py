"""The operator's feed: what happened to the sources, an entry for each change of state. Pure.

It is Atom only, and none of the output feeds: a trouble of a source is never mixed into what the source says.
"""

from __future__ import annotations

from collections.abc import Sequence

from feedhub.emit import identity
from feedhub.emit.head import Head, SiteInfo
from feedhub.emit.item import Item
from feedhub.emit.words import line, paragraph
from feedhub.model import EPOCH, Byline, Category, Credit, SourceChange

PATH = "/status"
TITLE = "state of the sources"


def changes_head(changes: Sequence[SourceChange], site: SiteInfo) -> Head:
    """``updated`` is the newest change, never now."""
    title = f"{site.title} – {TITLE}"
    return Head(
        id=f"tag:{identity.authority(site.base_url)},{identity.MINTED}:status",
        title=title,
        description="For whoever runs this site: every change of state of its sources.",
        language="en",
        version=site.version,
        updated=max((change.at for change in changes), default=EPOCH),
        self_url=f"{site.base_url}{PATH}.atom",
        html_url=f"{site.base_url}{PATH}",
        first="",
        next="",
        alternates={},
    )


def change_item(change: SourceChange, site: SiteInfo) -> Item:
    """``ECB press: fresh -> failing (server error, HTTP 503)``, with the sentence of that moment as its text."""
    why = f" ({line(change.cause)})" if change.cause else ""
    name = line(change.title) or change.slug
    title = f"{name}: {change.before} -> {change.after}{why}"
    link = f"{site.base_url}{PATH}#source-{change.slug}"
    own_id = _id_of(change, site)
    return Item(
        atom_id=own_id,
        plain_id=own_id,
        is_permalink=False,
        link=link,
        title=title,
        heading=title,
        summary="",
        body=paragraph(line(change.detail) or title),
        summary_is_ours=False,
        published=change.at,
        updated=change.at,
        authors=(Byline(key="feedhub", name=site.title),),
        contributors=(),
        categories=(Category(key=change.after.value, term=change.after.value, label=change.after.value),),
        enclosures=(),
        image="",
        language="en",
        rights="",
        publisher="",
        comments="",
        in_reply_to="",
        source=Credit(title=""),
        via=None,
        others=(),
    )


def _id_of(change: SourceChange, site: SiteInfo) -> str:
    """With its moment: a restored database gives its next numbers to other changes."""
    host = identity.authority(site.base_url)
    return f"tag:{host},{identity.MINTED}:status/{int(change.at.timestamp())}-{change.number}"
