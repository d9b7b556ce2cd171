"""What every child measures on: a database that was migrated once and is copied, and a witness."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.checks import Stage
from conformance.checks.adapter import load_adapter
from conformance.checks.witness import Witness
from conformance.worker.coroutines import RUNNERS
from conformance.worker.database import copied_database, own_database
from conformance.worker.proof.forks import in_child

# Where files are in memory: what a child writes is thrown away.
_MEMORY = Path("/dev/shm")
# Seconds in which a database is migrated, also on a machine with much to do.
_PATIENCE = 300.0


class Ground:
    """The migrated database of one process; without a file of its own, each child makes its database itself."""

    def __init__(self, database: str, runner: str) -> None:
        self._database = database
        self._runner = runner
        self._folder = Path(tempfile.mkdtemp(prefix="conformance-proof-", dir=_MEMORY if _MEMORY.is_dir() else None))
        self._template = self._folder / "template.sqlite3"

    def prepare(self) -> str:
        """Migrate the template in a child; what went wrong, if anything did."""
        from django.db import connection

        if connection.vendor != "sqlite":
            return ""
        broken: str = in_child(self._migrate, _PATIENCE).get("broken", "")
        return broken

    @contextmanager
    def witness(self) -> Iterator[Witness]:
        """In a child: a witness on a database of its own."""
        name = f"{self._database}_{os.getpid()}"
        found: Any = (
            copied_database(self._template, self._folder / f"{os.getpid()}")
            if self._template.exists()
            else own_database(name)
        )
        with found:
            stage = Stage(load_adapter(), RUNNERS[self._runner])
            try:
                witness = Witness(stage)
                witness.warm_up()
                yield witness
            finally:
                stage.close()

    def clean(self) -> None:
        """Remove what children left that were ended."""
        for path in self._folder.iterdir():
            if path != self._template:
                shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _migrate(self) -> dict[str, Any]:
        from django.db import connections

        with own_database(self._database) as connection:
            connections.close_all()
            shutil.copyfile(connection.settings_dict["NAME"], self._template)
        return {}
