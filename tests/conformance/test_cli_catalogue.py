"""`list`, `show` and `schema`: what the catalogue says of an entry, a claim and a check."""

from __future__ import annotations

import json
import sys

import pytest

from conformance.catalogue.words import WORDS
from conformance.cli import main
from tests.conformance.synthetic import COUNT, SQL

pytestmark = pytest.mark.usefixtures("synthetic_folder")


def test_list_prints_one_line_an_entry(capsys: pytest.CaptureFixture[str]) -> None:
    """Separated by tabs where there is no terminal; a pattern selects."""
    assert main(["list", "--catalogue", "catalogue", "atomic"]) == 0
    assert capsys.readouterr().out == "atomic.coroutine\tmust\trefused\tAtomic refuses\n"
    assert main(["list", "--catalogue", "catalogue", "queryset.*", "atomic.coroutine:refused"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_list_prints_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The same facts in columns."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["list", "--catalogue", "catalogue"]) == 0
    out = capsys.readouterr().out
    assert "queryset.acount" in out
    assert "\t" not in out


def test_show_prints_all_of_an_entry_and_of_a_claim(capsys: pytest.CaptureFixture[str]) -> None:
    """What is checked, with which oracles, where it is documented, what each check kills."""
    assert main(["show", "queryset.acount", "--catalogue", "catalogue"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("queryset.acount  Count rows\n  must, required, operation of the area queryset; isolation: r")
    assert "  documented: works, since Django 4.1\n" in out
    assert "  check sql: sync-twin\n    kills: planted (fail)\n" in out
    assert main(["show", "O1", "--catalogue", "catalogue"]) == 0
    out = capsys.readouterr().out
    assert out == f"O1  Counting works.\n  predicts: pass\n  measured by {COUNT}\n  measured by {SQL}\n"


def test_show_prints_a_check_with_its_judge(capsys: pytest.CaptureFixture[str]) -> None:
    """What the judge asks, how it knows, what must have been seen, whether it gates, what proves it."""
    assert main(["show", "queryset.acount:result"]) == 0
    assert capsys.readouterr().out == (
        "queryset.acount:result  Count the rows, on a filtered queryset\n"
        "  the judge `result` asks: Does it give the same value, of the same type?\n"
        "  it knows by sync-twin: the same call on the same rows through the synchronous API\n"
        "  a pass counts only if this was seen: varied_results\n"
        "  gates: yes\n"
        "  proved by generated defects: async-orm-conformance selfcheck --only queryset.acount\n"
        "  measure it: async-orm-conformance run --only queryset.acount:result\n"
    )
    assert main(["show", "queryset.acount:declaration"]) == 0
    assert "gates: no, because the check is only observed: nothing promises what it asks" in capsys.readouterr().out
    assert main(["show", "queryset.acount:sql", "--catalogue", "catalogue"]) == 0
    out = capsys.readouterr().out
    assert "  code of its own, for this entry alone\n" in out
    assert "  proved by the planted defect planted, which must make it fail\n" in out
    assert main(["show", "workaround.w2.sample_app:bystander"]) == 0
    assert "  code of its own asks: In the middle of a use another task writes without it" in capsys.readouterr().out
    assert main(["show", "queryset.aslow:result", "--catalogue", "catalogue"]) == 0
    assert "gates: no, because its entry has the level `observe`" in capsys.readouterr().out
    assert main(["show", "queryset.acount:resul"]) == 64
    assert "There is no check of queryset.acount called 'resul'.\n  Did you mean result" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        (["list", "acount"], "Did you mean queryset.acount or "),
        (["show", "acount"], "Did you mean queryset.acount or "),
        (["list", "queryst"], "Did you mean queryset or "),
        (["list", "auth.usr"], "Did you mean auth.user or "),
        (["list", "queryset.acuont"], "Did you mean queryset.acount or "),
        (["list", "nonsense"], "`async-orm-conformance list` prints every id."),
    ],
)
def test_a_name_that_does_not_exist_suggests_what_was_meant(
    command: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last part of an id alone, an area that is mistyped, an entry; nothing where nothing is alike."""
    assert main(command) == 64
    assert capsys.readouterr().err.splitlines()[1].strip().startswith(hint)


def test_show_prints_the_rule_of_a_workaround(capsys: pytest.CaptureFixture[str]) -> None:
    """Every word in the order in which it is decided, and what is left out of the count; an operation has none."""
    assert main(["show", "workaround.w2.sample_app"]) == 0
    out = capsys.readouterr().out
    assert "  its word, computed from the checks above; the first that is true:\n    unsafe: in one of its" in out
    assert all(f"    {word}: {rule}\n" in out for word, rule in WORDS.items())
    assert "    not counted: late, which tells `finishes after cancel` from `safe`\n" in out
    assert main(["show", "related.aiterator"]) == 0
    out = capsys.readouterr().out
    assert "its word" not in out
    assert "  not asked: override, because `aiterator` is code of its own: it has no twin to call\n" in out


@pytest.mark.parametrize("name", ["results", "catalogue", "expectations"])
def test_schema_prints_a_json_schema(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of the three formats, as JSON that names itself."""
    assert main(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
