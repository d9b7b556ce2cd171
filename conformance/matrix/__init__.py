"""Which environments a machine can measure: Django series, the Pythons that each supports, and databases."""

from conformance.matrix.arrivals import Arrival, Arrivals
from conformance.matrix.columns import Column, columns_of, full_columns
from conformance.matrix.databases import COMMON_EXTRAS, DATABASES, Database
from conformance.matrix.djangos import (
    ALL_SERIES,
    DEFAULT_SERIES,
    DjangoRelease,
    asgiref_requirement,
    django_release,
)
from conformance.matrix.parts import Part, Plan, planned_parts
from conformance.matrix.shards import Shard

__all__ = [
    "ALL_SERIES",
    "COMMON_EXTRAS",
    "DATABASES",
    "DEFAULT_SERIES",
    "Arrival",
    "Arrivals",
    "Column",
    "Database",
    "DjangoRelease",
    "Part",
    "Plan",
    "Shard",
    "asgiref_requirement",
    "columns_of",
    "django_release",
    "full_columns",
    "planned_parts",
]
