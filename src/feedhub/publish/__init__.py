"""Documents -> files: ``static_files`` writes a folder that any web server can serve, ``redirects`` what tells it of renamed feeds."""

from feedhub.publish.redirects import Moved, Place, redirect_files
from feedhub.publish.static_files import StaticExport

__all__ = ["Moved", "Place", "StaticExport", "redirect_files"]
