"""What is shown and what was printed are compared in earnest."""

from __future__ import annotations

import pytest

from tests.docs.pages import commands, named_file, shows


@pytest.mark.parametrize(
    ("shown", "output"),
    [
        ("one\n...\nthree\n", "one\ntwo\nand a half\nthree\n"),
        ("one\n...\nthree\n", "one\nthree\n"),
        ("1 passed in 0.20s\n", "1 passed in 12.05s\n"),
        ("1  0.1  Task-1   SELECT\n", "1  10.1  Task-12  SELECT\n"),
        ("Django 5.2.19, pool ThreadPoolExecutor-1_0\n", "Django 6.1.3, pool ThreadPoolExecutor-0_2\n"),
        (">  assert one\nE  assert 1\n", ">  assert one\n   ^^^^^^^^^^\nE  assert 1\n"),
    ],
)
def test_what_differs_by_run_is_shown(shown: str, output: str) -> None:
    """Left-out lines, times, versions, numbers of tasks and threads, and underlined lines make no difference."""
    assert shows(shown, output)


@pytest.mark.parametrize(
    ("shown", "output"),
    [
        ("one\nthree\n", "one\ntwo\nthree\n"),
        ("one\n", "one\ntwo\n"),
        ("one\n...\nthree\n", "one\ntwo\n"),
        ("1 passed in 0.20s\n", "1 passed, 1 warning in 0.20s\n"),
        ("2-4  0.1  3 x SELECT\n", "2-5  0.1  4 x SELECT\n"),
        ("test_members.py:14\n", "test_members.py:15\n"),
        ("one\n", ""),
    ],
)
def test_anything_else_is_not_shown(shown: str, output: str) -> None:
    """Another line, a missing line, another count or another place is a difference."""
    assert not shows(shown, output)


def test_a_block_of_commands_is_taken_apart() -> None:
    """Each command has the output that stands below it, none included."""
    assert commands("$ one\nfirst\nsecond\n$ two\n$ three\nthird\n") == [
        ("one", "first\nsecond\n"),
        ("two", ""),
        ("three", "third\n"),
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [("# settings.py\nDEBUG = True\n", "settings.py"), ("# A remark.\n", None), ("import os\n# later.py\n", None)],
)
def test_a_file_is_named_in_its_first_line(text: str, name: str | None) -> None:
    """A comment with nothing but the name of a file, in the first line, makes a block a file."""
    assert named_file(text) == name
