"""What a worker imports before a defect is planted: nothing that could have kept what the defect replaces."""

from __future__ import annotations

import importlib
import os

SETTINGS = "sample_app.settings.sqlite"


def warm_up() -> None:
    """Set Django up as the worker does, on SQLite."""
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    import django

    django.setup()
    for module in ("hypothesis.strategies", "conformance.catalogue", "conformance.results"):
        importlib.import_module(module)


def born() -> None:
    """Nothing of the server's is left to set right in the child."""
