"""Code for the synthetic catalogue beside this file: one check for each way in which a measurement can go.

A worker imports it by its name, so it stands alone in a folder that the tests put on the path.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from pathlib import Path
from typing import Any

from hypothesis import strategies

from conformance.checks import Absent, Refused, Silent, Stage, Wrong
from conformance.checks.registry import register
from conformance.requirements import FLAGS

_ANYTHING = strategies.integers(0, 3)
_FIRST_EVIDENCE: list[object] = []


def _no_database_has_this(_: Any) -> bool:
    """The database can do what none can."""
    return False


FLAGS["impossible"] = _no_database_has_this


@register("synthetic.passes", "result", _ANYTHING)
def passes(stage: Stage, example: int) -> None: ...


@register("synthetic.unseen", "result", _ANYTHING)
def unseen(stage: Stage, example: int) -> None: ...


@register("synthetic.lacking", "result", _ANYTHING)
def lacking(stage: Stage, example: int) -> None: ...


@register("synthetic.depends", "result", _ANYTHING)
def depends(stage: Stage, example: int) -> None: ...


@register("synthetic.silent", "result", _ANYTHING)
def silent(stage: Stage, example: int) -> None:
    raise Silent("a row was lost", expected=1, observed=0)


@register("synthetic.fails", "result", _ANYTHING)
def fails(stage: Stage, example: int) -> None:
    raise Wrong("an extra query", expected=1, observed=2)


@register("synthetic.refuses", "result", _ANYTHING)
def refuses(stage: Stage, example: int) -> None:
    raise Refused("not from a coroutine")


@register("synthetic.gone", "result", _ANYTHING)
def gone(stage: Stage, example: int) -> None:
    raise Absent("there is no such method")


@register("synthetic.flips", "result", _ANYTHING)
def flips(stage: Stage, example: int) -> None:
    """Fail throughout the first attempt, and pass in the second."""
    _FIRST_EVIDENCE.append(stage.evidence)
    if stage.evidence is _FIRST_EVIDENCE[0]:
        raise Wrong("only now", expected=1, observed=2)


@register("synthetic.hangs", "result", _ANYTHING)
def hangs(stage: Stage, example: int) -> None:
    threading.Event().wait()


@register("synthetic.aborts", "result", _ANYTHING)
def aborts(stage: Stage, example: int) -> None:
    os.abort()


@register("synthetic.exits", "result", _ANYTHING)
def exits(stage: Stage, example: int) -> None:
    os._exit(7)


@register("synthetic.leaves", "result", _ANYTHING)
def leaves(stage: Stage, example: int) -> None:
    sys.exit("enough")


@register("synthetic.segfaults", "result", _ANYTHING)
def segfaults(stage: Stage, example: int) -> None:
    faulthandler._sigsegv()  # type: ignore[attr-defined]


@register("synthetic.raises", "result", _ANYTHING)
def raises(stage: Stage, example: int) -> None:
    raise ZeroDivisionError("a mistake in the check itself")


@register("synthetic.waits", "result", _ANYTHING)
def waits(stage: Stage, example: int) -> None:
    """Say which process this is, in the file that the test names, and wait to be interrupted; else pass."""
    name = os.environ.get("MISBEHAVE_WAIT")
    if name and not Path(name).exists():
        Path(name).write_text(f"{os.getpid()}\n")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:  # as a clean-up does that fails when it is interrupted
            raise RuntimeError("the connection is closed") from None
