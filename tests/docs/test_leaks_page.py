"""What the page about leaks shows is what happens."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import get_args

from pytest_async_orm import Leak, options
from pytest_async_orm.records import LeakKind
from tests.docs.pages import LEAKS, shows
from tests.docs.reader import Reader


def test_the_leak_is_as_shown(plugin_reader: Reader) -> None:
    """The example errors with its line, its kind and its remedy, as the page shows them."""
    ((command, shown, output),) = plugin_reader.follow(LEAKS)
    assert shows(shown, output), f"$ {command}\n{output}"


def test_every_kind_is_explained() -> None:
    """The table of what is found has a row for each kind of leak, and for nothing else."""
    table = LEAKS.read_text("utf-8").partition("| kind |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| ([^|-][^|]*) \|", table, re.MULTILINE) == list(get_args(LeakKind))


def test_nothing_is_left_out() -> None:
    """The page names every mode, and every key of a leak in the report that is not the leak's own place."""
    text = LEAKS.read_text("utf-8")
    known = {field.name for field in fields(Leak)} - {"opened_at", "test", "thread_name", "task_name"}
    for name in [*known, *options.REACTIONS]:
        assert f"`{name}`" in text, name
