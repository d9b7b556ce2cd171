"""Atomic blocks that Django takes for a test case's own."""

from __future__ import annotations

from typing import Any

from django.db import transaction


def testcase_atomic(alias: str) -> Any:
    """A block in which `durable=True` is allowed, as in `TestCase`'s; by a private attribute, seen in Django 4.2
    to 6.1.
    """
    atomic: Any = transaction.atomic(using=alias)
    atomic._from_testcase = True
    return atomic
