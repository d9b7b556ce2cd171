"""What the tests of sandboxes share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_async_orm.drivers.dialect import Dialect
from pytest_async_orm.sharing.layers import Layers
from pytest_async_orm.sharing.scopes import scope_transaction

STARTED_BY_HAND = [pytest.mark.django_db, pytest.mark.async_orm_sandbox("off")]
"""The marks of tests that use the fixture `sandbox`."""
LEAVES_IT_OPEN = pytest.mark.allow_connection_leaks(reason="what is left open is what the test is about")


@contextmanager
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that the plugin itself sends."""
    statements: list[str] = []
    original = Dialect.send

    def send(self: Dialect, sql: str, params: Sequence[object] = ()) -> None:
        statements.append(sql)
        original(self, sql, params)

    with monkeypatch.context() as patch:
        patch.setattr(Dialect, "send", send)
        yield statements


def without_and_inside(outcome: Callable[[], Any], clean: Callable[[], Any]) -> tuple[Any, Any]:
    """An outcome on the real connection, and inside a sandbox once what the real one has left is gone."""
    real = outcome()
    clean()
    layers = Layers()
    with scope_transaction(["default"], "the sandbox", 1) as sandbox:
        layers.push(sandbox)
        try:
            return real, outcome()
        finally:
            layers.pop()
