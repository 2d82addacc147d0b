"""Entry and what we know -> Insert | Update | Same, and the story it joins.

``identity.py`` gives names to the entries of one document, ``decision.py`` compares one entry with what is stored,
``story.py`` joins entries of different sources and says which one of a story is shown. All of it is pure.
"""

from feedhub.dedupe.decision import decide, is_certain, reuses_id
from feedhub.dedupe.identity import identify, without_id
from feedhub.dedupe.story import join, may_be_one, representative

__all__ = ["decide", "identify", "is_certain", "join", "may_be_one", "representative", "reuses_id", "without_id"]
