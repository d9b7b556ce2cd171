"""A middleware of a user's own. Django imports it by its name, once its settings are there."""

from __future__ import annotations

from django.contrib.auth.middleware import RemoteUserMiddleware


class ProxyUserMiddleware(RemoteUserMiddleware):
    """The user's name as a proxy gives it, in a header of its own: so the documentation has it."""

    header = "HTTP_X_USER"
