"""A model of querysets in plain Python: what they give for the drawn rows, without Django's ORM."""

from conformance.checks.reference.answers import Answer, answer
from conformance.checks.reference.consistency import AN_ANSWER, consistent
from conformance.checks.reference.kept import outcomes
from conformance.checks.reference.schema import rows_to_seed
from conformance.checks.reference.writes import UNKNOWN

__all__ = ["AN_ANSWER", "UNKNOWN", "Answer", "answer", "consistent", "outcomes", "rows_to_seed"]
