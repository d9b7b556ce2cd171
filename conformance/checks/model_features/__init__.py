"""A model of what newer Djangos add to models: keys of several columns, computed columns, defaults of the database."""

from conformance.checks.model_features.answers import answer, rows_to_seed

__all__ = ["answer", "rows_to_seed"]
