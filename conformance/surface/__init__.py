"""Every public asynchronous name of the installed Django, and which entries answer for it."""

from conformance.surface.answers import Answers, load_answers, unanswered
from conformance.surface.introspection import public_names

__all__ = ["Answers", "load_answers", "public_names", "unanswered"]
