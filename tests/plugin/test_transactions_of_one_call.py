"""A test of Django's `TestCase` that opens a transaction more than once: each has guests of its own."""

from __future__ import annotations

from test_guests import GUESTS

EXAMPLES = """
from hypothesis import given, settings, strategies as st
from hypothesis.extra.django import TestCase as TestOfHypothesis

class TestEachExample(TestOfHypothesis):
    @classmethod
    def setUpTestData(cls):
        Tag.objects.create(name="class")

    @settings(max_examples=5, database=None, deadline=None)
    @given(st.integers(1, 3))
    def test_guests(self, number):
        for position in range(number):
            in_thread(lambda: Tag.objects.create(name=str(position)))
        assert asyncio.run(Tag.objects.acount()) == Tag.objects.count() == number + 1

class TestAgain(TestCase):
    def test_rows_and_threads_of_an_earlier_transaction(self):
        going, ended, told = threading.Event(), threading.Event(), []

        def works_on():
            Tag.objects.create(name="early")
            going.set()
            ended.wait(20)
            try:
                Tag.objects.create(name="late")
            except Exception as error:
                told.append(error)

        thread = threading.Thread(target=works_on)
        thread.start()
        self.addCleanup(ended.set)
        going.wait(20)
        self._post_teardown()
        # Only a class's transaction is open, which is nobody's to join.
        kinds = [type(connections["default"]), in_thread(lambda: type(connections["default"]))]
        assert kinds[0] is kinds[1], kinds
        self._pre_setup()
        in_thread(lambda: Tag.objects.create(name="mine"))
        ended.set()
        thread.join()
        assert [type(error).__name__ for error in told] == ["SandboxEnded"]
        assert [tag.name for tag in Tag.objects.all()] == ["mine"]

@pytest.mark.django_db
def test_last():
    empty()
"""


def test_each_transaction_of_one_call_has_guests_of_its_own(run) -> None:
    """Hypothesis's TestCase opens one for each example."""
    run(GUESTS + EXAMPLES).assert_outcomes(passed=3)
