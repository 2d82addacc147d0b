"""The operator's feed: what happened to the sources and to the service. Pure.

It is Atom only, and none of the output feeds: a trouble of a source is never mixed into what the source says.
"""

from __future__ import annotations

from collections.abc import Sequence

from feedhub.emit import identity
from feedhub.emit.head import GENERATOR, Head, SiteInfo
from feedhub.emit.item import Item
from feedhub.emit.words import line, paragraph
from feedhub.model import EPOCH, Byline, Category, Credit, ServiceEvent, SourceChange

PATH = "/status"
TITLE = "state of the sources"

Happening = SourceChange | ServiceEvent


def happenings_head(told: Sequence[Happening], site: SiteInfo) -> Head:
    """``updated`` is the newest of them, never now."""
    return Head(
        id=f"tag:{identity.authority(site.base_url)},{identity.MINTED}:status",
        title=f"{site.title} – {TITLE}",
        description="For whoever runs this site: what happened to its sources and to the service.",
        language="en",
        version=site.version,
        updated=max((one.at for one in told), default=EPOCH),
        self_url=f"{site.base_url}{PATH}.atom",
        html_url=f"{site.base_url}{PATH}",
        first="",
        next="",
        alternates={},
    )


def happening_item(one: Happening, site: SiteInfo) -> Item:
    """Its title says it all; the text is the sentence of that moment."""
    title, own_id = _title(one), _id_of(one, site)
    kind = one.after.value if isinstance(one, SourceChange) else "service"
    place = f"#source-{one.slug}" if isinstance(one, SourceChange) else ""
    return Item(
        atom_id=own_id,
        plain_id=own_id,
        is_permalink=False,
        link=f"{site.base_url}{PATH}{place}",
        title=title,
        heading=title,
        summary="",
        body=paragraph(line(one.detail) or title),
        summary_is_ours=False,
        published=one.at,
        updated=one.at,
        authors=(Byline(key="feedhub", name=site.title),),
        contributors=(),
        categories=(Category(key=kind, term=kind, label=kind),),
        enclosures=(),
        image="",
        language="en",
        rights="",
        publisher="",
        comments="",
        in_reply_to="",
        extras=(),
        source=Credit(title=""),
        via=None,
        others=(),
    )


def _title(one: Happening) -> str:
    """``ECB press: fresh -> failing (server error, HTTP 503)``, ``FeedHub: configuration refused``."""
    if isinstance(one, ServiceEvent):
        return f"{GENERATOR}: {line(one.what)}"
    why = f" ({line(one.cause)})" if one.cause else ""
    return f"{line(one.title) or one.slug}: {one.before} -> {one.after}{why}"


def _id_of(one: Happening, site: SiteInfo) -> str:
    """With its moment: a restored database gives its next numbers to other happenings."""
    family = "status" if isinstance(one, SourceChange) else "status-service"
    host = identity.authority(site.base_url)
    return f"tag:{host},{identity.MINTED}:{family}/{int(one.at.timestamp())}-{one.number}"
