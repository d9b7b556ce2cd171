"""What a project must have before the suite can measure it."""

from __future__ import annotations

REMEDY = "add it: the suite measures its models, and makes their tables in a test database of its own"


def check_project() -> None:
    """Raises `ImproperlyConfigured` where the sample app is not among the installed apps. Django must be set up."""
    from django.apps import apps
    from django.core.exceptions import ImproperlyConfigured

    if not apps.is_installed("sample_app"):
        raise ImproperlyConfigured(f"INSTALLED_APPS lacks 'sample_app': {REMEDY}")
