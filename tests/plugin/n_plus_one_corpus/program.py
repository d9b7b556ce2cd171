"""What a program of the corpus is, and where the lines are that a detector must name."""

from __future__ import annotations

import inspect
import linecache
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import connection

HERE = Path(__file__).resolve().parent
PROGRAMS: list[Program] = []
# "# query" and "# loop" stand inside the program; elsewhere in the corpus they name it: "# query of NAME". Where no
# statement loops, but a function that is given another one (map, a template, an executor), "# loop?" allows None too.
MARKER = re.compile(r"# (query|loop\??)(?: of (\w+))?(?=$| #)")


@dataclass(frozen=True)
class Program:
    """Code as a user has it, and what is true of it.

    `statements` counts reads and writes, not savepoints and transaction control. `query_line` is "file.py:line" of the
    repeated query; `loop_lines` are the answers that are right for its loop. `remedy` must be part of the remedy's
    text; an empty one asks nothing. `parameters`, if given, is the number that one statement may have, so that Django
    sends several.
    """

    name: str
    run: Callable[[], Any]
    positive: bool
    statements: int
    threshold: int
    query_line: str | None
    loop_lines: tuple[str | None, ...]
    remedy: str
    parameters: int | None

    @property
    def loop_line(self) -> str | None:
        return self.loop_lines[0]

    @property
    def asynchronous(self) -> bool:
        return inspect.iscoroutinefunction(self.run)

    @contextmanager
    def limits(self) -> Iterator[None]:
        """Make the database's limit of parameters a small one, on every connection.

        Which of the two a release asks, and whether it asks at all on a server, differs by operation.
        """
        if (limit := self.parameters) is None:
            yield
            return
        with (
            # A property wins over the value that an instance has cached.
            mock.patch.object(_backend(connection.features), "max_query_params", property(lambda _: limit)),
            mock.patch.object(
                _backend(connection.ops),
                "bulk_batch_size",
                lambda _, fields, objs: limit // len(fields) if fields else len(objs),
            ),
        ):
            yield


def _backend(part: object) -> type:
    """The class of the backend, not the sandbox's own: all connections inherit from it."""
    return next(kind for kind in type(part).__mro__ if kind.__module__.startswith("django.db.backends."))


def positive(statements: int, remedy: str = "", **given: Any) -> Callable[[Any], Any]:
    """Enter a program that repeats a query in a loop."""
    return _entering(True, statements, remedy, **given)


def negative(statements: int, **given: Any) -> Callable[[Any], Any]:
    """Enter a program in which nothing is wrong."""
    return _entering(False, statements, "", **given)


def _entering(
    is_positive: bool,
    statements: int,
    remedy: str,
    threshold: int = 2,
    parameters: int | None = None,
) -> Callable[[Any], Any]:
    def enter(run: Any) -> Any:
        query, loops = _marked(run)
        if (query is not None) is not is_positive:
            raise ValueError(f"{run.__name__}: a positive has a line with '# query', a negative has none")
        PROGRAMS.append(
            Program(run.__name__, run, is_positive, statements, threshold, query, loops, remedy, parameters)
        )
        return run

    return enter


def _marked(run: Any) -> tuple[str | None, tuple[str | None, ...]]:
    """Find the marked lines of a program: in its own source, or by its name in the other files of the corpus."""
    lines, first = inspect.getsourcelines(run)
    own = Path(inspect.getfile(run)).name
    found = [
        (kind, f"{own}:{first + at}") for at, line in enumerate(lines) for kind, of in MARKER.findall(line) if not of
    ]
    for file in sorted(HERE.glob("*.py")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            found += [(kind, f"{file.name}:{number}") for kind, of in MARKER.findall(line) if of == run.__name__]
    places = [place.split(":") for _, place in found]
    queries = [place for kind, place in found if kind == "query"]
    loops = [(kind, place) for kind, place in found if kind != "query"]
    if len(queries) > 1 or len(loops) > 1:
        raise ValueError(f"{run.__name__}: more than one line with '# query' or '# loop': {found}")
    if any(not re.search(r"\w", linecache.getline(str(HERE / file), int(at)).split("#")[0]) for file, at in places):
        raise ValueError(f"{run.__name__}: a marker stands on a line without code: {found}")
    if not loops:
        return next(iter(queries), None), (None,)
    kind, place = loops[0]
    return next(iter(queries), None), (place, None) if kind == "loop?" else (place,)
