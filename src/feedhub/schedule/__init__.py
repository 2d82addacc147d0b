"""SourceState and what a poll brought -> the next state, with the moment of the next poll; and the clock that ticks.

``after_poll.py`` is the whole transition; it asks ``habit.py`` (when the source posts), ``cadence.py`` (how often it
deserves to be polled), ``price.py`` (how often all of them may), ``hints.py`` (what the server asks for),
``backoff.py`` (what a failure means), ``gaps.py`` (what was probably missed) and ``health.py`` (what it all comes to, in
one word; ``health_text.py`` in one sentence). ``hurry.py`` is for what hubs say between polls. ``apscheduler_timer.py`` is
the one door to APScheduler; all else is pure.
"""

from feedhub.schedule.after_poll import after_poll, after_push
from feedhub.schedule.event import PollEvent
from feedhub.schedule.first_polls import first_polls
from feedhub.schedule.gaps import may_fill, same_site
from feedhub.schedule.health import has_moved, health_of_answering
from feedhub.schedule.health_text import LOST, change_of, explain
from feedhub.schedule.hurry import after_ping, without_push
from feedhub.schedule.manual import is_as_it_was, may_poll_now, may_refetch_now
from feedhub.schedule.moments import NEVER
from feedhub.schedule.price import PRICE, Tariff
from feedhub.schedule.traits import traits_after

__all__ = [
    "LOST",
    "NEVER",
    "PRICE",
    "PollEvent",
    "Tariff",
    "after_ping",
    "after_poll",
    "after_push",
    "change_of",
    "explain",
    "first_polls",
    "has_moved",
    "health_of_answering",
    "is_as_it_was",
    "may_fill",
    "may_poll_now",
    "may_refetch_now",
    "same_site",
    "traits_after",
    "without_push",
]
