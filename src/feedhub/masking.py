"""URLs that may be shown: user, password and what looks like a key taken out. Pure; one rule for logs, pages and tables.

Publishers put keys of private feeds into addresses (``?token=…``), and addresses are shown in many places. A key that
is part of the path cannot be told from a name; secrets belong into ``auth`` or ``headers``.
"""

from __future__ import annotations

import re

MASK = "***"

_USER = re.compile(r"(?<=://)[^\s/?#<>\"'`]+@")
_PARAMETER = re.compile(r"(?<=[?&;])([^\s=&;#?<>\"'`]{1,80})=([^\s&;#<>\"'`]+)")
_NAME = re.compile(
    r"(?:^|[-_.\[])(?:pass|pwd|auth|authorization|sig|signature|session|sid|jwt|hash|hmac|credentials?|code|key)(?:$|[-_.\]])"
    r"|(?:token|secret|passwd|password|passphrase|apikey|key)s?\]?$",
    re.IGNORECASE,
)
_OPAQUE = re.compile(r"(?=[^\d]*\d)(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9_]{32,}={0,2}")
"""A value of this form is a key whatever its parameter is called."""


def masked(text: str) -> str:
    """The text with user and password, and the values of parameters that look secret, masked in each URL in it."""
    if "://" not in text:
        return text
    return _PARAMETER.sub(_mask, _USER.sub(f"{MASK}@", text))


def reveals(url: str) -> bool:
    """Whether a URL holds something that must not be shown."""
    return masked(url) != url


def _mask(match: re.Match[str]) -> str:
    name, value = match[1], match[2]
    return f"{name}={MASK}" if _NAME.search(name) or _OPAQUE.fullmatch(value) else match[0]
