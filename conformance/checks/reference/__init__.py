"""A model of querysets in plain Python: what they give for the drawn rows, without Django's ORM."""

from conformance.checks.reference.answers import Answer, answer
from conformance.checks.reference.schema import rows_to_seed
from conformance.checks.reference.writes import UNKNOWN

__all__ = ["UNKNOWN", "Answer", "answer", "rows_to_seed"]
