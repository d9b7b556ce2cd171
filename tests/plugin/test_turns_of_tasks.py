"""Tasks that repeat themselves, on a loop that outlives the test that started them."""

from __future__ import annotations

TASKS = """
pytestmark = [pytest.mark.django_db, pytest.mark.asyncio(loop_scope="module")]

class Heart:
    def __init__(self):
        self.stop, self.go, self.done, self.errors = asyncio.Event(), asyncio.Event(), asyncio.Event(), []
        self.task = asyncio.create_task(self.run())

    async def run(self):
        while not self.stop.is_set():
            await asyncio.sleep(0.01)
            if self.go.is_set():
                self.go.clear()
                await self.beat()
        await self.beat()

    async def beat(self):
        try:
            await Tag.objects.aget_or_create(name="beat")
        except Exception as error:
            self.errors.append(error)
        self.done.set()

    async def beats(self):
        self.done.clear()
        self.go.set()
        await asyncio.wait_for(self.done.wait(), 20)
        assert not self.errors

HEARTS = []

async def test_starts():
    HEARTS.extend((Heart(), Heart()))
    for heart in HEARTS:
        await heart.beats()

async def test_goes_on():
    await HEARTS[0].beats()
    assert await Tag.objects.acount() == 1

async def test_what_follows_the_loop():
    HEARTS[1].stop.set()
    await HEARTS[1].task
    assert "test_starts" in str(HEARTS[1].errors[0])
    assert await Tag.objects.acount() == 0
    HEARTS[0].task.cancel()
"""


def test_task_started_by_a_test(run) -> None:
    """A task beats in the next test on its loop; what follows its loop is the earlier test's, and refused."""
    run(TASKS).assert_outcomes(passed=3)
