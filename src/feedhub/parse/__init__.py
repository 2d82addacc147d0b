"""What a source says, faithfully and untrusted: bytes -> :class:`~feedhub.model.RawFeed`."""

from feedhub.parse.document import read_document, read_with
from feedhub.parse.page_text import read_text

__all__ = ["read_document", "read_text", "read_with"]
