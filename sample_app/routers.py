"""Which database a model lives in."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

AUDIT_ALIAS = "other"


class AuditRouter:
    """Send audit entries to the second database, so that they outlive a rollback of the first."""

    def _alias(self, model: type[Model]) -> str | None:
        # Django's cache in a table asks for a model that has these two names alone.
        names = (model._meta.app_label, model._meta.model_name)
        return AUDIT_ALIAS if names == ("sample_app", "auditentry") else None

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:  # noqa: ARG002 - the router protocol
        """Where a model is read: audit entries have a database of their own."""
        return self._alias(model)

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:  # noqa: ARG002 - the router protocol
        """Where a model is written: audit entries have a database of their own."""
        return self._alias(model)
