"""What the recorder lets a caller's context variable tell of."""

from __future__ import annotations

import contextvars

import pytest

from conformance.checks.instruments.probe import PROBE
from conformance.checks.recorder import CONNECTING, Recorder


def after(sql: str) -> int | None:
    """The variable, which was 0 before, once a statement was sent."""

    def send() -> int | None:
        PROBE.set(0)
        Recorder()._execute(lambda *_: None, sql, (), False, {})
        return PROBE.get()

    return contextvars.copy_context().run(send)


@pytest.mark.parametrize("start", CONNECTING)
def test_what_connecting_sends_changes_nothing(start: str) -> None:
    """One side may find a connection where the other has to make one."""
    assert after(f"{start} READ COMMITTED") == 0


def test_every_other_statement_adds_one() -> None:
    """So that both sides can be compared."""
    assert after("SELECT 1") == 1
