"""What the package offers, and what it may need."""

from __future__ import annotations

import subprocess
import sys

import conformance.report


def test_the_facade_is_sorted_and_complete() -> None:
    """What the package offers is in `__all__`, in order."""
    names = conformance.report.__all__
    assert names == sorted(names)
    assert all(callable(getattr(conformance.report, name)) for name in names)


def test_a_report_needs_neither_django_nor_pytest() -> None:
    """A machine that only merges and shows results has no Django, no pytest and no command line library loaded."""
    code = "import sys, conformance.report; print({'django', 'pytest', 'click', 'hypothesis'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
