"""Plant defects in processes that fork: which there are, and what becomes of each."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from queue import SimpleQueue
from typing import Any

from conformance.case import ExitCode, SuiteError
from conformance.results.kills import Planted, Tried
from conformance.runner.profiles import PROFILES

# Seconds after which a defect that makes the operation hang is given up.
_TIMEOUT = 60.0


@dataclass(frozen=True)
class ProofJob:
    """Where and on what: `workers` processes of `python`, whose environment is `environ`, with Django's `settings`."""

    python: str
    settings: str
    environ: dict[str, str] = field(repr=False)
    seed: int
    workers: int
    database: str
    runner: str = "asyncio.run"

    def setup(self) -> dict[str, Any]:
        """What each process is told first."""
        examples = {name: PROFILES[name].examples for name in ("smoke", "ci")}
        return {
            "settings": self.settings,
            "database": self.database,
            "runner": self.runner,
            "seed": self.seed,
            "timeout": _TIMEOUT,
            "examples": examples,
        }


@dataclass(frozen=True)
class Making:
    """What the generators make for one entry. `missing` says why nothing, `known` what judges disagree with already.

    `judges` are those that could see a defect there. `operation` is the function that was measured, `droppable` names
    for each of its parameters the defect that drops it, and `given` those that some example gives.
    """

    entry: str
    defects: tuple[Planted, ...]
    missing: str = ""
    known: dict[str, str] = field(default_factory=dict)
    judges: tuple[str, ...] = ()
    operation: str = ""
    droppable: dict[str, str] = field(default_factory=dict)
    given: frozenset[str] = frozenset()


class Prover:
    """Processes that have imported everything; ended, however the block is left."""

    def __init__(self, job: ProofJob) -> None:
        self._job = job
        self._stack = ExitStack()
        self._free: SimpleQueue[_Process] = SimpleQueue()
        # Nobody wants to know any more.
        self._stopped = threading.Event()

    def __enter__(self) -> Prover:
        with self._stack:
            processes = [self._stack.enter_context(_Process(self._job)) for _ in range(self._job.workers)]
            for process in processes:
                process.begin()
                self._free.put(process)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def make(self, entries: Sequence[str]) -> Iterator[Making]:
        """What the generators make for each entry, as they become known."""
        return self._each(entries, self._make)

    def attempt(self, planted: Iterable[Planted], known: dict[str, dict[str, str]]) -> Iterator[Tried]:
        """What becomes of each defect, as it becomes known; those of one entry are tried by one process."""
        batches = [list(batch) for _, batch in groupby(planted, key=lambda each: each.entry)]
        # The longest first, cut so that nobody waits for one process at the end.
        pieces = [batch[at : at + _PIECE] for batch in batches for at in range(0, len(batch), _PIECE)]
        done: SimpleQueue[Tried | None] = SimpleQueue()
        with ThreadPoolExecutor(self._job.workers) as pool:
            futures = [pool.submit(self._attempt, piece, known, done.put) for piece in pieces]
            try:
                for _ in range(sum(map(len, pieces))):
                    tried = done.get()
                    if tried is None:
                        break
                    yield tried
            finally:
                self._stopped.set()
                for future in futures:
                    future.cancel()
        self._stopped.clear()
        for future in futures:
            if not future.cancelled():
                future.result()

    def _each(self, items: Sequence[str], function: Callable[[str], Making]) -> Iterator[Making]:
        with ThreadPoolExecutor(self._job.workers) as pool:
            futures = [pool.submit(function, item) for item in items]
            try:
                for future in as_completed(futures):
                    yield future.result()
            finally:
                for future in futures:
                    future.cancel()

    def _make(self, entry: str) -> Making:
        with self._process() as process:
            answer = process.ask({"type": "entry", "entry": entry})
        if broken := answer.get("broken"):
            return Making(entry, (), f"the run without a defect broke: {broken}")
        defects = tuple(Planted(entry, each["defect"], each["judge"]) for each in answer["defects"])
        return Making(
            entry,
            defects,
            answer["missing"],
            answer["known"],
            tuple(answer["facts"]["judges"]),
            answer.get("operation", ""),
            answer.get("droppable", {}),
            frozenset(answer["facts"]["given"]),
        )

    def _attempt(
        self, piece: list[Planted], known: dict[str, dict[str, str]], tell: Callable[[Tried | None], None]
    ) -> None:
        try:
            with self._process() as process:
                for each in piece:
                    if self._stopped.is_set():
                        return
                    order = {"type": "try", "entry": each.entry, "defect": each.defect, "judge": each.judge}
                    tell(Tried.from_record(process.ask({**order, "known": known.get(each.entry, {})})))
        except BaseException:
            tell(None)
            raise

    @contextmanager
    def _process(self) -> Iterator[_Process]:
        process = self._free.get()
        try:
            yield process
        finally:
            self._free.put(process)


def never_given(makings: Iterable[Making]) -> Iterator[Planted]:
    """For each operation the defects that drop what no entry of it gives: they survive, and so the gap is seen."""
    by_operation: dict[str, list[Making]] = {}
    for making in makings:
        if making.operation:
            by_operation.setdefault(making.operation, []).append(making)
    for group in by_operation.values():
        given = frozenset().union(*(making.given for making in group))
        first = group[0]
        for name, defect in first.droppable.items():
            if name not in given:
                yield Planted(first.entry, f"{first.entry}/{defect}", "result")


# So many defects of one entry are tried one after the other by one process.
_PIECE = 25


class _Process:
    """One of them, spoken with in lines of JSON."""

    def __init__(self, job: ProofJob) -> None:
        self._job = job
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [job.python, "-m", "conformance.worker.proof"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if not os.environ.get("CONFORMANCE_PROOF_STDERR") else None,
            env=job.environ,
            encoding="utf-8",
            # A session of its own: Ctrl-C reaches this process alone, which then ends the others in good order.
            start_new_session=True,
        )

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_TIMEOUT / 6)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def begin(self) -> None:
        """Let it import what it needs. Raises `SuiteError` (harness) where it cannot."""
        answer = self.ask(self._job.setup())
        if answer["type"] == "error":
            raise _cannot(self._job.settings, answer["message"])

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Its answer, waited for. Raises `SuiteError` (harness) where the process is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            try:
                self._process.stdin.write(json.dumps(order) + "\n")
                self._process.stdin.flush()
                line = self._process.stdout.readline()
            except OSError:
                line = ""
        if not line:
            raise _cannot(self._job.settings, f"the process ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _cannot(settings: str, problem: str) -> SuiteError:
    return SuiteError(
        f"Defects cannot be planted with {settings}: {problem}.",
        "Check the settings module and its database; with CONFORMANCE_PROOF_STDERR=1 the processes say more.",
        ExitCode.HARNESS,
    )
