"""Runs of Hypothesis over generated examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.strategies import SearchStrategy

# In one run Hypothesis shows the simplest example and ten that it draws; those after that it makes of the ones before,
# by copying one part of an example over another. Of fifty examples so few are drawn that whole values of a field never
# come. In several runs all are drawn.
_IN_ONE_RUN = 11
# So many runs for each that is needed, since an example that was shown is not shown again.
_RUNS = 4


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
    fails in another way. Raises what the first run that failed ended with, or what `look` raised last where as many
    were shown as may be.
    """
    shown = _Shown(look, number, kinds=kinds)
    failure: Exception | None = None
    for run in range(_RUNS * (number // _IN_ONE_RUN + 1)):
        size = min(_IN_ONE_RUN, shown.wanted + (run > 0))
        configured = settings(
            max_examples=size,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
            print_blob=False,
            report_multiple_bugs=kinds,
        )

        @seed(f"{seed_value}, run {run}" if run else seed_value)
        @configured
        @given(example=examples)
        def show(example: Any) -> None:
            shown.show(example)

        try:
            show()
        except _Enough:
            assert shown.raised is not None
            raise shown.raised from None
        except Exception as error:
            if not kinds:
                raise
            failure = failure or error
        if shown.wanted <= 0:
            break
    if failure is not None:
        raise failure


class _Shown:
    """What was shown, how many examples are still wanted, and what was raised last."""

    def __init__(self, look: Callable[[Any], None], number: int, *, kinds: bool) -> None:
        self.wanted = number
        self.raised: Exception | None = None
        self._look = look
        self._kinds = kinds
        self._left = number * 2 if kinds else number
        self._known: set[str] = set()
        self._fails = False

    def show(self, example: Any) -> None:
        """Look at an example that is new, or smaller than one that fails."""
        if not self._fails and self._is_known(example):
            return
        self.wanted -= 1
        self._left -= self._kinds or self.raised is not None
        if self.raised is not None and self._left < 0:
            raise _Enough
        try:
            self._look(example)
        except BaseException as error:
            # Hypothesis shows what fails again, whatever it raised.
            self._fails = True
            if isinstance(error, Exception):
                self.raised = error
            raise

    def _is_known(self, example: Any) -> bool:
        known = len(self._known)
        self._known.add(repr(example))
        return len(self._known) == known
