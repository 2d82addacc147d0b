"""What holds during one decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from feedhub.model import Push
from feedhub.schedule.moments import Dice
from feedhub.settings import Interval, Polling


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The configuration's bounds, the moment, and chance."""

    polling: Polling
    interval: Interval  # the source's own bounds, or those of ``polling``
    now: datetime
    dice: Dice
    price: float  # of a poll, in entry-days of delay
    push: Push = Push.NONE  # whether the source's hub tells of its entries
