"""What is generated: rows and arguments as plain values, never model instances."""

from conformance.strategies.queries import QuerysetPlan, queries
from conformance.strategies.rows import NO_ROWS, NUMBERED_POSTS, SHORT_TEXTS, TEXTS, CommentRow, PostRow, Rows, rows
from conformance.strategies.values import LAST_GENERATED_YEAR, MOMENTS, small_integers

__all__ = [
    "LAST_GENERATED_YEAR",
    "MOMENTS",
    "NO_ROWS",
    "NUMBERED_POSTS",
    "SHORT_TEXTS",
    "TEXTS",
    "CommentRow",
    "PostRow",
    "QuerysetPlan",
    "Rows",
    "queries",
    "rows",
    "small_integers",
]
