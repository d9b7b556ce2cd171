"""The code of each workaround, as text that can be read and pasted."""

from __future__ import annotations

import inspect
from importlib import import_module
from textwrap import dedent

_PRINTED = "conformance.checks.workarounds.printed"
_UTILS = "sample_app.utils"
# What each entry uses, beside what it calls of Django.
_FUNCTIONS: dict[str, tuple[str, ...]] = {
    "w1.sample_app": (
        f"{_UTILS}.async_posts:create_post",
        f"{_UTILS}.async_posts:update_post",
        f"{_UTILS}.async_posts:fetch_post_with_comments",
    ),
    "w2.printed": (f"{_PRINTED}:atomic_function",),
    "w2.sample_app": (f"{_UTILS}.async_transactions:run_atomic",),
    "w3.printed_view": (f"{_PRINTED}:mixed_view",),
    "w3.sample_app": ("sample_app.views:posts",),
    "w4.in_coroutine": (f"{_PRINTED}:close_in_coroutine", f"{_PRINTED}:ensure_in_coroutine"),
    "w4.wrapped": (f"{_PRINTED}:close_wrapped", f"{_PRINTED}:ensure_through_proxy"),
    "w4.sample_app": (f"{_UTILS}.async_db:close_old_connections", f"{_UTILS}.async_db:ensure_connection"),
    "w5.function.printed": (f"{_PRINTED}:manager_function",),
    "w5.function.sample_app": (f"{_UTILS}.async_transactions:run_atomic",),
    "w5.block.printed": (f"{_PRINTED}:atomic_block",),
    "w5.block.sample_app": (f"{_UTILS}.async_atomic:async_atomic",),
    "w6.printed_view": (f"{_PRINTED}:view",),
    "w6.sample_app": ("sample_app.views:posts",),
    "w7.gathered": (f"{_PRINTED}:statistics", f"{_PRINTED}:_comments_of", f"{_PRINTED}:increment"),
    "w7.sample_app": (f"{_UTILS}.async_queries:post_statistics", f"{_UTILS}.async_queries:increment_views"),
    "w8.printed_view": (f"{_PRINTED}:overview",),
    "w8.sample_app": ("sample_app.views:overview",),
    "w9.connection_queries": (f"{_PRINTED}:query_count",),
    "w9.sample_app": (f"{_UTILS}.async_db_monitor:monitor",),
    "w10.printed_view": (f"{_PRINTED}:database",),
    "w10.sample_app": ("sample_app.views:database",),
}
_TEXTS = {
    "w1.wrapped": "async def wrapped(function, *arguments):\n    return await sync_to_async(function)(*arguments)",
    "w11.max_conns": 'DATABASES["default"]["OPTIONS"] = {"MAX_CONNS": 20, "MIN_CONNS": 1}',
    "w11.server_side_binding": 'DATABASES["default"]["OPTIONS"] = {"server_side_binding": True}',
    "w11.health_checks": 'DATABASES["default"].update(CONN_HEALTH_CHECKS=True, CONN_MAX_AGE=600)',
    "w11.pool": 'DATABASES["default"].update(OPTIONS={"pool": {"min_size": 1, "max_size": 20}}, CONN_MAX_AGE=0)',
    "w11.conn_max_age_600": 'DATABASES["default"]["CONN_MAX_AGE"] = 600',
    "w11.conn_max_age_0": 'DATABASES["default"]["CONN_MAX_AGE"] = 0',
}


def names_with_source() -> frozenset[str]:
    """The workarounds that have one, without the `workaround.` of their ids."""
    return frozenset((*_FUNCTIONS, *_TEXTS))


def source_of_workaround(entry: str) -> str:
    """The code of the entry `workaround.…`; empty for any other."""
    name = entry.removeprefix("workaround.")
    return _TEXTS.get(name) or "\n\n".join(map(_source, _FUNCTIONS.get(name, ())))


def _source(place: str) -> str:
    module, _, name = place.partition(":")
    found = getattr(import_module(module), name)
    return dedent(inspect.getsource(found if inspect.isroutine(found) else type(found))).rstrip()
