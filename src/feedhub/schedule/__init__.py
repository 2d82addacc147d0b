"""SourceState and what a poll brought -> the next state, with the moment of the next poll; and the clock that ticks.

``after_poll.py`` is the whole transition; it asks ``habit.py`` (when the source posts), ``cadence.py`` (how often it
deserves to be polled), ``price.py`` (how often all of them may), ``hints.py`` (what the server asks for) and
``backoff.py`` (what a failure means).
``hurry.py`` is for what hubs say between polls. ``apscheduler_timer.py`` is the one door to APScheduler; all else is pure.
"""

from feedhub.schedule.after_poll import after_poll, after_push
from feedhub.schedule.event import PollEvent
from feedhub.schedule.first_polls import first_polls
from feedhub.schedule.health_text import explain
from feedhub.schedule.hurry import after_ping, without_push
from feedhub.schedule.manual import may_poll_now
from feedhub.schedule.moments import NEVER
from feedhub.schedule.price import PRICE, Tariff

__all__ = [
    "NEVER",
    "PRICE",
    "PollEvent",
    "Tariff",
    "after_ping",
    "after_poll",
    "after_push",
    "explain",
    "first_polls",
    "may_poll_now",
    "without_push",
]
