"""Our own list of what a published document must keep. Pure; a document is read as a strict reader would read it.

``violations`` gives one sentence for each breach; an empty list means that the document may be published. The rules
are those of RFC 4287, RSS 2.0 with its Best Practices Profile and JSON Feed 1.1 that readers stumble over.
"""

from __future__ import annotations

from feedhub.emit.json_rules import json_violations
from feedhub.emit.xml_rules import atom_violations, rss_violations
from feedhub.model import Format

_LISTS = {Format.ATOM: atom_violations, Format.RSS: rss_violations, Format.JSON: json_violations}


def violations(document: bytes, format: Format) -> list[str]:
    """What is wrong with a document, in its order."""
    return [*_LISTS[format](document)]
