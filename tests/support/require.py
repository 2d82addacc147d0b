"""What to say when a test lacks something of its machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip for want of something on a user's machine; fail where everything is promised to be there."""
    if os.environ.get("FEEDHUB_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is missing, and FEEDHUB_REQUIRE_ALL=1 says it must be here")
    pytest.skip(f"needs {what}")
