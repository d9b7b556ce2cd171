"""The files that a session leaves, and what is said if they cannot be written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_async_orm.files import write_whole
from pytest_async_orm.messages import reports as messages
from pytest_async_orm.report.collecting import COLLECTED, is_controller
from pytest_async_orm.report.documents import session_document

FAILED: pytest.StashKey[list[str]] = pytest.StashKey()


def write_files(session: pytest.Session, leaks: Mapping[str, Any], notices: Sequence[Mapping[str, Any]]) -> None:
    """Write what the options ask for; `leaks` is a `leaks_document`, `notices` what the plugin tells of the session.

    A file that cannot be written fails the session, and is told in the summary.
    """
    config = session.config
    report, page = config.getoption("--async-orm-report"), config.getoption("--async-orm-html")
    if not is_controller(config) or not (report or page):
        return
    tests: list[dict[str, Any]] = config.stash.get(COLLECTED, [])
    document = session_document(tests, leaks, notices)
    # Only the page needs to know where the lines are: it leads to them.
    with_root = {**document, "root": str(config.invocation_params.dir)}
    for path, render, content in ((report, _as_json, document), (page, _as_page, with_root)):
        if path:
            _write(session, Path(path), render, content)


def _write(session: pytest.Session, path: Path, render: Callable[[dict[str, Any]], str], document: Any) -> None:
    try:
        write_whole(path, render(document))
    except OSError as error:
        session.config.stash.setdefault(FAILED, []).append(messages.not_written(str(path), str(error)))
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR


def _as_json(document: dict[str, Any]) -> str:
    # In ASCII: parameters may hold what no encoding has, such as half a surrogate pair.
    return json.dumps(document, indent=1) + "\n"


def _as_page(document: dict[str, Any]) -> str:
    from pytest_async_orm.report.page import page

    return page(document)
