"""Which statements a test sends, kept in a file beside it and compared with later runs.

One file a test, so that the workers of a distributed run never write the same. A statement counts by its fingerprint,
whatever the order: tasks that run at once send theirs in any.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pytest_async_orm import arguments
from pytest_async_orm.files import write_whole
from pytest_async_orm.messages import snapshots as messages
from pytest_async_orm.recording.blocks import Check, QueryBlock
from pytest_async_orm.recording.log import QueryLog
from pytest_async_orm.records import Query

FOLDER = "__query_snapshots__"


class QuerySnapshot:
    """The snapshots of one test. `with query_snapshot():` compares a block; unused, it compares the whole test."""

    def __init__(self, test: str, module: Path, *, update: bool) -> None:
        """`test` is the test's id, `module` the file that it stands in."""
        self._test = test
        self._folder = module.parent / FOLDER / module.stem
        self._update = update
        self.names: set[str] = set()

    def __call__(self, name: str = "") -> QueryBlock:
        """Compare a block's queries. A test with several blocks names them. Raises ValueError for a name used twice,
        TypeError for one that is no text."""
        arguments.check_name("name", name)
        if name in self.names:
            raise ValueError(messages.name_used_twice(name))
        self.names.add(name)
        return QueryBlock(self.check(name))

    def check(self, name: str = "") -> Check:
        """The check of one block's queries; with `update` it writes the file and finds nothing wrong."""
        path = self.path(name)

        def compare(log: QueryLog) -> str | None:
            found = rendered(log)
            if self._update:
                _write(path, found)
                return None
            return self._difference(path, found)

        return compare

    def path(self, name: str = "") -> Path:
        """The file of one block's snapshot: in `__query_snapshots__` beside the test's module, named by the test."""
        title = self._test.partition("::")[2]
        label = f"{title}.{name}" if name else title
        slug = re.sub(r"[^\w.-]+", "-", label).strip("-")[:80]
        if slug != label:
            slug += f"-{hashlib.sha256(label.encode()).hexdigest()[:8]}"
        return self._folder / f"{slug}.sql"

    def _difference(self, path: Path, found: str) -> str | None:
        shown = _relative(path)
        try:
            kept = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return messages.missing(shown)
        except (OSError, UnicodeDecodeError) as error:
            return messages.unreadable(shown, str(error))
        if kept == found:
            return None
        import difflib

        lines = difflib.unified_diff(kept.splitlines(), found.splitlines(), "snapshot", "this run", lineterm="", n=1)
        return messages.different(shown, list(lines))


def rendered(queries: Iterable[Query]) -> str:
    """The file's text: how often each statement is sent, sorted."""
    counted = Counter((query.fingerprint, query.alias) for query in queries)
    lines = sorted(
        f"{number} x {shape}{'' if alias == 'default' else f'  [{alias}]'}"
        for (shape, alias), number in counted.items()
    )
    return "".join(f"{line}\n" for line in lines) or "no query\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


def _relative(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
