"""Imported by the fork server alone, before anything else: who stops a service asks all of its processes to end at once.

Python's fork server is deaf to Ctrl-C but not to SIGTERM. It would be gone while the program finishes what is in flight,
which may need another worker. It ends by itself, with the program.
"""

from __future__ import annotations

import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
