"""What the tests of sandboxes share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from pytest_async_orm.drivers.dialect import Dialect

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
