"""Who is the operator: whoever knows the token, and programs on this machine as long as the site is not published.

A feed reader can only be given an address, perhaps with a name and a password: so the token comes as ``?token=`` or as the
password of HTTP Basic. Nearness alone is no proof where a web server on the same machine passes requests on.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from feedhub.serve.control_routes import is_loopback, was_passed_on
from feedhub.settings import Settings

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="FeedHub operator", charset="UTF-8"'}


class OperatorGate:
    """From ``server.operator_token`` and ``site.base_url``."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.server.operator_token.get_secret_value().encode()
        self._published = not _is_this_machine(settings.site.base_url)

    def admit(self, request: Request) -> None:
        """:raises HTTPException: 401 where a token is asked for, 403 where none is configured and the caller is a stranger."""
        if self._token:
            if not any(hmac.compare_digest(given, self._token) for given in _given(request)):
                raise HTTPException(401, "This feed is for the operator: server.operator_token opens it.", _CHALLENGE)
            return
        near = request.client is not None and is_loopback(request.client.host) and not was_passed_on(request)
        if self._published or not near:
            raise HTTPException(403, "This feed is for the operator: configure server.operator_token to read it here.")


def _given(request: Request) -> list[bytes]:
    """Every token of the request, the query's and that of HTTP Basic (RFC 7617); the name does not matter."""
    given = [value.encode() for value in request.query_params.getlist("token")]
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        given.append(value.strip().encode())
    if scheme.lower() == "basic":
        with suppress(binascii.Error, ValueError):
            given.append(base64.b64decode(value.strip(), validate=True).partition(b":")[2])
    return given


def _is_this_machine(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
