"""What is remembered of hosts: whose turn it is, and who rests. Outlives a change of the configuration."""

from __future__ import annotations

from time import monotonic

from feedhub.fetch.gate import Gate, Manners
from feedhub.fetch.rests import HostRests
from feedhub.settings import Polling


class Hosts:
    """One for a process: polls that end under the old configuration and begin under the new keep one queue."""

    def __init__(self) -> None:
        self.rests = HostRests()
        self._gate: Gate | None = None

    def gate(self, manners: Manners) -> Gate:
        """The gate, which from now on has these manners."""
        if self._gate is None:
            self._gate = Gate(manners, now=monotonic)
        self._gate.behave(manners)
        return self._gate


def manners_of(polling: Polling) -> Manners:
    return Manners(
        concurrency=polling.concurrency,
        per_host=polling.per_host,
        per_address=polling.per_address,
        gap=polling.host_gap.total_seconds(),
        domain_gap=polling.domain_gap.total_seconds(),
    )
