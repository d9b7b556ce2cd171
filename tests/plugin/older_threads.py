"""A thread that is older than the tests of an inner run, and makes one call after another."""

OLDER = """
import queue
from concurrent.futures import Future
from pytest_async_orm.frames.sending import sends_statement

MAIN = threading.current_thread()
LONG = {
    "sqlite": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 2000000) SELECT max(x) FROM c",
    "postgresql": "SELECT pg_sleep(0.3)",
    "mysql": "SELECT SLEEP(0.3)",
}

class Older(threading.Thread):
    '''Makes one call after another; takes them from no queue, so that nothing tells that it is idle.'''

    def __init__(self):
        super().__init__(daemon=True)
        self.calls, self.given = [], threading.Event()

    def run(self):
        while True:
            self.given.wait()
            self.given.clear()
            call, future = self.calls[0]
            if call is None:
                return
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)

    def begin(self, call):
        future = Future()
        self.calls = [(call, future)]
        self.given.set()
        return future

@pytest.fixture(scope="session")
def older(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        thread = Older()
        thread.start()
        yield thread
        thread.begin(connections.close_all).result(20)
        thread.begin(None)
        thread.join()

@pytest.fixture(scope="module")
def state():
    return {}

class Block:
    '''A transaction that begins in one test and ends in another.'''

    def __init__(self, work=lambda: None):
        self.entered, self.go, self.work, self.seen = threading.Event(), threading.Event(), work, []

    def __call__(self):
        with transaction.atomic():
            before = connections["default"]
            self.entered.set()
            assert self.go.wait(20)
            self.seen.append(connections["default"] is before)
            self.work()
        return [*self.seen, not before.in_atomic_block, before.get_autocommit()]

def in_thread(call):
    answer = Future()
    def work():
        answer.set_result(call())
        connections.close_all()
    threading.Thread(target=work).start()
    return answer.result(20)

"""
