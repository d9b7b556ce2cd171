"""Defects planted into Django, each in a process of its own, to show that the checks can fail."""

from conformance.defects.generated import descriptions, is_generated
from conformance.defects.plant import defect_names, plant
from conformance.defects.survivors import survivor_reasons

__all__ = ["defect_names", "descriptions", "is_generated", "plant", "survivor_reasons"]
