"""What is checked: one entry a capability, one claim a row of the source text."""

from conformance.catalogue.judges import JUDGES, JudgeInfo
from conformance.catalogue.load import catalogue_schema, load_catalogue
from conformance.catalogue.model import (
    SOURCE_TEXT,
    Catalogue,
    CatalogueEntry,
    Check,
    Claim,
    Judged,
    Kill,
    Measurement,
    Operation,
)

__all__ = [
    "JUDGES",
    "SOURCE_TEXT",
    "Catalogue",
    "CatalogueEntry",
    "Check",
    "Claim",
    "JudgeInfo",
    "Judged",
    "Kill",
    "Measurement",
    "Operation",
    "catalogue_schema",
    "load_catalogue",
]
