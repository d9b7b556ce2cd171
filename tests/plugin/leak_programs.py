"""What the tests of leaks run in a suite of its own."""

from __future__ import annotations

import os

DATABASE = os.environ.get("NATURAL_DATABASE", "sqlite-memory")
LEAK = """
def work():
    Tag.objects.count()
@pytest.mark.django_db
def test_leaks():
    thread = threading.Thread(target=work, name="worker")
    thread.start()
    thread.join()
"""
