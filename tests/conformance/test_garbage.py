"""The collector during a call: what the call leaves to it is found at the call's end, and by nobody else."""

from __future__ import annotations

import gc
import weakref

from conformance.checks.instruments.garbage import collect_garbage, forget_garbage, garbage_found


class Circle:
    """Refers to itself, so that only the collector frees it."""

    def __init__(self) -> None:
        self.own = self


def made() -> weakref.ref[Circle]:
    """A circle that nobody holds."""
    return weakref.ref(Circle())


def test_the_block_s_garbage_is_found_at_its_end_however_much_it_made():
    """Also where so much is made after it that the collector would have run, and looked past it from then on."""
    with garbage_found():
        circle = made()
        kept = [[] for _ in range(100_000)]
    assert circle() is None
    assert kept


def test_the_collector_does_not_run_inside_the_block():
    """What is garbage before the end stays until then."""
    with garbage_found():
        circle = made()
        kept = [[] for _ in range(100_000)]
        assert circle() is not None
    assert kept


def test_the_collector_goes_on_after_the_block():
    """As it was before, also where the block raises."""
    try:
        with garbage_found():
            raise ValueError
    except ValueError:
        pass
    assert gc.isenabled()


def test_what_was_left_before_is_forgotten():
    """So that the next block is not told of it."""
    gc.disable()
    try:
        circle = made()
        forget_garbage()
    finally:
        gc.enable()
    assert circle() is None


def test_what_a_cancelled_call_holds_is_freed_however_old_it_is():
    """It may have been held by the call when the collector looked, which looks again at what is young alone."""
    held = Circle()
    gc.collect()
    circle = weakref.ref(held)
    del held
    forget_garbage()
    assert circle() is not None
    collect_garbage()
    assert circle() is None
