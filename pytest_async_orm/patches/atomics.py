"""Atomic blocks that Django takes for a test case's own."""

from __future__ import annotations

from typing import Any

from django.db import transaction


def testcase_atomic(alias: str) -> Any:
    """A block in which `durable=True` is allowed, as in `TestCase`'s.

    By a private attribute, seen in Django 4.2 to 6.1.
    """
    atomic: Any = transaction.atomic(using=alias)
    atomic._from_testcase = True
    return atomic


def in_application_transaction(connection: Any) -> bool:
    """Whether the application has a transaction open on a connection: a test's own atomic blocks do not count.

    `atomic_blocks` and the mark of a test case's are private, seen in Django 4.2 to 6.1.
    """
    if not connection.in_atomic_block:
        return not connection.autocommit and connection.connection is not None
    blocks = connection.atomic_blocks
    return not blocks or not blocks[-1]._from_testcase


def in_test_transaction(connection: Any) -> bool:
    """Whether the transaction that is open on a connection is a test case's own, which rolls it back at its end."""
    return bool(connection.in_atomic_block and connection.atomic_blocks and connection.atomic_blocks[0]._from_testcase)
