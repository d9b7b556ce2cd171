"""Several layers on one connection, and several connections on one thread."""

from __future__ import annotations

import asyncio
from itertools import repeat
from typing import Any

import pytest
from django.db import connection, connections, transaction
from sandbox_marks import sent

from pytest_async_orm.sharing.layers import Layers
from pytest_async_orm.sharing.sandbox import Sandbox
from pytest_async_orm.sharing.scopes import scope_transaction
from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.async_orm_sandbox("off")]


def savepoints_of_layers() -> None:
    """An outer layer has a nested block open while an inner one uses and ends its own."""
    layers = Layers()
    with scope_transaction(["default"], "the class", 1) as outer:
        layers.push(outer)
        with transaction.atomic(), transaction.atomic():
            Tag.objects.create(name="of the class")
            layers.suspend()
            with scope_transaction(["default"], "the test", 1) as inner:
                layers.push(inner)
                with transaction.atomic(), transaction.atomic():
                    Tag.objects.create(name="of the test")
                assert layers.pop().lost == []
            layers.resume()
            assert [tag.name for tag in Tag.objects.all()] == ["of the class"]
        assert layers.pop().lost == []


@pytest.mark.django_db
def test_savepoints_of_several_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their names differ: on MariaDB and MySQL a name that is used again deletes the older savepoint."""
    with sent(monkeypatch) as statements:
        savepoints_of_layers()
    assert all_differ(statements)


@pytest.mark.planted
@pytest.mark.django_db
def test_equal_names_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each layer counts from the start, names come twice."""
    if connection.vendor == "mysql":
        pytest.skip("the transaction would be lost")
    monkeypatch.setattr("pytest_async_orm.sharing.shared_connection._NUMBERS", repeat(1))
    with sent(monkeypatch) as statements:
        savepoints_of_layers()
    assert not all_differ(statements)


def all_differ(statements: list[str]) -> bool:
    """Whether no savepoint has the name of another; PostgreSQL's standing one is moved by its name."""
    names = [sql for sql in statements if sql.startswith("SAVEPOINT") and "autocommit" not in sql]
    return len({*names}) == len(names) > 1


def test_each_task_has_its_own_connection(sandbox: Sandbox) -> None:
    """As in Django: two tasks of one loop have two connections, a task's own call the task's."""

    async def mine() -> tuple[Any, Any]:
        return connections["default"], connections["default"]

    async def both() -> list[tuple[Any, Any]]:
        return await asyncio.gather(mine(), mine())

    (first, again), (second, _) = asyncio.run(both())
    assert first is again
    assert first is not second
    assert connections["default"] not in (first, second)
