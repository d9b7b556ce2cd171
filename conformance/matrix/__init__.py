"""Which environments a machine can measure: Django series, the Pythons that each supports, and databases."""

from conformance.matrix.databases import DATABASES, Database
from conformance.matrix.djangos import DEFAULT_SERIES, DjangoRelease, django_release

__all__ = ["DATABASES", "DEFAULT_SERIES", "Database", "DjangoRelease", "django_release"]
