"""What the suite leans on in Django that Django does not promise."""

from __future__ import annotations

from contextlib import AbstractContextManager


def test_a_connection_can_reach_its_server_without_a_database():
    """`_nodb_cursor`, which `conformance.worker.database` uses to ask a server for its version."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    method = getattr(BaseDatabaseWrapper, "_nodb_cursor", None)
    assert method is not None, "BaseDatabaseWrapper._nodb_cursor is gone: find another way in worker/database.py"
    assert isinstance(method(None), AbstractContextManager), "BaseDatabaseWrapper._nodb_cursor gives no context manager"
