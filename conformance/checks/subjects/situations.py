"""What a transactional workaround is put to, as the Python that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.strategies import Rows


@dataclass(frozen=True)
class Two:
    """Rows, the titles of two uses, and whether the first fails."""

    rows: Rows
    first: tuple[str, ...]
    second: tuple[str, ...]
    fails: bool


_ONE = {
    "alone": "await first()",
    "rollback": "await first()",
    "request": "async def view(request):\n    await first()",
    "async_to_sync": "await sync_to_async(lambda: async_to_sync(first)())()",
    "left_behind": "for _ in range(requests):  # each in an asynchronous view of its own\n    await first()",
    "cancelled_before": "task = asyncio.create_task(first())\ntask.cancel()  # before its first statement",
    "cancelled": "task = asyncio.create_task(first())\ntask.cancel()  # after its first statement",
    "cancelled_waiting": "task = asyncio.create_task(first())\ntask.cancel()  # while it waits for the thread",
    "late": "task = asyncio.create_task(first())\ntask.cancel()  # after its first statement",
}
_TWO = {
    "overlap": "# the second begins in the middle of the first; the first ends; then the second goes on",
    "overlap_in_request": "# in one request; the second begins in the middle of the first, and ends after it",
    "bystander": "# the second uses no transaction of its own; it begins in the middle of the first",
}


def situation(name: str, workaround: str, *, is_block: bool) -> Callable[[Two], tuple[str, ...]]:
    """Prints an example of the situation; `workaround` is what stands for it in the code."""

    def printed(example: Two) -> tuple[str, ...]:
        use = _block if is_block else _function
        parts = [use("first", workaround, example.first, fails=example.fails)]
        if name in _TWO:
            is_plain = name == "bystander"
            parts.append(_plain(example.second) if is_plain else use("second", workaround, example.second, fails=False))
        last = _ONE.get(name) or f"{_TWO[name]}\nawait asyncio.gather(first(), second(), return_exceptions=True)"
        return ("\n\n".join([*parts, last]),)

    return printed


def _function(name: str, workaround: str, titles: tuple[str, ...], *, fails: bool) -> str:
    body = [f"    Post.objects.create(title={title!r})" for title in titles]
    body += ["    raise Abandoned"] if fails else []
    called = f"async def {name}():\n    await {workaround}(create_{name})"
    return "\n".join([f"def create_{name}():", *body, "", called])


def _block(name: str, workaround: str, titles: tuple[str, ...], *, fails: bool) -> str:
    body = [f"        await Post.objects.acreate(title={title!r})" for title in titles]
    body += ["        raise Abandoned"] if fails else []
    return "\n".join([f"async def {name}():", f"    async with {workaround}():", *body])


def _plain(titles: tuple[str, ...]) -> str:
    body = [f"    await Post.objects.acreate(title={title!r})" for title in titles]
    return "\n".join(["async def second():", *body])
