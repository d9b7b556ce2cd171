"""Files and functions of other packages that tell what a query is sent for, by file and name; nothing is imported.

Names without an underscore, but few are documented: pinned by `test_units_of_work` and `test_what_calls_are_for`, and
seen in Django 4.2 to 6.1, Channels 4.0 to 4.3, Celery 5.3 to 5.5, Dramatiq 1.15 to 2.0, Huey 2.5, django-ninja 1.0 to
1.4, Strawberry 0.200 to 0.290, Graphene 3.0 to 3.4 and Hypothesis 6.60 to 6.150.
"""

from __future__ import annotations

UNITS = {
    "django/core/handlers/base.py": "get_response get_response_async",
    "django/core/handlers/asgi.py": "handle",
    "django/core/management/__init__.py": "call_command",
    "django/tasks/backends/immediate.py": "_execute_task",
    "channels/consumer.py": "dispatch",
    "celery/app/trace.py": "trace_task",
    "dramatiq/worker.py": "process_message",
    "huey/api.py": "execute",
    "ninja/operation.py": "run",
    "strawberry/schema/schema.py": "execute execute_sync",
    "graphene/types/schema.py": "execute execute_async",
    "hypothesis/core.py": "execute_once",
}
"""What serves one request, one message, one task, one command or one generated example."""

SERVING = frozenset(name for names in UNITS.values() for name in names.split())

MAKERS = ("/factory/", "/model_bakery/", "/mixer/", "/polyfactory/", "/seeder/")
"""Parts of the paths of packages that make rows for tests."""

DESCRIPTORS = ("related_descriptors.py", "query_utils.py", "contenttypes/fields.py")
"""Django's files whose `__get__` loads a related object or a deferred field."""

HANDED_BACK = "run"
"""asgiref's method, in its file `current_thread_executor.py`, that runs a call for an async function."""

RUNS_WRAPPERS = "_execute_with_wrappers"
"""Django's function that sends a statement through `execute_wrappers`."""

BATCHING = (
    "abulk_create aiterator aprefetch_related_objects _iterator bulk_create bulk_update in_bulk iterator "
    "prefetch_related_objects"
)
"""Django's calls that send equal statements in batches; so does `delete`, which writes as well."""

WRITING = (
    "get_or_create update_or_create save save_base asave create acreate add set remove clear aadd aset aremove aclear"
)
"""Django's calls that write, and read on the way."""

VALIDATING = "full_clean validate_unique validate_constraints is_valid"
"""Django's calls that look up what a value must not clash with, or must refer to."""

SETTING_UP = "init_connection_state mysql_server_data"
"""Django's functions that set a new connection up, and ask its server once what it is."""
