"""Every argument of everything public: what is unknown or of another type is an error that names what there is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import pytest_async_orm
from pytest_async_orm import QueryLog, fixtures, markers, record_queries
from pytest_async_orm.leaks.ledger_view import ConnectionLedger
from pytest_async_orm.recording.snapshots import QuerySnapshot

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

UNKNOWN_ALIAS = r"is 'defualt': use one of 'default', 'other'\. Did you mean 'default'\?"
USING = [("using", "defualt", ValueError, UNKNOWN_ALIAS), ("using", 5, ValueError, "using is 5: use one of 'default'")]
KIND = [
    ("kind", "select", ValueError, "kind is 'select': use one of 'other', 'read', 'savepoint', 'transaction', 'write'"),
    ("kind", 5, ValueError, "kind is 5: use one of"),
]
TABLE = [("table", 5, TypeError, "table is 5: give the name of a table, such as 'auth_user'")]
NUMBER = [
    ("num", "3", TypeError, "the number of queries is '3': give an integer"),
    ("num", -1, ValueError, "cannot be below 0"),
    ("num", True, TypeError, "the number of queries is True"),
]
THRESHOLD = [
    ("threshold", "x", TypeError, "threshold is 'x': give a number of times, such as 2"),
    ("threshold", 0, ValueError, "threshold is 0: it cannot be below 1"),
]
MILLISECONDS = [
    ("milliseconds", "50", TypeError, "milliseconds is '50': give a number, such as 50"),
    ("milliseconds", float("nan"), ValueError, "cannot be below 0"),
]
GRACE = [
    ("grace", "x", TypeError, "grace is 'x': give a number of seconds, such as 0.5"),
    ("grace", -1, ValueError, "grace is -1: give a number of seconds"),
    ("grace", float("inf"), ValueError, "grace is inf"),
]
COUNTED = [*NUMBER, *USING, *TABLE, *KIND]
BAD: dict[str, list[tuple[str, Any, type[Exception], str]]] = {
    "assert_max_queries": COUNTED,
    "assert_min_queries": COUNTED,
    "assert_num_queries": COUNTED,
    "assert_no_queries": [*USING, *TABLE, *KIND],
    "assert_no_duplicates": USING,
    "assert_no_queries_outside_transactions": USING,
    "assert_no_n_plus_one": [*THRESHOLD, *USING],
    "assert_no_slow_queries": [*MILLISECONDS, *USING],
    "assert_no_leaks": GRACE,
    "record_queries": USING,
}
# What is required, if another argument is the bad one.
GOOD = {"num": 1, "milliseconds": 1.0}
ALIASES = [
    ("aliases", ["defualt"], ValueError, UNKNOWN_ALIAS),
    ("aliases", "default", TypeError, r"aliases is 'default': give a list of aliases, such as \['default'\]"),
    ("aliases", 5, TypeError, "aliases is 5"),
    ("aliases", [None], ValueError, "aliases is"),
]
# The methods of what fixtures give, and of a log.
METHODS: dict[Any, dict[str, list[tuple[str, Any, type[Exception], str]]]] = {
    QueryLog: {
        "of_kind": KIND,
        "of_table": TABLE,
        "using": [("alias", value, error, text) for _, value, error, text in USING],
        "slower_than": MILLISECONDS,
        "n_plus_one": THRESHOLD,
        "count": [*KIND, *TABLE],
    },
    ConnectionLedger: {"census": ALIASES},
    QuerySnapshot: {"__call__": [("name", 5, TypeError, "name is 5: give a text")]},
}


def functions() -> dict[str, Callable[..., Any]]:
    """The functions that are public."""
    found = {name: getattr(pytest_async_orm, name) for name in pytest_async_orm.__all__}
    return {name: value for name, value in found.items() if inspect.isfunction(value)}


def called(call: Callable[..., Any], name: str, value: Any) -> None:
    parameters = inspect.signature(call).parameters
    call(**{**{key: given for key, given in GOOD.items() if key in parameters}, name: value})


CASES = [pytest.param(name, *case, id=f"{name}-{case[0]}-{case[1]}") for name, cases in BAD.items() for case in cases]


@pytest.mark.parametrize(("function", "name", "value", "error", "text"), CASES)
def test_functions(function: str, name: str, value: Any, error: type[Exception], text: str) -> None:
    """A function refuses the value at once, before its block is entered."""
    with pytest.raises(error, match=text):
        called(functions()[function], name, value)


@pytest.mark.parametrize(
    ("owner", "method", "case"),
    [
        pytest.param(owner, method, case, id=f"{owner.__name__}.{method}-{case[0]}-{case[1]}")
        for owner, methods in METHODS.items()
        for method, cases in methods.items()
        for case in cases
    ],
)
def test_methods(owner: type, method: str, case: Any, query_snapshot: Any, connection_ledger: Any) -> None:
    """So do the methods of what the fixtures give."""
    name, value, error, text = case
    with record_queries() as log:
        pass
    made = {QueryLog: log, ConnectionLedger: connection_ledger, QuerySnapshot: query_snapshot}[owner]
    query_snapshot.names.add("no comparison of the whole test")
    with pytest.raises(error, match=text):
        called(getattr(made, method), name, value)


def test_every_argument_has_a_bad_value() -> None:
    """No parameter of a public function, and none of a method of what fixtures give, is left out of these tables."""
    for name, function in functions().items():
        assert set(inspect.signature(function).parameters) == {case[0] for case in BAD[name]}, name
    for owner, methods in METHODS.items():
        for name, method in inspect.getmembers(owner, inspect.isfunction):
            own = not name.startswith("_") or name == "__call__"
            parameters = set(inspect.signature(method).parameters) - {"self", "value"}
            # What a snapshot's own check takes is written by the plugin.
            if own and parameters and name in vars(owner) and name not in {"check", "path", "index"}:
                assert parameters == {case[0] for case in methods[name]}, (owner, name)
    given = {name for name in fixtures.__all__ if not name.endswith("_db")}
    assert given == {
        "async_assert_max_num_queries", "async_assert_num_queries", "connection_ledger", "query_log", "query_snapshot"
    }  # fmt: skip


MARKERS = {
    "async_orm_sandbox": [("'sometimes'", "use one of 'async', 'all', 'off'"), ("", "takes exactly one mode")],
    "max_queries": [
        ("'many'", "takes a number of queries"),
        ("-1", "takes a number of queries"),
        ("True", "takes a number of queries"),
        ("2, using='defualt'", "is 'defualt': use one of 'default', 'other'. Did you mean 'default'?"),
        ("2, using=5", "is 5: use one of 'default', 'other'"),
        ("", "takes a number of queries"),
    ],
    "no_n_plus_one": [
        ("threshold='x'", "takes a number of times"),
        ("0", "takes a number of times"),
        ("limit=3", "takes"),
    ],
    "allow_connection_leaks": [("", "takes a reason"), ("'why'", "takes a reason"), ("reason=' '", "takes a reason")],
}


@pytest.mark.slow
def test_markers(run: Any) -> None:
    """A bad marker is an error of collection that says what the marker takes, or names the values that there are."""
    assert set(MARKERS) == set(markers._MARKERS)
    for name, cases in MARKERS.items():
        for given, text in cases:
            result = run(
                f"@pytest.mark.{name}({given})\n@pytest.mark.django_db\ndef test_it(): pass\n", "--collect-only"
            )
            assert result.ret == pytest.ExitCode.INTERRUPTED, (name, given)
            assert text in result.stdout.str(), (name, given, result.stdout.str())


def test_blocks_that_are_never_entered(run: Any) -> None:
    """Each assertion that is made and not entered is told, by the line that made it; a mere recording is not."""
    required = {"num": "3", "milliseconds": "50"}
    lines = []
    for name in BAD:
        parameters = inspect.signature(functions()[name]).parameters
        given = ", ".join(value for key, value in required.items() if key in parameters)
        lines.append(f"@pytest.mark.django_db\ndef test_{name}(): pytest_async_orm.{name}({given})\n")
    lines.append(
        "@pytest.mark.django_db\ndef test_of_a_fixture(async_assert_num_queries): async_assert_num_queries(3)\n"
    )
    lines.append("@pytest.mark.django_db\ndef test_of_a_snapshot(query_snapshot): query_snapshot('one')\n")
    result = run("import pytest_async_orm\n" + "\n".join(lines))
    result.assert_outcomes(passed=1, failed=len(lines) - 1)
    text = result.stdout.str()
    assert text.count("but an assertion was never entered") >= len(lines) - 1
    assert "test_record_queries passed" not in text


@pytest.mark.planted
def test_a_check_that_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the check of a number, a text would be taken for one."""
    from pytest_async_orm import arguments

    monkeypatch.setattr(arguments, "check_number", lambda num: None)
    block = pytest_async_orm.assert_num_queries("3")  # type: ignore[arg-type]
    block.note_entry()
