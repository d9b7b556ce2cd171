"""Keep a result file under another name, so that a new one never overwrites it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

_BACKUP = re.compile(r".*\.old-\d+\.jsonl")


def is_backup(path: Path) -> bool:
    """Whether the name is one that `back_up` gives: `x.old-1.jsonl`. Such a file is no longer a result."""
    return _BACKUP.fullmatch(path.name) is not None


def back_up(path: Path) -> Path:
    """Rename `x.jsonl` to the first free `x.old-N.jsonl`, and return that name."""
    stem = path.name.removesuffix(".jsonl")
    for number in itertools.count(1):
        target = path.with_name(f"{stem}.old-{number}.jsonl")
        if not target.exists():
            return path.rename(target)
    raise AssertionError("numbers do not end")
