"""What a newcomer reads first: the list of commands, and what to do when a name or a file is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli import main
from conformance.results import file_name, write_results
from tests.conformance.synthetic import POSTGRESQL, SQL, catalogue, results


@pytest.mark.parametrize("group", [[], ["expect"]])
def test_the_list_of_commands_has_whole_sentences(group: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """None is cut off where a line of a terminal ends."""
    assert main([*group, "--help"]) == 0
    lines = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert lines
    assert all(line.startswith("  ") and line.endswith(".") and not line.endswith("..") for line in lines), lines


@pytest.mark.parametrize("command", [["gate"], ["expect", "lint"], ["expect", "update"]])
@pytest.mark.usefixtures("synthetic_folder")
def test_a_file_of_expectations_that_is_not_there(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """65, and how to come by one."""
    assert main([*command, "--expectations", "none.toml"]) == 65
    assert capsys.readouterr().err == (
        "error: The expectations in none.toml cannot be read: No such file or directory.\n"
        "  Name yours with --expectations, or let `async-orm-conformance expect init` write one from results.\n"
    )


@pytest.mark.usefixtures("synthetic_folder")
def test_where_nothing_is_wrong_no_rule_waits_for_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """The file is written all the same: a gate may name it from now on."""
    write_results(results({SQL: "pass"}, digest=catalogue(Path()).hash), Path("r", file_name(POSTGRESQL)))
    assert main(["expect", "init", "r", "--catalogue", "catalogue"]) == 0
    assert capsys.readouterr().out == "expectations.toml: 0 rules, there is nothing to expect\n"


def test_a_program_of_another_check_is_pointed_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever names the wrong check of an entry learns which of its checks failed."""
    failed = results({SQL: "fail"}, digest=catalogue(tmp_path).hash)
    write_results(failed, tmp_path / "results" / file_name(POSTGRESQL))
    assert main(["repro", "queryset.acount:result", str(tmp_path / "results")]) == 64
    assert capsys.readouterr().err == (
        "error: These results have no failure of queryset.acount:result, but of queryset.acount:sql.\n"
        "  Print that one with `async-orm-conformance repro queryset.acount:sql`, or name other results.\n"
    )
