"""Threads that the test does not wait for join it while it is at work."""

from __future__ import annotations

from older_threads import OLDER

JOINS = '''
@pytest.mark.django_db
def test_long_statement(older):
    def joins():
        while not sends_statement(MAIN):
            pass
        connections["default"]
        found = sends_statement(MAIN)
        return found, Tag.objects.count()
    future = older.begin(joins)
    with connection.cursor() as cursor:
        cursor.execute(LONG[connection.vendor])
        cursor.fetchall()
        assert future.result(20) == (False, 0)
        Tag.objects.create(name="test")
        cursor.execute("SELECT COUNT(*) FROM " + Tag._meta.db_table)
        assert cursor.fetchone()[0] == 1
    assert older.begin(Tag.objects.count).result(20) == 1

# Django's code, as far as the name of its module tells.
HELD = """
def create_cursor(wrapper, name=None):
    cursor = original(wrapper, name)
    if wrapper is tests:
        made.set()
    while wrapper is tests and "create_cursor" not in vars(wrapper):
        pass
    return cursor
"""

@pytest.mark.django_db
def test_cursor_in_the_making(older, monkeypatch):
    made, tests = threading.Event(), connections["default"]
    kind = type(tests)
    held = {"__name__": "django.db.held", "made": made, "tests": tests, "original": kind.create_cursor}
    exec(HELD, held)
    monkeypatch.setattr(kind, "create_cursor", held["create_cursor"])
    def joins():
        assert made.wait(20)
        return Tag.objects.count()
    future = older.begin(joins)
    with connection.cursor() as cursor:
        assert future.result(20) == 0
        assert type(cursor.cursor).__name__ == "VirtualCursor"

@pytest.mark.django_db
def test_open_cursor(older):
    with connection.cursor() as cursor:
        assert older.begin(Tag.objects.count).result(20) == 0
        assert type(cursor.cursor).__name__ == "VirtualCursor"
        cursor.execute("SELECT COUNT(*) FROM " + Tag._meta.db_table)
        assert cursor.fetchall()[0][0] == 0
'''


def test_joining_a_test_at_work(run) -> None:
    """A guest that the test does not wait for joins between two statements, never in the middle of one."""
    run(OLDER + JOINS).assert_outcomes(passed=3)
