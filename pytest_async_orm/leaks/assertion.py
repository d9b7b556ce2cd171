"""What users import: Django is not, until it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_async_orm import arguments

if TYPE_CHECKING:
    from pytest_async_orm.leaks.load import NoLeaks

DEFAULT_GRACE = 0.5


def assert_no_leaks(grace: float = DEFAULT_GRACE) -> NoLeaks:
    """Require that a block closes the connections that it opens: `with assert_no_leaks():`, or `async with`.

    For load tests: run many real requests inside, and the count of open connections returns to where it was. `grace`,
    in seconds, is how long a server may take to close a connection after it has answered. Raises `ConnectionsLeaked`
    with the lines that opened what is left, and a remedy for each; TypeError or ValueError at once for a bad `grace`.
    """
    from pytest_async_orm.leaks.load import NoLeaks

    arguments.check_seconds("grace", grace)
    return NoLeaks(grace)
