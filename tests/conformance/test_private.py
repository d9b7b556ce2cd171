"""What the suite leans on in Django that Django does not promise."""

from __future__ import annotations

from contextlib import AbstractContextManager


def test_a_connection_can_reach_its_server_without_a_database():
    """`_nodb_cursor`, which `conformance.worker.database` uses to ask a server for its version."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    method = getattr(BaseDatabaseWrapper, "_nodb_cursor", None)
    assert method is not None, "BaseDatabaseWrapper._nodb_cursor is gone: find another way in worker/database.py"
    assert isinstance(method(None), AbstractContextManager), "BaseDatabaseWrapper._nodb_cursor gives no context manager"


def test_a_signal_has_a_list_of_its_receivers():
    """`receivers`, by which `conformance.checks.instruments.leftovers` sees that a call left one connected."""
    from django.dispatch import Signal

    signal = Signal()
    signal.connect(test_a_signal_has_a_list_of_its_receivers)
    assert len(getattr(signal, "receivers", ())) == 1, (
        "Signal.receivers is gone: find another way in checks/instruments/leftovers.py to see that one was left"
    )
