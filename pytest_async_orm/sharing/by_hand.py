"""What a test sets and makes in the session of its own connection before a guest joins it.

No server tells all of that afterwards, so it is read from the statements that are sent by hand: Django's own leave
nothing behind. Until a statement says that it does there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_async_orm.patches.atomics import in_test_transaction

if TYPE_CHECKING:
    from pytest_async_orm.drivers.dialect import Dialect
    from pytest_async_orm.drivers.traces import Trace

# The names in a connection of what was read of its statements, and of what tells that guests have joined.
READ, TAKES_TURNS = "_async_orm_by_hand", "create_cursor"


class ByHand:
    """The session of one raw connection, as far as its owner's statements tell. It is the user of what it has."""

    keeps_local = True
    """The test's transaction is open until the end."""

    def __init__(self, vendor: str, dialect: Dialect) -> None:
        from pytest_async_orm.sharing.session import Kept, SharedSession

        self.raw = dialect.raw
        self.dialect = dialect
        self.session = SharedSession(vendor, dialect)
        self.kept = Kept()

    def end_transaction(self) -> None:
        """Forget what ends with the test."""
        self.kept.end_transaction()
        self.session.things.end_transaction(self)


def read(wrapper: Any, cursor: Any) -> None:
    """Read what a new cursor sends, if it is Django's and of a test that keeps its own transaction."""
    own = vars(wrapper)
    if TAKES_TURNS in own or "lease" in own or not in_test_transaction(wrapper):
        return
    if type(cursor).__module__.startswith("django.db.backends."):
        for name in ("execute", "executemany"):
            vars(cursor)[name] = partial(_send, name, wrapper, cursor)


def _send(name: str, wrapper: Any, cursor: Any, *args: Any, **options: Any) -> Any:
    __tracebackhide__ = True
    # By the class, where somebody may have replaced it.
    call = partial(getattr(type(cursor), name), cursor, *args, **options)
    what = args[0] if args else options.get("sql")
    # With guests every statement is read anyway.
    if TAKES_TURNS in vars(wrapper) or what is None:
        return call()
    from pytest_async_orm.drivers.calls import params_of
    from pytest_async_orm.drivers.statements import text_of
    from pytest_async_orm.drivers.traces import TRACERS

    tracer = TRACERS.get(wrapper.vendor)
    trace = tracer(what if isinstance(what, str) else text_of(what, wrapper)) if tracer is not None else None
    owner = owner_of(wrapper) if trace is not None else None
    # In a transaction that has failed the server answers nothing.
    if trace is None or owner is None or owner.dialect.in_error():
        return call()
    return _noted(owner, trace, params_of(args, options), call)


def _noted(owner: ByHand, trace: Trace, params: Any, call: Callable[[], Any]) -> Any:
    """Send a statement and note what it leaves behind; where that cannot be asked, send it alone."""
    __tracebackhide__ = True
    sent = []

    def send() -> Any:
        __tracebackhide__ = True
        sent.append(True)
        return call()

    try:
        return owner.session.run(owner, trace, params, send)
    except Exception:
        if sent:
            raise
    return call()


def owner_of(wrapper: Any) -> ByHand | None:
    """What is known of a connection's session from now on; None for one that cannot be asked."""
    from pytest_async_orm.drivers.dialects import dialect_for

    owner = earlier(wrapper)
    if owner is None and (dialect := dialect_for(wrapper.vendor, wrapper.connection)) is not None:
        owner = vars(wrapper)[READ] = ByHand(wrapper.vendor, dialect)
    return owner


def earlier(wrapper: Any) -> ByHand | None:
    """What was read of the statements of a connection; None if nothing was that it still has."""
    owner: ByHand | None = vars(wrapper).get(READ)
    return owner if owner is not None and owner.raw is wrapper.connection else None
