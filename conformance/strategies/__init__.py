"""What is generated: rows and arguments as plain values, never model instances."""

from conformance.strategies.queries import Query, queries
from conformance.strategies.rows import CommentRow, PostRow, Rows, rows, texts
from conformance.strategies.values import MOMENTS, small_integers

__all__ = ["MOMENTS", "CommentRow", "PostRow", "Query", "Rows", "queries", "rows", "small_integers", "texts"]
