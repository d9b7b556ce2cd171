"""What became of planted defects: one JSON line each as they come, and a summary that is published."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from conformance.case import ExitCode, SuiteError
from conformance.results.disk import refused, write_atomically

LINES, SUMMARY = "selfcheck.jsonl", "selfcheck.json"


@dataclass(frozen=True)
class Planted:
    """A defect that makes sense at an entry's operation, and the judge that must disagree."""

    entry: str
    defect: str
    judge: str

    @property
    def generator(self) -> str:
        """What made it."""
        return self.defect.split("/")[1]


@dataclass(frozen=True)
class Tried:
    """What became of a planted defect.

    `killed` says that the judge `by` disagreed, within `examples` of the profile; `also` are others that did before.
    `broken` says why it could not be tried. `reason` explains a survivor, and is empty where nobody did.
    """

    planted: Planted
    killed: bool
    verdict: str = ""
    message: str = ""
    by: str = ""
    profile: str = ""
    examples: int = 0
    also: tuple[str, ...] = ()
    broken: str = ""
    seconds: float = 0.0
    reason: str = ""

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Tried:
        """From what the process says that tried it, or from a line of the file."""
        planted = Planted(record["entry"], record["defect"], record["judge"])
        kept = ("killed", "verdict", "message", "by", "profile", "examples", "broken", "seconds")
        known = {name: record[name] for name in kept if name in record}
        return cls(planted, **{"killed": False, **known}, also=tuple(record.get("also", ())))

    def as_record(self) -> dict[str, Any]:
        """The other way round."""
        return {"type": "tried", **asdict(self.planted), **asdict(self), "planted": None}


class KillLines:
    """The file that grows as defects are tried. What another run of the same kind left in it is kept.

    Raises `SuiteError` (harness) where it cannot be written.
    """

    def __init__(self, folder: Path, header: dict[str, Any]) -> None:
        self.path = folder / LINES
        self._header = {"type": "selfcheck", **header}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.known = dict(self._earlier())
            lines = [self._header, *(tried.as_record() for tried in self.known.values())]
            text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
            write_atomically(self.path, text.encode())
        except OSError as error:
            raise refused(folder, error.strerror or str(error)) from error

    def add(self, tried: Tried) -> None:
        """Write it down at once."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(tried.as_record(), sort_keys=True) + "\n")

    def _earlier(self) -> Iterator[tuple[Planted, Tried]]:
        records = list(_records(self.path))
        if records and records[0] == self._header:
            for tried in map(Tried.from_record, records[1:]):
                if not tried.broken:
                    yield tried.planted, tried


def _records(path: Path) -> Iterator[dict[str, Any]]:
    """Those of the whole lines; the last may be cut."""
    if path.exists():
        for line in path.read_text("utf-8").split("\n"):
            with suppress(json.JSONDecodeError):
                yield json.loads(line)


@dataclass(frozen=True)
class KillMatrix:
    """The summary. `facts` say of what; `about` explains each generator.

    `without` names entries that have no defect, with the reason. `unproven` are cells whose judge killed nothing.
    """

    facts: dict[str, Any]
    about: dict[str, str]
    tried: tuple[Tried, ...]
    without: dict[str, str]
    unproven: tuple[str, ...] = ()
    controls: dict[str, str] | None = None
    truths: dict[str, str] | None = None

    @property
    def survivors(self) -> tuple[Tried, ...]:
        """The defects that the named judge did not notice."""
        return tuple(tried for tried in self.tried if not tried.killed)

    @property
    def unexplained(self) -> tuple[Tried, ...]:
        """The survivors without a reason."""
        return tuple(tried for tried in self.survivors if not tried.reason)

    @property
    def rate(self) -> float:
        """The part that was killed, from 0 to 1."""
        return 1.0 - len(self.survivors) / len(self.tried) if self.tried else 0.0

    def counts(self) -> dict[str, dict[str, tuple[int, int]]]:
        """By generator and judge, how many were killed, of how many."""
        found: dict[str, dict[str, tuple[int, int]]] = {}
        for tried in self.tried:
            row = found.setdefault(tried.planted.generator, {})
            judge = tried.by or tried.planted.judge.partition("|")[0]
            killed, of = row.get(judge, (0, 0))
            row[judge] = killed + tried.killed, of + 1
        return {name: dict(sorted(found[name].items())) for name in sorted(found)}

    def write(self, folder: Path) -> Path:
        """Write it beside the lines. Raises `SuiteError` (harness) where that is not possible."""
        path = folder / SUMMARY
        try:
            write_atomically(path, (json.dumps(self.as_dict(), indent=1, sort_keys=True) + "\n").encode())
        except OSError as error:
            raise refused(folder, error.strerror or str(error)) from error
        return path

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it: survivors one by one, the others as counts."""
        return {
            "version": 1,
            "facts": self.facts,
            "planted": len(self.tried),
            "killed": len(self.tried) - len(self.survivors),
            "generators": {
                name: {
                    "about": self.about.get(name, ""),
                    "judges": {judge: list(count) for judge, count in row.items()},
                }
                for name, row in self.counts().items()
            },
            "survivors": [
                {"defect": each.planted.defect, "judge": each.planted.judge, "also": list(each.also)}
                | {"reason": each.reason, "broken": each.broken}
                for each in sorted(self.survivors, key=lambda each: each.planted.defect)
            ],
            "without": dict(sorted(self.without.items())),
            "unproven": list(self.unproven),
            "controls": self.controls or {},
            "truths": self.truths or {},
        }


def read_kill_summary(folder: Path) -> dict[str, Any] | None:
    """The summary that lies in a folder of results, if one does. Raises `SuiteError` (bad input) if it is no such."""
    path = folder / SUMMARY
    if not path.exists():
        return None
    try:
        found: Any = json.loads(path.read_text("utf-8"))
        if isinstance(found, dict) and found.get("version") == 1 and "generators" in found:
            return found
    except (OSError, ValueError):
        pass
    raise SuiteError(
        f"{path} is not what `selfcheck` writes.", "Delete it, and run `selfcheck` again.", ExitCode.BAD_INPUT
    )


def explained(tried: Iterable[Tried], reasons: dict[str, str]) -> Iterator[Tried]:
    """Each survivor with its reason: that of the first pattern that fits its name, `*` standing for any text."""
    from fnmatch import fnmatchcase

    for each in tried:
        name = each.planted.defect
        fitting = (reason for pattern, reason in reasons.items() if fnmatchcase(name, pattern))
        yield each if each.killed or each.broken else replace(each, reason=next(fitting, ""))
