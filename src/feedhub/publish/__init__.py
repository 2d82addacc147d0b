"""Documents -> files: ``static_files`` writes a folder that any web server can serve."""

from feedhub.publish.static_files import StaticExport

__all__ = ["StaticExport"]
