"""``srcset`` (HTML, 4.8.4.2.1): candidates of an image, each with a width or a density."""

from __future__ import annotations

import re
from collections.abc import Callable

_DESCRIPTOR = re.compile(r"\d+w|\d+(?:\.\d+)?x(?:\s+\d+h)?|\d+w\s+\d+h")


def rewrite_srcset(value: str, resolve: Callable[[str], str]) -> str:
    """``srcset`` with every address resolved; candidates without a usable address or descriptor are left out."""
    kept = []
    for url, descriptor in candidates(value):
        target = resolve(url).replace(" ", "%20")
        if target and (not descriptor or _DESCRIPTOR.fullmatch(descriptor)):
            # A comma at either end of an address would part it from its descriptor.
            kept.append(f"{target.rstrip(',')} {descriptor}".strip())
    return ", ".join(kept)


def candidates(value: str) -> list[tuple[str, str]]:
    """Pairs of address and descriptor (maybe empty). Commas inside addresses do not part candidates."""
    found, at = [], 0
    while at < len(value):
        match = re.compile(r"[\s,]*([^\s]+)").match(value, at)
        if not match:
            break
        url, at = match[1], match.end()
        if url.endswith(","):
            found.append((url.rstrip(","), ""))
            continue
        end = value.find(",", at)
        end = len(value) if end < 0 else end
        found.append((url, value[at:end].strip()))
        at = end + 1
    return found
