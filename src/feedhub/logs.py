"""Logging: lines for people on a terminal, one JSON object a line otherwise. The one door to structlog.

Events are short names in the past tense (``poll.finished``) with their data as keys. Secrets never reach a logger:
the last processor masks what looks like one in any URL of any value, tracebacks included.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal, cast

import structlog

from feedhub.masking import masked

LogFormat = Literal["auto", "console", "json"]


def set_up_logging(level: str = "info", format: LogFormat = "auto") -> None:
    """Send events at or above ``level`` to standard error.

    ``auto`` means lines when standard error is a terminal, JSON otherwise.
    """
    people = format == "console" or (format == "auto" and sys.stderr.isatty())
    renderer: Any = (
        # Plain tracebacks: the decorated ones print local variables, and among those are secrets.
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if people
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            _without_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _without_secrets(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {name: _masked(value) for name, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    return value


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger whose events carry ``stage=name``."""
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(stage=name))
