"""What a worker imports, its checks too: one that kept what a defect replaces would not notice it, and be red."""

from __future__ import annotations

import importlib
import os

SETTINGS = "sample_app.settings.sqlite"
_MODULES = (
    "conformance.defects",
    "conformance.environment.detect",
    "conformance.results",
    "conformance.worker.cells",
    "conformance.worker.coroutines",
    "conformance.worker.database",
    "django.core.management.commands.migrate",
    "django.test",
)


def warm_up() -> None:
    """Set Django up as the worker does, on SQLite."""
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    import django

    django.setup()
    for module in _MODULES:
        importlib.import_module(module)
    from conformance.catalogue import load_catalogue
    from conformance.checks import registered_cells

    load_catalogue()
    registered_cells()


def born() -> None:
    """In the child: Django has its settings already, and would keep them whatever the worker is told."""
    import django

    setup = django.setup

    def checked(set_prefix: bool = True) -> None:
        assert os.environ["DJANGO_SETTINGS_MODULE"] == SETTINGS, "start a process of its own for other settings"
        setup(set_prefix)

    django.setup = checked
