"""What is asked of one environment, and how it ended."""

from __future__ import annotations

import hashlib
import shlex
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from conformance.case import Cell, Measured
from conformance.environment import Environment
from conformance.results import Results
from conformance.runner.profiles import Profile

# Variables by which the sample app's settings find their database.
_ADDRESSES = ("PG", "MYSQL_", "SAMPLE_APP_")


@dataclass(frozen=True)
class Job:
    """What to measure and where.

    `python` is the interpreter that has the Django to be measured, `environ` the worker's whole process environment,
    `folder` where the result file goes. `catalogue` is a folder, or None for the suite's own; `checks` are modules that
    register the code of its checks. `timeout` in seconds stands for the profile's. `start_in` is the folder in which
    the worker is started, where it is not this process's own.
    """

    python: str
    settings: str
    environ: dict[str, str] = field(hash=False, repr=False)
    cells: tuple[Cell, ...] = field(repr=False)
    profile: Profile
    seed: int
    folder: Path
    runner: str = "asyncio.run"
    defect: str | None = None
    catalogue: Path | None = None
    checks: tuple[str, ...] = ()
    timeout: float | None = None
    # The digests of the entries, and earlier results of which what passed need not be measured again.
    entries: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    since: tuple[Results, ...] = field(default=(), hash=False, repr=False)
    start_in: Path | None = None

    @property
    def database(self) -> str:
        """A test database of the job's own. The same job has the same name, so a leftover is replaced."""
        parts = (socket.gethostname(), self.folder.resolve(), self.python, self.settings, self.runner, self.defect)
        return f"conformance_{hashlib.sha256(' '.join(map(str, parts)).encode()).hexdigest()[:12]}"

    @property
    def inputs(self) -> str:
        """A digest of what the results depend on beside the run itself: interpreter, code, settings, server address."""
        address = {name: value for name, value in self.environ.items() if name.startswith(_ADDRESSES)}
        parts = (self.python, self.start_in, self.settings, self.runner, sorted(address.items()))
        return hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()[:16]

    @property
    def cell_timeout(self) -> float:
        """Seconds after which a check is stopped."""
        return self.timeout or self.profile.cell_timeout

    def command(self, cell: Cell) -> str:
        """What measures the cell again, typed into a shell of the environment."""
        words = ["async-orm-conformance", "run", "--settings", self.settings, "--only", str(cell)]
        words += ["--profile", self.profile.name, "--seed", str(self.seed), "--runner", self.runner]
        if self.defect:
            words += ["--defect", self.defect]
        return shlex.join(words)

    def order(self) -> dict[str, Any]:
        """What the worker is told first."""
        return {
            "settings": self.settings,
            "profile": self.profile.name,
            "examples": self.profile.examples,
            "seed": self.seed,
            "runner": self.runner,
            "defect": self.defect,
            "database": self.database,
            "catalogue": str(self.catalogue.resolve()) if self.catalogue else None,
            "checks": self.checks,
        }


class JobListener(Protocol):
    """Told how a job comes along."""

    def planned(self, environment: Environment, done: int, total: int) -> None:
        """The environment is known; `done` of its `total` cells were measured by an earlier run."""

    def measured(self, measured: Measured) -> None:
        """An attempt at a cell has arrived and is on the disk."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    `problem` is empty if every cell was measured. Otherwise `kind` says what it was: `impossible` (no machine can
    measure it), `environment`, `settings` or `database` (the worker could not start) or `killed` (something outside
    ended it, or nobody knows what). `reused`: an earlier run has measured all of it, and nothing was started.
    """

    environment: Environment | None = None
    path: Path | None = None
    problem: str = ""
    kind: str = ""
    reused: bool = False
