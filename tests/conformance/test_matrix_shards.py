"""A column in parts: what each part has, what a CI is told of it, and how the parts come together again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from conformance.case import Cell, SuiteError
from conformance.catalogue import load_catalogue
from conformance.cli import main
from conformance.matrix import Plan, Shard, columns_of
from conformance.results import (
    ColumnState,
    PlannedMatrix,
    file_name,
    read_folder,
    read_matrix,
    write_matrix,
    write_results,
)
from tests.conformance.synthetic import COUNT, SQLITE, results, write_catalogue

CATALOGUE = load_catalogue()
WHOLE = CATALOGUE.select(())


@pytest.mark.parametrize("count", [1, 2, 8, 40])
def test_the_parts_are_the_whole(count: int) -> None:
    """Disjoint, in order, about equally large; entries are not torn, nor from what they depend on."""
    parts = [Shard(number, count).of(WHOLE, CATALOGUE) for number in range(1, count + 1)]
    assert sorted(cell for part in parts for cell in part) == sorted(WHOLE)
    assert max(map(len, parts)) - min(map(len, parts)) < 60
    where = {cell.entry: number for number, part in enumerate(parts) for cell in part}
    for entry in CATALOGUE.entries:
        assert {where[name] for name in entry.depends_on if name in where} <= {where.get(entry.id)}
    place = {cell: number for number, cell in enumerate(WHOLE)}
    assert all(list(part) == sorted(part, key=place.__getitem__) for part in parts)


def test_a_part_of_some_entries_never_brings_others() -> None:
    """Also where an entry depends on one that was not selected."""
    cells = CATALOGUE.select(("queryset.aiter.early_stop",))
    assert Shard(1, 2).of(cells, CATALOGUE) + Shard(2, 2).of(cells, CATALOGUE) == cells


@pytest.mark.parametrize("text", ["0/8", "9/8", "1/0", "one", "1/8/2", "-1/8"])
def test_what_is_no_part_is_a_wrong_call(text: str) -> None:
    """64, with the form."""
    with pytest.raises(SuiteError, match="is not a part of a whole"):
        Shard.parse(text)
    assert main(["matrix", "--shard", text]) == 64


def test_a_plan_names_every_part_and_is_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    """What no machine can measure has no part; the rest is what `matrix` takes, with a Python that its Django has."""
    ways = ["--database", "sqlite", "--database", "postgresql-pool"]
    assert main(["plan", "--django", "4.2", "--django", "5.2", *ways, "--shards", "2", "--profile", "smoke"]) == 0
    data = json.loads(capsys.readouterr().out)
    plan = Plan.from_dict(data)
    assert plan.as_dict() == data
    assert [part.name for part in plan.parts] == [
        f"django-{way}-{number}of2" for way in ("4.2-sqlite", "5.2-sqlite", "5.2-postgresql-pool") for number in (1, 2)
    ]
    last = plan.parts[-1]
    assert last.arguments == "--django 5.2 --database postgresql-pool --shard 2/2 --profile smoke --seed 0"
    assert (last.vendor, last.python) == ("postgresql", "3.14")


def test_github_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The value of `strategy.matrix`, as a step's output takes it; too many jobs are refused with the number."""
    assert main(["plan", "--format", "github", "--django", "5.2", "--database", "sqlite"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {
        "include": [
            {
                "part": "django-5.2-sqlite",
                "python": "3.14",
                "database": "sqlite",
                "arguments": "--django 5.2 --database sqlite --profile ci --seed 0",
            }
        ]
    }
    assert main(["plan", "--format", "github", "--full", "--shards", "8"]) == 64
    assert "256 jobs of a matrix at most, and these are 320" in capsys.readouterr().err


def test_gitlab_is_given_a_pipeline(capsys: pytest.CaptureFixture[str]) -> None:
    """A job a part with the server that it needs, and one that merges all of them and judges."""
    named = ["--django", "5.2", "--database", "sqlite", "--database", "mariadb", "--expectations", "known.toml"]
    assert main(["plan", "--format", "gitlab", *named]) == 0
    pipeline = json.loads(capsys.readouterr().out)
    assert set(pipeline) == {"stages", "django-5.2-sqlite", "django-5.2-mariadb", "gate"}
    assert "services" not in pipeline["django-5.2-sqlite"]
    (server,) = pipeline["django-5.2-mariadb"]["services"]
    assert (server["alias"], pipeline["django-5.2-mariadb"]["variables"]["MYSQL_HOST"]) == ("mariadb", "mariadb")
    assert pipeline["gate"]["script"][-2] == (
        "async-orm-conformance gate --expectations known.toml conformance-results"
    )


ENTRIES = ("queryset.acount", "queryset.anew", "queryset.aslow", "atomic.coroutine")
COLUMN = {"django": "5.2", "database": "sqlite"}


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A column of the synthetic catalogue that three machines have measured, one entry or two on each."""
    monkeypatch.chdir(tmp_path)
    known = load_catalogue(write_catalogue(Path("catalogue")))
    folders = []
    for number in (1, 2, 3):
        cells = Shard(number, 3).of(known.select(()), known)
        made = results(dict.fromkeys(cells, "pass"), environment=SQLITE, digest=known.hash)
        folder = Path("parts", str(number))
        write_results(made, folder / file_name(SQLITE))
        state = ColumnState(
            "5.2",
            "sqlite",
            "begun",
            file_name(SQLITE),
            inputs=str(number),
            axes=columns_of(("5.2",), (), ("sqlite",))[0].axes,
        )
        write_matrix(
            PlannedMatrix("0.1", known.hash, 1, "ci", "asyncio.run", cells, (state,), shard=f"{number}/3"), folder
        )
        folders.append(folder)
    return folders


def merge(*arguments: object) -> int:
    return main(["merge", "--catalogue", "catalogue", "-o", "out", *map(str, arguments)])


def gate(folder: str = "out") -> int:
    return main(["gate", "--catalogue", "catalogue", folder])


def files(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}


def test_parts_in_any_order_and_number_of_steps_are_one_whole(parts: list[Path]) -> None:
    """The same bytes, with a plan that is whole, and no word of the machines."""
    assert merge(*parts) == 0
    once = files("out")
    assert merge(parts[2], parts[0], parts[1]) == 0
    assert files("out") == once
    assert main(["merge", "--catalogue", "catalogue", "-o", "two", str(parts[0]), str(parts[1])]) == 12
    assert merge("two", parts[2]) == 0
    assert files("out") == once
    matrix = read_matrix(Path("out"))
    assert matrix is not None
    assert (matrix.shard, len(matrix.cells), [column.inputs for column in matrix.columns]) == ("", 5, [""])
    assert gate() == 0


def test_a_missing_part_is_named_and_stays_unknown(parts: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """12 when it is merged, and 12 when that is judged."""
    assert merge(*parts[:2]) == 12
    assert "incomplete: part 3/3 of Django 5.2 on sqlite is missing" in capsys.readouterr().err
    assert gate() == 12


def test_a_part_twice_is_refused(parts: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """65, with both folders; a folder that is named twice is one."""
    shutil.copytree(parts[0], "parts/again")
    assert merge(*parts, "parts/again") == 65
    assert "part 1/3 of Django 5.2 on sqlite came twice, in parts/1 and in parts/again" in capsys.readouterr().err
    assert not Path("out").exists()
    assert merge(*parts, parts[0]) == 0


def test_a_foreign_part_is_refused(parts: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Of another run, another split, another environment, or a file that nobody planned there."""
    matrix = read_matrix(parts[2])
    assert matrix is not None
    for change, problem in [
        ({"seed": 2}, "parts/3 has the seed 2, and not 1"),
        ({"shard": "3/4"}, "Django 5.2 on sqlite was split into 3 and into 4 parts"),
        ({"columns": (ColumnState("5.2", "sqlite", "begun", "other.jsonl"),)}, "was measured in two environments"),
    ]:
        write_matrix(PlannedMatrix(**{**vars(matrix), **change}), parts[2])  # type: ignore[arg-type]
        assert merge(*parts) == 65
        assert problem in capsys.readouterr().err
    write_matrix(matrix, parts[2])
    shutil.copy(parts[0] / file_name(SQLITE), parts[2] / "strange.jsonl")
    assert merge(*parts) == 65
    assert "parts/3/strange.jsonl belongs to no column that was planned there" in capsys.readouterr().err


def test_a_plan_says_what_must_come(parts: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """A column of which no part came is missing, one that is not planned is foreign, and a broken plan is refused."""
    known = load_catalogue(Path("catalogue"))
    part = {"python": "", "vendor": "sqlite", "arguments": "", "asgiref": "", "name": ""}
    planned = [{**part, **COLUMN, "shard": f"{number}/3"} for number in (1, 2, 3)]
    other = {**part, "django": "6.1", "database": "sqlite", "shard": ""}
    run = {"suite": "0.1", "catalogue": known.hash, "seed": 1, "profile": "ci", "only": []}

    def write(*parts: dict[str, str], **change: object) -> None:
        Path("plan.json").write_text(json.dumps({**run, **change, "parts": parts}))

    write(*planned)
    assert merge("--plan", "plan.json", *parts) == 0
    write(*planned, other)
    assert merge("--plan", "plan.json", *parts) == 12
    assert "incomplete: Django 6.1 on sqlite is missing" in capsys.readouterr().err
    assert gate() == 12
    assert "12 incomplete: Django 6.1, asgiref ?" in capsys.readouterr().out
    write(*planned[:2])
    assert merge("--plan", "plan.json", *parts) == 65
    assert "part 3/3 of Django 5.2 on sqlite in parts/3 is no part of the plan" in capsys.readouterr().err
    write(*planned, profile="full")
    assert merge("--plan", "plan.json", *parts) == 65
    assert "parts/1 has the profile ci, and not full" in capsys.readouterr().err
    Path("plan.json").write_text("{}")
    assert merge("--plan", "plan.json", *parts) == 65
    assert "The plan in plan.json cannot be read" in capsys.readouterr().err


def test_a_part_that_breaks_off_is_named(parts: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Between two lines or inside of one: 12 for the merge and for the gate."""
    path = parts[0] / file_name(SQLITE)
    whole = path.read_bytes()
    for content in (whole[: whole.rindex(b'{"cells"')], whole[:-3], whole[: whole.rindex(b'"type": "cell"')]):
        path.write_bytes(content)
        assert merge(*parts) == 12
        assert f"incomplete: {path} breaks off: " in capsys.readouterr().err
    assert gate() == 12


def test_a_part_that_never_began_is_named(parts: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason that the machine had."""
    matrix = read_matrix(parts[1])
    assert matrix is not None
    (parts[1] / file_name(SQLITE)).unlink()
    state = ColumnState("5.2", "sqlite", "failed", reason="no Python for it")
    write_matrix(PlannedMatrix(**{**vars(matrix), "columns": (state,)}), parts[1])  # type: ignore[arg-type]
    assert merge(*parts) == 12
    assert "part 2/3 of Django 5.2 on sqlite in parts/2 was not measured: no Python for it" in capsys.readouterr().err
    assert gate() == 12


def test_a_part_that_was_changed_is_refused(parts: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """65, with the file and the line, for the merge and for the gate."""
    path = parts[0] / file_name(SQLITE)
    path.write_text(path.read_text().replace('"verdict": "pass"', '"verdict": "n/a"', 1))
    assert merge(*parts) == 65
    error = capsys.readouterr().err
    assert f"{path} is not a result file of this suite: line" in error
    assert "what stands before it was changed after it was written" in error
    assert gate(str(parts[0])) == 65


def test_what_was_measured_elsewhere_stays_beside_the_parts(parts: list[Path]) -> None:
    """A plain result file is merged as it always was."""
    one = results({COUNT: "pass"}, digest=load_catalogue(Path("catalogue")).hash)
    write_results(one, Path("alone") / file_name(one.environment))
    assert merge(*parts, "alone") == 0
    assert {len(found.planned) for found in read_folder(Path("out"))} == {1, 5}
    assert Cell("queryset.acount", "sql") not in read_folder(Path("out"))[0].planned
