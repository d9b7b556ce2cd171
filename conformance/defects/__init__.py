"""Defects planted into Django, each in a process of its own, to show that the checks can fail."""

from conformance.defects.plant import defect_names, plant

__all__ = ["defect_names", "plant"]
