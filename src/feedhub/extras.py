"""Elements of other vocabularies that are kept with their meaning: podcasts, places, licences, ratings. One list for all.

``parse`` hears what stands here, ``clean`` checks it by what is said here, ``emit`` writes it back under its own name. An
element that is not listed is not carried: what nobody checked is not republished.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NAMESPACES: Mapping[str, str] = {
    "georss": "http://www.georss.org/georss",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "media": "http://search.yahoo.com/mrss/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
}


class Holds(StrEnum):
    """What an element's text may be."""

    NOTHING = "nothing"
    TEXT = "text"
    NUMBER = "number"
    PLACE = "place"  # pairs of latitude and longitude
    ADDRESS = "address"
    YES_OR_NO = "yes or no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One element: what its text is, its attributes with their usual spelling, and those it is nothing without."""

    text: Holds = Holds.TEXT
    attributes: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    addresses: tuple[str, ...] = field(default=("url", "href", "uri"))  # attributes that are addresses


KINDS: Mapping[str, Kind] = {
    "georss:point": Kind(text=Holds.PLACE),
    "georss:line": Kind(text=Holds.PLACE),
    "georss:polygon": Kind(text=Holds.PLACE),
    "georss:box": Kind(text=Holds.PLACE),
    "georss:featurename": Kind(),
    "itunes:episode": Kind(text=Holds.NUMBER),
    "itunes:season": Kind(text=Holds.NUMBER),
    "itunes:episodeType": Kind(),
    "itunes:explicit": Kind(text=Holds.YES_OR_NO),
    "podcast:transcript": Kind(text=Holds.NOTHING, attributes=("url", "type", "language", "rel"), required=("url",)),
    "podcast:chapters": Kind(text=Holds.NOTHING, attributes=("url", "type"), required=("url",)),
    "podcast:season": Kind(text=Holds.NUMBER, attributes=("name",)),
    "podcast:episode": Kind(text=Holds.NUMBER, attributes=("display",)),
    "podcast:soundbite": Kind(attributes=("startTime", "duration"), required=("startTime", "duration")),
    "podcast:location": Kind(attributes=("geo", "osm")),
    "podcast:license": Kind(attributes=("url",)),
    "podcast:socialInteract": Kind(
        text=Holds.NOTHING, attributes=("uri", "protocol", "accountId", "accountUrl", "priority"), required=("uri",)
    ),
    "media:rating": Kind(attributes=("scheme",)),
    "media:copyright": Kind(attributes=("url",)),
    "media:player": Kind(text=Holds.NOTHING, attributes=("url", "height", "width"), required=("url",)),
    "wfw:commentRss": Kind(text=Holds.ADDRESS),
    "creativeCommons:license": Kind(text=Holds.ADDRESS),
}
"""Every element that is carried, by its usual name."""

LICENCE = "creativeCommons:license"
"""Also what ``cc:license`` and links with ``rel="license"`` say."""
