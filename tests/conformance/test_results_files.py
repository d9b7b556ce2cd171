"""Result files: whatever happens to them, what was measured is kept and the message says what to do."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.case import Cell, ExitCode, SuiteError, Verdict
from conformance.results import ResultWriter, file_name, read_folder, read_results, resume, write_results
from conformance.results.records import cell_record, end_record, plan_record, run_record
from tests.conformance.synthetic import ATOMIC, COUNT, POSTGRESQL, SQL, SQLITE, measured, results

RUN = run_record(POSTGRESQL, seed=1, profile="ci", suite="0.1", catalogue="h")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / file_name(POSTGRESQL)


def write(path: Path, *records: dict[str, object]) -> None:
    with ResultWriter(path) as writer:
        for record in records:
            writer.write(record)


def complete(path: Path) -> None:
    write(path, RUN, plan_record([COUNT, SQL]), cell("pass"), cell("fail", SQL), end_record(2))


def cell(verdict: str, of: Cell = COUNT) -> dict[str, object]:
    return cell_record(measured(of, verdict))


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
        (b'{"type": "end", "cells": "2"}', "the `end` record: in cells: it must be of the type integer, not '2'"),
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
    path.write_text(json.dumps({**RUN, "schema": 2}) + "\n")
    assert "it has the schema 2 and this suite reads 1" in refused(path).message


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


def test_a_full_disk_keeps_what_was_measured(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a line is taken back, the message names the disk, and the writer can go on when there is room."""
    real = os.write
    with ResultWriter(path) as writer:
        writer.write(RUN)
        writer.write(plan_record([COUNT]))

        def full(descriptor: int, data: bytes) -> int:
            if len(data) > 10:
                return real(descriptor, data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("conformance.results.disk.os.write", full)
        half = {**cell("pass"), "reason": "x" * 5}
        with pytest.raises(SuiteError) as caught:
            writer.write(half)
        monkeypatch.undo()
        writer.write(half)
    assert caught.value.code is ExitCode.HARNESS
    assert caught.value.message == f"The results cannot be written to {path}: No space left on device."
    assert [item.reason for item in read_results(path).cells] == ["xxxxx"]


def test_half_a_character_does_not_stop_the_writer(path: Path) -> None:
    """The output of a process that crashed may hold anything; a result file is always text."""
    write(path, RUN, plan_record([COUNT]), {**cell("pass"), "reason": "é \udcff"})
    assert [item.reason for item in read_results(path).cells] == ["é ?"]


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A file in place of the folder, and a folder in place of the file."""
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.jsonl").mkdir()
    for path, problem in [
        (tmp_path / "file" / "x.jsonl", "Not a directory|File exists"),
        (tmp_path / "folder.jsonl", "it is not a file"),
        (Path("/dev/full"), "it is not a file"),
    ]:
        with pytest.raises(SuiteError, match=problem) as caught:
            ResultWriter(path)
        assert caught.value.code is ExitCode.HARNESS


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        ({"seed": 2}, "with another seed (1, not 2)"),
        ({"environment": SQLITE.as_dict()}, "with another environment"),
        ({"catalogue": "i", "profile": "full"}, "with another catalogue (h, not i) and another profile (ci, not full)"),
    ],
)
def test_records_of_another_run_are_never_appended(path: Path, other: dict[str, object], difference: str) -> None:
    """The writer names what differs, and the file stays as it was."""
    complete(path)
    before = path.read_bytes()
    with ResultWriter(path) as writer, pytest.raises(SuiteError) as caught:
        writer.write({**RUN, **other})
    assert difference in caught.value.message
    assert path.read_bytes() == before


def test_a_record_out_of_order_is_refused(path: Path) -> None:
    """What the reader would refuse is not written."""
    with ResultWriter(path) as writer:
        with pytest.raises(SuiteError, match="a `plan` record came before the `run` record"):
            writer.write(plan_record([COUNT]))
        writer.write(RUN)
        with pytest.raises(SuiteError, match=f"{COUNT} is not in its plan"):
            writer.write(cell("pass"))


def test_the_same_run_goes_on_where_it_stopped(path: Path) -> None:
    """What is measured is known, a cut line is dropped, and only what is new is written."""
    write(path, RUN, plan_record([COUNT, SQL]), cell("pass"))
    path.write_bytes(path.read_bytes() + b'{"type": "ce')
    with ResultWriter.resume(path, RUN, [COUNT, SQL]) as (writer, done):
        writer.write(cell("fail", SQL))
        writer.write(end_record(2))
        writer.write(end_record(2))
    assert done == {COUNT: Verdict("pass")}
    assert [json.loads(line)["type"] for line in path.read_text().splitlines()] == [
        "run",
        "plan",
        "cell",
        "cell",
        "end",
    ]
    assert read_results(path).complete


def test_a_plan_that_grew_is_added(path: Path) -> None:
    """Another selection of the same run adds a plan with the new cells; until they arrive the file is partial."""
    complete(path)
    with ResultWriter.resume(path, RUN, [SQL, ATOMIC]) as (writer, done):
        assert set(done) == {COUNT, SQL}
        assert not read_results(path).complete
        writer.write(cell("loud", ATOMIC))
        writer.write(end_record(1))
    read = read_results(path)
    assert (read.planned, read.complete) == ((COUNT, SQL, ATOMIC), True)


def test_another_run_sets_the_old_file_aside(path: Path) -> None:
    """Its results stay under a free name that is no longer read as results."""
    for seed in (1, 2, 3):
        assert resume(path, {**RUN, "seed": seed}) == {}
        write(path, {**RUN, "seed": seed}, plan_record([COUNT]))
    names = sorted(item.name for item in path.parent.iterdir())
    assert names == sorted([path.name, f"{path.stem}.old-1.jsonl", f"{path.stem}.old-2.jsonl"])
    assert [item.seed for item in read_folder(path.parent)] == [3]
    assert read_results(path.parent / f"{path.stem}.old-1.jsonl").seed == 1


def test_a_file_that_is_no_result_is_set_aside_too(path: Path) -> None:
    """Whatever it is, it is not deleted."""
    path.parent.mkdir()
    path.write_text("my notes\n")
    assert resume(path, RUN) == {}
    assert (path.parent / f"{path.stem}.old-1.jsonl").read_text() == "my notes\n"


def test_two_writers_never_share_a_file(path: Path) -> None:
    """The second process is refused with a message, whether it writes or resumes, until the first has ended."""
    code = (
        "import json, sys; from pathlib import Path; from conformance.case import SuiteError\n"
        "from conformance.results import ResultWriter, resume\n"
        "path, run = Path(sys.argv[1]), json.loads(sys.argv[2])\n"
        "for attempt in (lambda: ResultWriter(path).close(), lambda: resume(path, {**run, 'seed': 9})):\n"
        "    try: attempt(); print('ok')\n"
        "    except SuiteError as error: print(error.code.value, error.message)\n"
    )
    command = [sys.executable, "-c", code, str(path), json.dumps(RUN)]
    with ResultWriter(path) as writer:
        writer.write(RUN)
        during = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    after = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert during == [f"13 The results cannot be written to {path}: another process is writing to it."] * 2
    assert after == ["ok", "ok"]


def test_whole_results_are_written_and_read_back(tmp_path: Path) -> None:
    """What `write_results` writes says the same, twice the same bytes, and never overwrites something else."""
    path = tmp_path / "new" / "x.jsonl"
    whole = results({COUNT: ["pass", "fail"], SQL: "pass"})
    assert write_results(whole, path) is None
    before = path.read_bytes()
    assert write_results(read_results(path), path) is None
    assert path.read_bytes() == before
    assert write_results(results({COUNT: "pass"}), path) == tmp_path / "new" / "x.old-1.jsonl"
    assert sorted(item.name for item in path.parent.iterdir()) == ["x.jsonl", "x.old-1.jsonl"]


def test_whole_results_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    """The code is 13 and no draft stays behind."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SuiteError, match="cannot be written") as caught:
        write_results(results({COUNT: "pass"}), tmp_path / "file" / "x.jsonl")
    assert caught.value.code is ExitCode.HARNESS
