"""Readiness and watchdog messages to systemd (sd_notify(3)): one datagram to the socket it names, nothing otherwise."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> bool:
    """Send ``READY=1``, ``RELOADING=1``, ``STOPPING=1``, ``WATCHDOG=1`` or ``STATUS=…``.

    Returns whether systemd was told; outside of a ``Type=notify`` unit nobody listens and that is no error.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            return False
    return True


def watchdog_interval() -> float | None:
    """Seconds between the signs of life that systemd wants (half of ``WATCHDOG_USEC``), None when it wants none."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2_000_000 if microseconds.isdigit() and int(microseconds) else None
