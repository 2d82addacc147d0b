"""The one exception of this stage. It never leaves it: the fetcher turns it into a ``FetchFailed``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from feedhub.model import Failure, FetchFailed, Freshness, Request


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


async def permitted(request: Request, url: str) -> Request:
    """The request as it may go on to where a redirect leads.

    :raises Refused: it may not.
    """
    if request.permit is None:
        return request
    said = await request.permit(url)
    if isinstance(said, FetchFailed):
        raise Refused(said.failure, said.detail, status=said.status, until=said.freshness.retry_at)
    return replace(request, pause=said)


class Resting(Refused):
    """The host asked for quiet, or is down for all its sources: nothing was sent to it."""


def failure_of(refused: Refused) -> FetchFailed:
    return FetchFailed(
        failure=refused.failure,
        detail=refused.detail,
        status=refused.status,
        freshness=Freshness(retry_at=refused.until),
        asked=not isinstance(refused, Resting),
    )
