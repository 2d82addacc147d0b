"""The one exception of this stage. It never leaves it: the fetcher turns it into a ``FetchFailed``."""

from __future__ import annotations

from datetime import datetime

from feedhub.model import Failure


class Refused(Exception):
    """This fetch ends here.

    :param detail: one sentence for the operator, without URLs, header values or anything else that may be secret.
    :param status: of the answer that led here; 0 when there was none.
    :param until: not before this moment, when something asked for that.
    """

    def __init__(self, failure: Failure, detail: str, *, status: int = 0, until: datetime | None = None) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail
        self.status = status
        self.until = until


class Resting(Refused):
    """The host asked for quiet, or is down for all its sources: nothing was sent to it."""
