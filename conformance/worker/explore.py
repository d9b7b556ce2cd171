"""One run of Hypothesis over generated examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.strategies import SearchStrategy


def explore(
    examples: SearchStrategy[Any], look: Callable[[Any], None], number: int, seed_value: int, *, shrink: bool
) -> None:
    """Show `look` so many examples; where it raises, smaller ones until none is left, if `shrink`.

    The same seed gives the same examples. Raises what `look` raised at last.
    """
    configured = settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=True,
    )

    @seed(seed_value)
    @configured
    @given(example=examples)
    def run(example: Any) -> None:
        look(example)

    show: Callable[[], None] = run
    show()
