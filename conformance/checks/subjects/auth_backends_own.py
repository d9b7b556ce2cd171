"""Backends of a project's own, which say no for all, fail, or take other credentials."""

from __future__ import annotations

from typing import Any

from conformance.checks.subjects.auth_people import user_at

DENYING = f"{__name__}.DenyingBackend"
BADGES = f"{__name__}.BadgeBackend"
FAILING = f"{__name__}.FailingBackend"


class DenyingBackend:
    """A backend of the project's own, which knows Ada alone and lets her in nowhere."""

    def authenticate(self, request: Any, username: str, password: str) -> None:  # noqa: ARG002 - Django's protocol
        """Stop asking the others."""
        from django.core.exceptions import PermissionDenied

        if username == "ada":
            raise PermissionDenied

    async def aauthenticate(self, request: Any, username: str, password: str) -> None:
        """The same."""
        self.authenticate(request, username, password)


class FailingBackend:
    """A backend of the project's own, whose directory does not answer."""

    def authenticate(self, request: Any, username: str, password: str) -> None:  # noqa: ARG002 - Django's protocol
        """Fail, which is not the same as to say no."""
        raise ConnectionError("the directory does not answer")

    async def aauthenticate(self, request: Any, username: str, password: str) -> None:
        """The same."""
        self.authenticate(request, username, password)


class BadgeBackend:
    """A backend of the project's own, which takes other credentials."""

    def authenticate(self, request: Any, badge: int) -> Any:  # noqa: ARG002 - Django's protocol
        """The user with this badge."""
        return user_at(badge)

    async def aauthenticate(self, request: Any, badge: int) -> Any:
        """The same."""
        from asgiref.sync import sync_to_async

        return await sync_to_async(self.authenticate)(request, badge)
