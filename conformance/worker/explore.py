"""One run of Hypothesis over generated examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.strategies import SearchStrategy


class _Enough(BaseException):
    """Ends the search for a smaller example; Hypothesis lets through what is no `Exception`."""


def explore(
    examples: SearchStrategy[Any],
    look: Callable[[Any], None],
    number: int,
    seed_value: int,
    *,
    shrink: bool,
    kinds: bool = True,
) -> None:
    """Show `look` so many examples; where it raises, at most as many again, to find a smaller one, if `shrink`.

    The same seed gives the same examples. With `kinds`, examples are shown after the first that fails too, for one that
    fails in another way. Raises what `look` raised at last.
    """
    configured = settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=kinds,
    )
    raised: list[Exception] = []
    left = number * 2 if kinds else number

    @seed(seed_value)
    @configured
    @given(example=examples)
    def run(example: Any) -> None:
        nonlocal left
        left -= bool(kinds or raised)
        if raised and left < 0:
            raise _Enough
        try:
            look(example)
        except Exception as error:
            raised[:] = [error]
            raise

    show: Callable[[], None] = run
    try:
        show()
    except _Enough:
        raise raised[0] from None
