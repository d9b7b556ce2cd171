"""The actors of the state machine: threads with a connection, what each has done, and what it can do."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from session_scenes import Way

from sample_app.models import Tag


class Rejected(Exception):
    """Raised inside an atomic block to roll it back."""


@dataclass
class Settings:
    """What a connection's setting is by the book: a transaction's local value hides the session's."""

    session: int | None = None
    local: int | None = None
    marks: list[tuple[int | None, int | None]] = field(default_factory=list)

    @property
    def seen(self) -> int | None:
        return self.session if self.local is None else self.local

    def set(self, number: int) -> None:
        self.session, self.local = number, None

    def set_local(self, number: int) -> None:
        """Outside of a transaction it is over with its statement."""
        if self.marks:
            self.local = number

    def begin(self) -> None:
        self.marks.append((self.session, self.local))

    def end(self, way: Way, *, error: bool) -> None:
        """A block ends, the outermost one with all that is local."""
        before = self.marks.pop()
        if error and way.transactional:
            self.session, self.local = before
        if not self.marks:
            self.local = None

    def close(self) -> None:
        self.__init__()


@dataclass
class Actor:
    """A thread with a connection, the blocks it is in, and the rows that each block added."""

    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    blocks: list[Any] = field(default_factory=list)
    added: list[set[str]] = field(default_factory=list)
    pending: tuple[str, str, Future[Any]] | None = None
    settings: Settings = field(default_factory=Settings)
    is_open: bool = False

    @property
    def in_transaction(self) -> bool:
        return bool(self.added)

    @property
    def own_rows(self) -> set[str]:
        return set().union(*self.added)


def enter(actor: Actor) -> None:
    block = transaction.atomic()
    block.__enter__()
    actor.blocks.append(block)


def leave(actor: Actor, error: bool) -> None:
    block = actor.blocks.pop()
    failure = Rejected() if error else None
    block.__exit__(type(failure) if failure else None, failure, None)


def names() -> set[str]:
    return set(Tag.objects.values_list("name", flat=True))


def fail(name: str) -> None:
    """Insert a name twice; in a transaction inside a block of its own, as an application that goes on would."""
    with suppress(IntegrityError), transaction.atomic():
        Tag.objects.create(name=name)
        Tag.objects.create(name=name)


def fail_in_autocommit(name: str) -> None:
    """Two statements without a block: the first stays, the second fails."""
    Tag.objects.create(name=name)
    with suppress(IntegrityError):
        Tag.objects.create(name=name)


def fail_again(name: str) -> None:
    """Insert a name that is there already: the only statement, and it fails."""
    with suppress(IntegrityError):
        Tag.objects.create(name=name)
