"""Stored entries -> documents: Atom 1.0, RSS 2.0 (Best Practices Profile), JSON Feed 1.1, OPML 2.0.

``item`` says what every format says of an entry, ``head`` what it says of a feed; ``feedgen_xml`` and ``json_feed``
write it down; ``rules`` holds our own list of what a document must keep. ``renderer`` joins them.
"""

from feedhub.emit.head import SiteInfo
from feedhub.emit.renderer import VERSION, Renderer, Unrenderable
from feedhub.emit.rules import violations

__all__ = ["VERSION", "Renderer", "SiteInfo", "Unrenderable", "violations"]
