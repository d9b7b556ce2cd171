"""Reading result files: whatever happened to them, what was measured is kept and the message says what to do."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from conformance.case import ExitCode, SuiteError
from conformance.results import SCHEMA_VERSION, file_name, lines, read_folder, read_results
from conformance.results.model import results_schema
from conformance.results.records import cell_record, plan_record
from tests.conformance.records import RUN, cell, complete, write
from tests.conformance.synthetic import COUNT, POSTGRESQL, SQL, measured


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / file_name(POSTGRESQL)


def refused(path: Path) -> SuiteError:
    with pytest.raises(SuiteError) as caught:
        read_results(path)
    return caught.value


def test_what_is_written_is_read_back(path: Path) -> None:
    """A run, its plan, its cells and its end come back as they went in."""
    complete(path)
    read = read_results(path)
    assert (read.environment, read.seed, read.planned, read.complete) == (POSTGRESQL, 1, (COUNT, SQL), True)
    assert read.cells == (measured(COUNT, "pass"), measured(SQL, "fail"))


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_cut_last_line_makes_the_file_partial(path: Path, cut: int) -> None:
    """The complete lines before it are kept, even if the cut is inside of a character."""
    write(path, RUN, plan_record([COUNT, SQL]), cell("pass"))
    line = json.dumps({"type": "end", "é": "é"}, ensure_ascii=False).encode()
    path.write_bytes(path.read_bytes() + line[: len(line) - cut])
    read = read_results(path)
    assert not read.complete
    assert read.missing == (SQL,)


def test_bytes_after_the_end_make_the_file_partial(path: Path) -> None:
    """Something began after the `end` record and never arrived."""
    complete(path)
    path.write_bytes(path.read_bytes() + b'{"type": "pl')
    assert not read_results(path).complete


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "it is not JSON: Expecting property name enclosed in double quotes"),
        (b"\xff\xfe\x00\x9c", "it is not UTF-8 text"),
        (b"\x00\x01", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "it is not a JSON object"),
        (b'{"type": "cells"}', "its type is 'cells', not one of run, plan, cell, end"),
        (b'{"type": ["run"]}', "its type is ['run']"),
        (b'{"type": "plan"}', "the `plan` record: `cells` is missing"),
        (b'{"type": "plan", "cells": ["x"]}', "in cells, number 1: it must be a cell, ENTRY:CHECK, not 'x'"),
        (
            b'{"type": "end", "cells": "2", "sha256": "' + b"0" * 64 + b'"}',
            "the `end` record: in cells: it must be of the type integer, not '2'",
        ),
        (b'{"type": "end", "cells": 2, "cell": 1}', "`cell` is not a known name; did you mean `cells`?"),
    ],
)
def test_a_broken_line_is_named(path: Path, line: bytes, problem: str) -> None:
    """The message has the file, the line and one sentence, and the code is 65."""
    write(path, RUN, plan_record([COUNT]))
    path.write_bytes(path.read_bytes() + line + b"\n" + json.dumps(cell("pass")).encode() + b"\n")
    error = refused(path)
    assert error.code is ExitCode.BAD_INPUT
    assert error.message.startswith(f"{path} is not a result file of this suite: line 3: ")
    assert problem in error.message
    assert len(error.message) < 600
    assert error.remedy.startswith("Delete the file and measure again")


@pytest.mark.parametrize("verdict", ["good", "unknown", "flaky 0/0", "flaky 3/2"])
def test_an_impossible_verdict_is_refused(path: Path, verdict: str) -> None:
    """A verdict that no measurement can have is a broken line, not a traceback."""
    write(path, RUN, plan_record([COUNT]), {**cell("pass"), "verdict": verdict})
    assert refused(path).code is ExitCode.BAD_INPUT


def test_another_schema_version_is_refused_by_its_number(path: Path) -> None:
    """A file of another version of the format says so."""
    path.parent.mkdir()
    path.write_text(json.dumps({**RUN, "schema": SCHEMA_VERSION + 1}) + "\n")
    assert f"it has the schema {SCHEMA_VERSION + 1} and this suite reads {SCHEMA_VERSION}" in refused(path).message


def test_the_order_of_records_is_checked(path: Path) -> None:
    """No plan before the run, no second run, no cell that no plan names."""
    path.parent.mkdir()
    for records, problem in [
        ([plan_record([COUNT])], "line 1: it does not begin with a `run` record"),
        ([RUN, RUN], "line 2: a second `run` record: two runs are in one file"),
        ([RUN, plan_record([SQL]), cell("pass")], f"line 3: no plan before it names {COUNT}"),
    ]:
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        assert problem in refused(path).message


def test_an_empty_file_is_an_interrupted_run(path: Path) -> None:
    """Nothing is broken in it: the code is 12, and the remedy is to go on."""
    write(path)
    error = refused(path)
    assert (error.code, error.message) == (
        ExitCode.INCOMPLETE,
        f"{path} is empty: the run was interrupted before its first record.",
    )


def test_a_run_without_plan_is_partial(path: Path) -> None:
    """A worker that died right after it said where it runs has planned nothing."""
    write(path, RUN)
    read = read_results(path)
    assert (read.planned, read.complete) == ((), False)


def test_a_folder_or_nothing_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    """The message says what is there instead."""
    assert refused(tmp_path).message == f"The results in {tmp_path} cannot be read: it is not a file but a folder."
    assert "No such file or directory" in refused(tmp_path / "none.jsonl").message


def test_a_file_without_permission_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's reason is in the message, also for a user that may read everything."""
    complete(path)

    def denied(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    error = refused(path)
    assert (error.code, error.message) == (
        ExitCode.BAD_INPUT,
        f"The results in {path} cannot be read: Permission denied.",
    )


def test_a_folder_without_results_is_incomplete(tmp_path: Path) -> None:
    """An empty folder and one that does not exist say how to measure."""
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(SuiteError, match="There are no results in") as caught:
            read_folder(folder)
        assert caught.value.code is ExitCode.INCOMPLETE


CELL_RECORD = cell_record(measured(COUNT, "pass"))
SHOWN = {"code": ["a"], "rows": [], "sql": [["SELECT 1"]], "threads": [], "hops": 0, "source": ""}
TABLE = {"model": "Post", "columns": ["id"], "rows": [["1"]]}


FAILURE = {"message": "wrong", "sql": ["SELECT 1"], "rows": [TABLE], "stack": ""}


@pytest.mark.parametrize("failure", [FAILURE, {"message": ""}])
def test_a_failure_that_the_first_look_accepts_the_schema_accepts(failure):
    """Most cells that did not pass have one."""
    record = {**CELL_RECORD, "failure": failure}
    assert lines._is_plain(record)
    assert lines._checker("cell").problem(record) is None


def test_the_first_look_knows_what_a_failure_may_have():
    """As the schema does."""
    assert lines._failure_kinds().keys() == results_schema()["$defs"]["failure"]["properties"].keys()


PLAN = {"type": "plan", "cells": ["queryset.acount:result"], "entries": {"queryset.acount": "0f"}}


@pytest.mark.parametrize(
    ("change", "right"),
    [
        ({}, True),
        ({"cells": []}, True),
        ({"entries": {}}, True),
        ({"cells": None}, False),
        ({"cells": ["queryset"]}, False),
        ({"cells": [1]}, False),
        ({"entries": []}, False),
        ({"entries": {"queryset.acount": "G"}}, False),
        ({"entries": {"queryset.acount": 1}}, False),
        ({"more": 1}, False),
    ],
)
def test_a_plan_is_looked_at_quickly_as_well(change, right):
    """The first look and the schema agree."""
    record = {**PLAN, **change}
    assert lines._is_plan(record) is right
    assert (lines._checker("plan").problem(record) is None) is right


@pytest.mark.parametrize("shown", [SHOWN, {**SHOWN, "rows": [TABLE]}, {**SHOWN, "hops": 2}])
def test_what_the_first_look_accepts_the_schema_accepts(shown):
    """A cell is looked at quickly first: what passes there is a record of the schema."""
    record = {**CELL_RECORD, "shown": shown}
    assert lines._is_plain(record)
    assert lines._checker("cell").problem(record) is None


@pytest.mark.parametrize(
    "change",
    [
        {"attempt": 0},
        {"attempt": True},
        {"examples": -1},
        {"reason": None},
        {"cell": "no cell"},
        {"verdict": "unknown"},
        {"more": 1},
        {"shown": {**SHOWN, "hops": -1}},
        {"shown": {**SHOWN, "code": "a"}},
        {"shown": {**SHOWN, "sql": ["SELECT 1"]}},
        {"shown": {**SHOWN, "rows": [{**TABLE, "columns": [1]}]}},
        {"shown": {"code": []}},
        {"failure": {}},
        {"failure": "wrong"},
        {"failure": {"message": 1}},
        {"failure": {"message": "wrong", "more": ""}},
        {"failure": {"message": "wrong", "sql": "SELECT 1"}},
        {"failure": {"message": "wrong", "rows": [{}]}},
    ],
)
def test_what_the_schema_refuses_the_first_look_does_not_accept(change):
    """It is the schema that says what is wrong."""
    record = {**CELL_RECORD, **change}
    assert lines._checker("cell").problem(record) is not None
    assert not lines._is_plain(record)
