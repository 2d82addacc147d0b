"""What a source says, faithfully and untrusted: bytes -> :class:`~feedhub.model.RawFeed`."""

from feedhub.parse.document import read_document, read_with

__all__ = ["read_document", "read_with"]
