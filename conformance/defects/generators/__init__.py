"""Generators of defects: each makes, for the place of an operation, the defects of one kind that make sense there."""

import importlib
import pkgutil

from conformance.defects.generators.registry import GENERATORS, Defect, Generator

# Registering is what importing them does.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["GENERATORS", "Defect", "Generator"]
