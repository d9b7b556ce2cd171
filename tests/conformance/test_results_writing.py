"""Writing result files: nothing that was measured is lost, and no two runs are mixed."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.case import ExitCode, SuiteError, Verdict
from conformance.results import ResultWriter, file_name, read_folder, read_results, resume, write_results
from conformance.results.disk import write_atomically
from conformance.results.records import end_record, plan_record
from tests.conformance.records import RUN, cell, complete, write
from tests.conformance.synthetic import ATOMIC, COUNT, POSTGRESQL, SQL, SQLITE, results


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / file_name(POSTGRESQL)


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


def test_a_lock_is_in_nobodys_way_once_its_process_has_ended(path: Path) -> None:
    """The file that a killed process left is used again, and goes away with the lock."""
    path.parent.mkdir()
    lock = path.with_name(f".{path.name}.lock")
    lock.touch()
    complete(path)
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be replaced, the old content stays and the draft goes."""
    path = tmp_path / "new" / "x"
    write_atomically(path, b"old")

    def denied(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "replace", denied)
    with pytest.raises(PermissionError):
        write_atomically(path, b"new")
    assert [(item.name, item.read_bytes()) for item in path.parent.iterdir()] == [("x", b"old")]
