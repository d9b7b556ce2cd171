"""A process that gevent has patched before anything else was imported: threads are greenlets of one thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from conftest import INSTALLED, PREAMBLE

pytest.importorskip("gevent")

PATCHED = """
from gevent import monkey
monkey.patch_all()
import sys
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""
# One pool for two event loops, as asgiref's is: gevent 26.9 on Python 3.14 never wakes the second loop.
TWO_LOOPS = """
from gevent import monkey
monkey.patch_all()
import asyncio
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
async def main():
    await asyncio.get_running_loop().run_in_executor(pool, int)
asyncio.run(main())
asyncio.run(main())
"""
INI = """
[pytest]
DJANGO_SETTINGS_MODULE = natural_settings
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
"""
TESTS = """
import gevent
from concurrent.futures import ThreadPoolExecutor
from asgiref.sync import async_to_sync
from gevent.threadpool import ThreadPool

def make(name):
    Tag.objects.create(name=name)
    return Tag.objects.count()

@pytest.mark.django_db
class TestIsolated:
    async def test_coroutine(self):
        await Tag.objects.acreate(name="a")
        assert await asyncio.to_thread(make, "b") == 2
        assert await sync_to_async(make)("c") == 3

    async def test_nothing_is_left(self):
        assert await Tag.objects.acount() == 0

    async def test_transactions_take_turns(self):
        def both(name):
            with transaction.atomic():
                Tag.objects.create(name=name)
                gevent.sleep(0)
                assert connection.in_atomic_block
        await asyncio.gather(*(asyncio.to_thread(both, str(number)) for number in range(4)))
        assert await Tag.objects.acount() == 4

    def test_guests(self):
        Tag.objects.create(name="mine")
        assert async_to_sync(Tag.objects.acount)() == 1
        with ThreadPoolExecutor(2) as pool:
            assert pool.submit(make, "pool").result() == 2
        thread = threading.Thread(target=make, args=("thread",))
        thread.start()
        thread.join()
        assert Tag.objects.count() == 3

    def test_greenlets(self):
        Tag.objects.create(name="mine")
        greenlets = [gevent.spawn(make, str(number)) for number in range(3)]
        gevent.joinall(greenlets, raise_error=True)
        assert Tag.objects.count() == 4

    @pytest.mark.skipif(connection.vendor == "mysql", reason="a patched socket is for its own thread")
    def test_real_threads(self):
        assert ThreadPool(1).apply(make, ("real",)) == 1
        assert Tag.objects.count() == 1

@pytest.mark.django_db(transaction=True)
def test_real_connections():
    def work(name):
        make(name)
        connections.close_all()
    gevent.joinall([gevent.spawn(work, str(number)) for number in range(2)], raise_error=True)
    assert Tag.objects.count() == 2

@pytest.mark.django_db
def test_empty_at_last():
    assert Tag.objects.count() == 0
"""


@pytest.fixture
def two_loops() -> None:
    """Skips where gevent alone, without Django and the plugin, stops a second event loop for ever."""
    try:
        subprocess.run([sys.executable, "-c", TWO_LOOPS], timeout=20, check=True)
    except subprocess.TimeoutExpired:
        pytest.skip("this gevent stops the second event loop of a process on this Python")


@pytest.mark.usefixtures("inner_environment", "two_loops")
def test_a_patched_process(tmp_path: Path) -> None:
    """Coroutines, greenlets, pools and real threads share the test's transaction, and no row and no fault is left."""
    (tmp_path / "pytest.ini").write_text(INI)
    (tmp_path / "test_patched.py").write_text(PREAMBLE + TESTS)
    plugin = [] if INSTALLED else ["-p", "pytest_async_orm.plugin"]
    options = [*plugin, "-q", "--nomigrations", "--create-db", "-p", "no:randomly", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        [sys.executable, "-c", PATCHED, *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    passed = "7 passed, 1 skipped" if connection.vendor == "mysql" else "8 passed"
    assert passed in ended.stdout, ended.stdout + ended.stderr
    assert ended.returncode == 0
    assert "faults of pytest-async-orm" not in ended.stdout
    assert "work left running" not in ended.stdout
