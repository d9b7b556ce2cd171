"""What a worker imports, its checks too: one that kept what a defect replaces would not notice it, and be red."""

from __future__ import annotations

import importlib
import os

SETTINGS = "sample_app.settings.sqlite"


def warm_up() -> None:
    """Set Django up as the worker does, on SQLite."""
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    import django

    django.setup()
    for module in ("conformance.catalogue", "conformance.results", "conformance.worker.cells"):
        importlib.import_module(module)


def born() -> None:
    """Nothing of the server's is left to set right in the child."""
