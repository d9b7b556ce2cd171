"""In which release a verdict changed: what to measure next, ranges, the list of releases, what is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.case import Cell, ExitCode, SuiteError
from conformance.history import (
    HistoryLine,
    at_most,
    histories,
    known_releases,
    measured_releases,
    next_releases,
    open_gaps,
    ranges_of,
    ranges_text,
    series_of,
)
from conformance.history.kept import entry_verdicts
from conformance.history.releases import named_releases
from conformance.results import file_name, write_results
from tests.conformance.synthetic import COUNT, SQL, SQLITE, catalogue, results

RELEASES = [f"{series}{last}" for series in ("4.1", "4.2") for last in ("", *(f".{n}" for n in range(1, 14)))] + ["5.0"]


def searched(releases: list[str], truth: Mapping[str, str]) -> dict[str, str]:
    """What a search through the releases has measured when nothing is left to measure."""
    known: dict[str, str] = {}
    while wanted := next_releases(releases, known):
        assert not known.keys() & set(wanted), "nothing is measured twice"
        left = at_most(releases, known)
        known.update({version: truth[version] for version in wanted})
        assert left >= len(wanted)
    return known


def truth(*changes: tuple[str, str]) -> dict[str, str]:
    """A verdict for each release: each change holds from its release on, in the order of versions."""
    found, verdicts = "absent", {}
    steps = dict(changes)
    for version in RELEASES:
        found = steps.get(version, found)
        verdicts[version] = found
    return verdicts


@pytest.mark.parametrize(
    ("changes", "most", "text"),
    [
        ([], 5, "absent in every release (4.1–5.0)"),
        ([("4.2", "pass")], 5, "absent until 4.2 · pass since 4.2"),
        ([("4.1.9", "fail"), ("4.2", "pass")], 9, "absent until 4.1.9 · fail 4.1.9–4.1.13 · pass since 4.2"),
        ([("4.1.1", "fail")], 9, "absent until 4.1.1 · fail since 4.1.1"),
        ([("4.1.13", "fail"), ("4.2", "pass")], 9, "absent until 4.1.13 · fail 4.1.13 · pass since 4.2"),
        (
            [("4.1", "fail"), ("4.1.4", "silent"), ("4.1.8", "pass")],
            11,
            "fail until 4.1.4 · silent 4.1.4–4.1.7 · pass since 4.1.8",
        ),
        ([("4.2.5", "pass"), ("5.0", "absent")], 9, "absent until 4.2.5 · pass 4.2.5–4.2.13 · absent since 5.0"),
    ],
)
def test_every_change_is_found_in_its_release(changes: list[tuple[str, str]], most: int, text: str) -> None:
    """By binary search in each series; a change that was backported shows in both, and far fewer are measured."""
    verdicts = truth(*changes)
    known = searched(RELEASES, verdicts)
    assert ranges_text(ranges_of(RELEASES, known)) == text
    assert open_gaps(RELEASES, known) == ()
    assert len(known) <= most


@given(st.lists(st.sampled_from(["absent", "fail", "pass"]), min_size=len(RELEASES), max_size=len(RELEASES)))
def test_whatever_the_verdicts_are_what_is_said_to_change_there_does(verdicts: list[str]) -> None:
    """Each range that begins at all begins in the release that is named, also where verdicts go to and fro."""
    real = dict(zip(RELEASES, verdicts, strict=True))
    known = searched(RELEASES, real)
    assert open_gaps(RELEASES, known) == ()
    for found in ranges_of(RELEASES, known):
        before = RELEASES.index(found.first) - 1
        assert found.exact
        assert found.begins or real[RELEASES[before]] != real[found.first] == found.verdict


def test_a_change_that_was_taken_back_is_found_among_every_release() -> None:
    """Between two ends that agree nothing is measured, unless every release is asked for."""
    real = {**truth(("4.1", "pass")), "4.1.5": "fail", "4.1.6": "fail"}
    assert ranges_text(ranges_of(RELEASES, searched(RELEASES, real))) == "pass in every release (4.1–5.0)"
    assert next_releases(RELEASES, {"4.1": "pass"}, every=True) == tuple(RELEASES[1:])
    assert at_most(RELEASES, {"4.1": "pass"}, every=True) == len(RELEASES) - 1
    assert next_releases(RELEASES, real, every=True) == ()
    assert ranges_text(ranges_of(RELEASES, real)) == "pass until 4.1.5 · fail 4.1.5–4.1.6 · pass since 4.1.7"


def test_releases_that_cannot_be_measured_are_no_more_work() -> None:
    """They are searched as a verdict is; where a change may be in one of them, the range says so."""
    verdicts = {**truth(("4.1.7", "pass")), **dict.fromkeys(RELEASES[:6], "failed"), "4.1.6": "failed"}
    known = searched(RELEASES, verdicts)
    measured = {version: verdict for version, verdict in known.items() if verdict != "failed"}
    assert ranges_text(ranges_of(RELEASES, measured)) == "pass in every release (4.1.7–5.0)"
    assert len(known) <= 9
    known = searched(RELEASES, {**truth(("4.1.7", "pass")), "4.1.6": "failed"})
    del known["4.1.6"]
    assert ranges_text(ranges_of(RELEASES, known)) == "absent until 4.1.7 or earlier · pass since 4.1.7 or earlier"


def test_what_was_interrupted_says_where_it_does_not_know() -> None:
    """Two ends that differ are a gap until neighbours are measured."""
    known = {"4.1": "absent", "4.1.13": "fail", "4.2": "fail", "5.0": "pass"}
    assert ranges_text(ranges_of(RELEASES, known)) == (
        "absent until 4.1.13 or earlier · fail 4.1.13 or earlier–4.2 · pass since 5.0 or earlier"
    )
    known = {"4.1": "absent", "4.1.13": "fail", "4.2": "fail"}
    assert open_gaps(RELEASES, known) == (("4.1", "4.1.13"),)
    assert at_most(RELEASES, known) == 2 + 4  # the ends of 4.2 and 5.0, and a search among twelve


def test_series_are_told_by_numbers() -> None:
    """3.10 is a series after 3.9, and no release of 3.1."""
    assert [series_of(version) for version in ("3.10", "3.10.1", "3.1", "6.1.2")] == ["3.10", "3.10", "3.1", "6.1"]
    assert named_releases(["3.10.1", "3.9", "3.10.1"]) == ["3.9", "3.10.1"]
    with pytest.raises(SuiteError, match=r"'6\.1rc1' is not a release\."):
        named_releases(["6.1rc1"])


def index(folder: Path) -> str:
    """An index as PyPI has it, with a withdrawn release, a pre-release and one without files."""
    file, yanked = [{"yanked": False}], [{"yanked": True}]
    releases = {"5.2": file, "4.2.10": file, "4.2.9": file, "5.0": yanked, "6.0a1": file, "5.1": [], "odd-name": file}
    requires = {"requires_dist": ["asgiref<4,>=3.6.0", "sqlparse>=0.3.1"]}
    asgirefs = dict.fromkeys(("3.5.2", "3.10.0", "3.6.0"), file)
    for name, document in (
        ("Django", {"releases": releases}),
        ("Django/4.2.10", {"info": requires}),
        ("asgiref", {"releases": asgirefs}),
    ):
        path = folder / name / "json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
    return folder.as_uri()


def test_releases_are_final_and_installable(tmp_path: Path) -> None:
    """Sorted by number; of asgiref those that the Django accepts."""
    url = index(tmp_path / "index")
    assert known_releases("django", tmp_path, index=url) == (["4.2.9", "4.2.10", "5.2"], "")
    assert known_releases("asgiref", tmp_path, django="4.2.10", index=url) == (["3.6.0", "3.10.0"], "")


def test_without_a_network_the_releases_of_before_are_known(tmp_path: Path) -> None:
    """With a remark; what was never asked for is an error that says what to do."""
    known_releases("django", tmp_path, index=index(tmp_path / "index"))
    gone = (tmp_path / "nowhere").as_uri()
    releases, remark = known_releases("django", tmp_path, index=gone)
    assert releases == ["4.2.9", "4.2.10", "5.2"]
    assert remark.startswith(f"{gone} does not answer (")
    assert remark.endswith("the releases are those that it named before")
    with pytest.raises(SuiteError, match="The releases of asgiref are not known") as caught:
        known_releases("asgiref", tmp_path, django="4.2.10", index=gone)
    assert caught.value.code is ExitCode.HARNESS
    assert caught.value.remedy.startswith("Connect to the network")


class _Index(SimpleHTTPRequestHandler):
    """Files of a folder, without a word on each request."""

    def log_message(self, *_: object) -> None: ...


def test_an_index_that_does_not_tell_of_single_releases(tmp_path: Path) -> None:
    """Every asgiref is looked at: the installer says which do not fit."""
    index(tmp_path / "index")
    (tmp_path / "index/Django/4.2.10/json").unlink()
    handler = partial(_Index, directory=str(tmp_path / "index"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        found = known_releases("asgiref", tmp_path, django="4.2.10", index=url)
        server.shutdown()
    assert found == (["3.5.2", "3.6.0", "3.10.0"], "")


@pytest.mark.parametrize("url", ["ftp://x", "nonsense"])
def test_an_index_is_an_address(url: str, tmp_path: Path) -> None:
    """What is not one is said to be none."""
    with pytest.raises(SuiteError, match="is not the address of an index"):
        known_releases("django", tmp_path, index=url)


LINE = HistoryLine("django", "sqlite")


def keep(folder: Path, django: str, verdicts: dict[Cell, str | list[str]], line: HistoryLine = LINE) -> None:
    """Keep what was measured of a release."""
    environment = replace(SQLITE, django=django)
    written = results(verdicts, environment=environment, digest=catalogue(folder).hash)
    write_results(written, line.folder(folder) / file_name(environment))


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    """By release; of another seed nothing, and a release without all answers is not measured."""
    keep(tmp_path, "4.2.1", {COUNT: "fail", SQL: "pass"})
    keep(tmp_path, "4.2.2", {COUNT: ["pass", "fail"]})
    found = measured_releases(LINE, tmp_path, catalogue(tmp_path), seed=1, profile="ci")
    assert entry_verdicts(found, [COUNT]) == {"4.2.1": {"result": "fail"}, "4.2.2": {"result": "flaky"}}
    assert entry_verdicts(found, [COUNT, SQL]) == {"4.2.1": {"result": "fail", "sql": "pass"}}
    assert measured_releases(LINE, tmp_path, catalogue(tmp_path), seed=2, profile="ci") == {}
    assert (
        measured_releases(replace(LINE, database="mariadb"), tmp_path, catalogue(tmp_path), seed=1, profile="ci") == {}
    )


def test_a_report_reads_every_history(tmp_path: Path) -> None:
    """Each entry with the ranges of its verdict and of its checks; a single release is no history."""
    asgiref = HistoryLine("asgiref", "sqlite", "4.2.10")
    keep(tmp_path, "4.2.1", {COUNT: "fail", SQL: "pass"})
    keep(tmp_path, "4.2.2", {COUNT: "pass", SQL: "pass"})
    keep(tmp_path, "4.2.10", {COUNT: "pass"}, line=asgiref)
    (history,) = histories(tmp_path, catalogue(tmp_path))
    assert (history.entry.id, history.line) == ("queryset.acount", LINE)
    assert ranges_text(history.ranges) == "fail until 4.2.2 · pass since 4.2.2"
    assert {name: ranges_text(found) for name, found in history.checks.items()} == {
        "result": "fail until 4.2.2 · pass since 4.2.2",
        "sql": "pass in every release (4.2.1–4.2.2)",
    }


def test_a_report_knows_of_releases_that_were_not_measured(tmp_path: Path) -> None:
    """A change between two that are no neighbours may be earlier than it was seen."""
    known_releases("django", tmp_path / "history", index=index(tmp_path / "index"))
    keep(tmp_path, "4.2.9", {COUNT: "fail"})
    keep(tmp_path, "5.2", {COUNT: "pass"})
    (history,) = histories(tmp_path, catalogue(tmp_path))
    assert ranges_text(history.ranges) == "fail until 5.2 or earlier · pass since 5.2 or earlier"
    assert open_gaps(history.releases, history.outcomes) == (("4.2.9", "5.2"),)


@pytest.mark.parametrize("line", [LINE, HistoryLine("asgiref", "postgresql-pool", "4.2.10")])
def test_a_folder_says_what_it_holds(line: HistoryLine, tmp_path: Path) -> None:
    """The name of a line's folder gives the line."""
    assert HistoryLine.of(line.folder(tmp_path)) == line
    assert HistoryLine.of(tmp_path / "planted") is None
