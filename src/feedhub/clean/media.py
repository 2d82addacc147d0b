"""Enclosures and images: absolute web addresses with a media type."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from feedhub.clean.text import tidy
from feedhub.clean.urls import canonical, web_link
from feedhub.model import Enclosure, RawEnclosure

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):(\d{1,2})(?:\.\d+)?")
_ISO = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?", re.IGNORECASE)
_MAX_LENGTH = 2**53
_MORE_TYPES = {
    ".m4a": "audio/mp4", ".opus": "audio/ogg", ".oga": "audio/ogg", ".m4b": "audio/mp4", ".m4v": "video/mp4",
    ".webp": "image/webp", ".avif": "image/avif", ".flac": "audio/flac", ".epub": "application/epub+zip",
    ".m3u8": "application/vnd.apple.mpegurl", ".torrent": "application/x-bittorrent", ".mkv": "video/x-matroska",
    ".ogg": "audio/ogg", ".mp3": "audio/mpeg", ".wav": "audio/wav", ".aac": "audio/aac", ".ogv": "video/ogg",
}  # fmt: skip
_MEDIUM_TYPES = {"image": "image/jpeg", "audio": "audio/mpeg", "video": "video/mp4"}
_FACES = re.compile(r"https?://(?:[\w-]+\.)?(?:gravatar\.com/avatar/|avatars\d*\.githubusercontent\.com/)")
"""Where pictures of people are kept by their accounts: blogs and forges name those of authors as if they were of entries."""
_KNOWN_TYPES = mimetypes.MimeTypes()  # the library's own table: no file of this machine changes what comes out


def clean_enclosures(raw: Iterable[RawEnclosure], bases: Sequence[str], most: int) -> tuple[Enclosure, ...]:
    """At most ``most`` enclosures, each address once, in the source's order."""
    found: dict[str, Enclosure] = {}
    for enclosure in raw:
        url = web_link(enclosure.url, (enclosure.base, *bases))
        if url and len(found) < most:
            found.setdefault(url, _enclosure(url, enclosure))
    return tuple(found.values())


def _enclosure(url: str, raw: RawEnclosure) -> Enclosure:
    return Enclosure(
        url=url,
        type=media_type(raw.type, url, raw.medium),
        length=_number(raw.length),
        title=tidy(raw.title),
        duration=seconds_of(raw.duration),
    )


def media_type(stated: str, url: str, medium: str = "") -> str:
    """The stated media type when it is one, else what the address's extension or the medium says."""
    stated = stated.partition(";")[0].strip().lower()
    if _TYPE.fullmatch(stated) and stated != "application/octet-stream":
        return stated
    extension = re.search(r"\.[A-Za-z0-9]{2,7}$", urlsplit(url).path)
    guessed = ""
    if extension:
        name = extension[0].lower()
        guessed = _MORE_TYPES.get(name) or _KNOWN_TYPES.types_map[True].get(name, "")
    return guessed or _MEDIUM_TYPES.get(medium.strip().lower(), "") or "application/octet-stream"


def _number(text: str) -> int:
    digits = text.strip().replace(",", "")
    return min(int(digits), _MAX_LENGTH) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0


def seconds_of(text: str) -> int:
    """A duration in seconds from ``1834``, ``30:34``, ``1:30:34`` or ``PT30M34S``; 0 when it says none."""
    text = text.strip()
    if match := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return hours * 3600 + minutes * 60 + seconds
    if match := _ISO.fullmatch(text):
        hours, minutes, seconds = (min(int(part or 0), 10**6) for part in match.groups())
        return hours * 3600 + minutes * 60 + seconds
    return _number(text.partition(".")[0])


def clean_image(raw: Sequence[str], enclosures: Sequence[Enclosure], bases: Sequence[str]) -> str:
    """The entry's picture: the first usable one the source names, else its first picture enclosure, else "".

    Never the face of who wrote it.
    """
    if not raw and not enclosures:
        return ""
    stated = (web_link(address, bases) for address in raw)
    pictures = (enclosure.url for enclosure in enclosures if enclosure.type.startswith("image/"))
    return next((url for url in (*stated, *pictures) if url and not _FACES.match(url)), "")


def media_key(enclosure: Enclosure) -> str:
    """An enclosure for comparing: counters and signatures in its address are no change."""
    return f"{canonical(enclosure.url)} {enclosure.type}"
