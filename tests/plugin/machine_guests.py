"""The same for a test that keeps its own transaction: the actors are its guests, and the main thread is the test."""

from __future__ import annotations

from typing import Any

from django.db import connections, transaction
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from machine import DEEPEST
from machine_actors import Rejected, Settings, fail, names
from machine_settings import SettingsOfSessions, is_quiet
from session_scenes import get, put, run, unset

from pytest_async_orm.patches.atomics import testcase_atomic
from pytest_async_orm.sharing.hosting import Host
from sample_app.models import Tag


class GuestsOfATest(SettingsOfSessions):
    """A block of the test takes along what guests have committed inside, and none of their settings."""

    def open_sandbox(self) -> Any:
        self.outer = testcase_atomic("default")
        self.outer.__enter__()
        self.stack.callback(self.roll_back)
        self.blocks: list[tuple[Any, set[str]]] = []
        self.settings = Settings()
        # The test's own transaction is open: what is local to it lasts.
        self.settings.begin()
        host = Host("the state machine", self.lock_timeout)
        host.start([connections["default"]])
        self.layers.push(host)
        self.actors[0].pool.submit(names).result(20)
        self.actors[0].is_open = True
        return host

    @property
    def shared(self) -> Any:
        return self.sandbox._guests._shared["default"]

    def roll_back(self) -> None:
        for block, _ in reversed(self.blocks):
            block.__exit__(Rejected, Rejected(), None)
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)
        if not self.way.transactional:
            unset(self.way)

    def what_is_left_is_right(self) -> None:
        self.main_thread_has_its_own()

    def main_thread_has_its_own(self) -> None:
        assert get(self.way) == self.settings.seen

    @precondition(is_quiet)
    @rule()
    def test_begins(self) -> None:
        if len(self.blocks) < DEEPEST:
            block = transaction.atomic()
            block.__enter__()
            self.blocks.append((block, set(self.committed)))
            self.settings.begin()

    @precondition(lambda self: is_quiet(self) and self.blocks)
    @rule(error=st.booleans())
    def test_ends(self, error: bool) -> None:
        block, before = self.blocks.pop()
        block.__exit__(Rejected if error else None, Rejected() if error else None, None)
        self.settings.end(self.way, error=error)
        if error:
            self.committed = before

    @precondition(is_quiet)
    @rule()
    def test_writes(self) -> None:
        name = f"row {next(self.numbers)}"
        Tag.objects.create(name=name)
        self.committed.add(name)

    @precondition(is_quiet)
    @rule()
    def test_fails(self) -> None:
        fail(f"row {next(self.numbers)}")

    @precondition(is_quiet)
    @rule(value=st.integers(1, 9))
    def test_sets(self, value: int) -> None:
        put(self.way, value)
        self.settings.set(value)

    @precondition(lambda self: is_quiet(self) and self.way.transactional)
    @rule(value=st.integers(1, 9))
    def test_sets_local(self, value: int) -> None:
        run(f"SET LOCAL app.tenant = '{value}'")
        self.settings.set_local(value)

    @precondition(is_quiet)
    @rule()
    def test_reads(self) -> None:
        assert names() == self.committed
        self.main_thread_has_its_own()

    @precondition(is_quiet)
    @rule(value=st.integers(1, 9), error=st.booleans())
    def guests_look_into_a_block(self, value: int, error: bool) -> None:
        """What the test sets in a block was read when a guest came, and is then rolled back."""
        if len(self.blocks) < DEEPEST:
            self.test_begins()
            self.test_sets(value)
            self.everybody_gets()
            self.test_ends(error)
            self.everybody_gets()
            self.main_thread_has_its_own()
