"""What is closed before a run's own database is dropped."""

from __future__ import annotations

from unittest.mock import Mock, call

from django.db.backends.signals import connection_created

from conformance.worker.database import _closing_what_is_opened


def test_connections_of_every_thread_are_closed_each_time() -> None:
    """Also by the second database of a process; who opens one later keeps it, and the sharing that was lent is back."""
    for _ in range(2):
        opened, later = Mock(), Mock()
        with _closing_what_is_opened():
            connection_created.send(sender=Mock, connection=opened)
        connection_created.send(sender=Mock, connection=later)
        assert opened.mock_calls == [call.inc_thread_sharing(), call.close(), call.dec_thread_sharing()]
        assert later.mock_calls == []
