"""Change a file of expectations as its author would: comments, order and form of what stays are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from conformance.case import ExitCode, SuiteError
from conformance.expectations import Expectation, Flaky, Rule
from conformance.results.disk import write_atomically

_HEAD = re.compile(r"\s*\[{1,2}[\w.\"-]+\]{1,2}\s*(#|$)")
# A rule right below a value: a blank line is put between them.
_BESIDE = re.compile(r"^([^\n#].*\n)(\[\[(?:expect|flaky|quarantine)\]\]\n)", re.MULTILINE)
_HEADER = """\
# What is known not to conform, for `async-orm-conformance gate --expectations FILE`.
# Written by `async-orm-conformance expect init`. Say of each rule why it is so and where that is tracked: `reason` and
# `issue` are for people, and `class` is unsupported, bug, wontfix or todo. `expect lint` lists what still says todo.
"""


class ExpectationsFile:
    """A file of expectations that is changed in memory, and written at once or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._document = tomlkit.parse(path.read_text("utf-8"))

    @classmethod
    def new(cls, path: Path) -> ExpectationsFile:
        """One that does not exist yet, with a comment that says what it is for. Raises `SuiteError` (usage)."""
        if path.exists():
            raise SuiteError(
                f"{path} exists already.",
                f"Add what is new to it with `async-orm-conformance expect update --expectations {path} --add`, or name"
                " another file with --output.",
                ExitCode.USAGE,
            )
        file = cls.__new__(cls)
        file.path = path
        file._document = tomlkit.parse(_HEADER)
        return file

    def add(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Add a rule after the others of its kind."""
        if kind not in self._document:
            self._document.add(tomlkit.nl())
            self._document.add(kind, tomlkit.aot())
        rules = self._document[kind]
        assert isinstance(rules, AoT)
        rules.append(_table(fields))

    def drop(self, rules: Sequence[tuple[Rule, int]]) -> None:
        """Delete these rules, each named by its number, with the comment that stands right above each."""
        wanted = self._document.unwrap()
        for kind, number in sorted(((_kind(rule), number) for rule, number in rules), reverse=True):
            del wanted[kind][number]
        lines = tomlkit.dumps(self._document).splitlines(keepends=True)
        try:
            blocks = [_block(lines, _kind(rule), number) for rule, number in rules]
        except IndexError:  # written in another form than as tables of their own
            blocks = []
        for start, end in sorted(blocks, reverse=True):
            del lines[start:end]
        self._document = tomlkit.parse("".join(lines))
        if self._document.unwrap() != {kind: each for kind, each in wanted.items() if each}:
            raise _of_another_form(self.path, [rule for rule, _ in rules])

    def set(self, rule: Rule, number: int, key: str, values: Sequence[str]) -> None:
        """Give a rule another list of values."""
        table = self._document[_kind(rule)][number]
        assert isinstance(table, Table)
        table[key] = _array(values)

    def write(self) -> None:
        """Put it on the disk. Raises `SuiteError` (setup) if that cannot be."""
        text = _BESIDE.sub(r"\1\n\2", tomlkit.dumps(self._document))
        try:
            write_atomically(self.path, text.encode())
        except OSError as error:
            raise SuiteError(
                f"The expectations cannot be written to {self.path}: {error.strerror or error}.",
                "Name another file, or make room and permission there; nothing was changed.",
                ExitCode.HARNESS,
            ) from error


def _block(lines: Sequence[str], kind: str, number: int) -> tuple[int, int]:
    """The lines of a rule, from the comment above it to before the comment above what comes next."""
    heads = [place for place, line in enumerate(lines) if _HEAD.match(line)]
    own = [place for place in heads if lines[place].strip().startswith(f"[[{kind}]]")]
    head = own[number]
    later = [place for place in heads if place > head and not lines[place].strip().startswith(f"[{kind}.")]
    end = _with_comment(lines, later[0]) if later else len(lines)
    return _with_comment(lines, head), end


def _with_comment(lines: Sequence[str], head: int) -> int:
    """Where the comment right above begins. One that begins the file is about the file."""
    start = head
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start or head


def _of_another_form(path: Path, rules: Sequence[Rule]) -> SuiteError:
    return SuiteError(
        f"{path} does not have each rule as a table of its own, `[[expect]]`: it cannot be changed line by line.",
        f"Delete by hand: {'; '.join(rule.place for rule in rules)}. Nothing was changed.",
        ExitCode.BAD_INPUT,
    )


def _kind(rule: Rule) -> str:
    if isinstance(rule, Expectation):
        return "expect"
    return "flaky" if isinstance(rule, Flaky) else "quarantine"


def _table(fields: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for name, value in fields.items():
        if isinstance(value, dict):
            inline = tomlkit.inline_table()
            inline.update(value)
            table.add(name, inline)
        else:
            table.add(name, _array(value) if isinstance(value, list) else value)
    return table


def _array(values: Sequence[str]) -> Any:
    array = tomlkit.array()
    for value in values:
        array.append(tomlkit.string(value, multiline="\n" in value))
    return array
