"""A failure as a program of its own: at most forty lines, without the suite, that shows both sides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.strategies import Rows

# Each model of the sample app with what it takes to show a failure, after those that it refers to.
_MODELS = {
    "Tag": ("    name = models.CharField(max_length=100, unique=True)",),
    "Post": (
        "    title, content = models.CharField(max_length=200), models.TextField()",
        "    published, views = models.BooleanField(default=False), models.IntegerField(default=0)",
        (
            "    created_at = models.DateTimeField(default=timezone.now);"
            " tags = models.ManyToManyField(Tag, related_name='posts')"
        ),
        "    author = models.ForeignKey(User, models.SET_NULL, null=True, related_name='posts')",
        "    class Meta: ordering = ('-created_at', '-pk')",
    ),
    "Comment": (
        "    content, created_at = models.TextField(), models.DateTimeField(default=timezone.now)",
        (
            "    post = models.ForeignKey(Post, models.CASCADE, related_name='comments');"
            " author = models.ForeignKey(User, models.SET_NULL, null=True, related_name='comments')"
        ),
        "    class Meta: ordering = ('created_at', 'pk')",
    ),
    "Profile": (
        "    user = models.OneToOneField(User, models.CASCADE, related_name='profile')",
        "    display_name = models.CharField(max_length=100, blank=True)",
    ),
}
_NEEDS = {"Post": ("Tag",), "Comment": ("Tag", "Post")}
# What a program of forty lines cannot show: also the models that not every Django has.
_TOO_MUCH = (
    *("Specimen", "Reaction", "AuditEntry", "Review", "PublishedPost", "reactions"),
    *("Crate", "Parcel", "Measure", "Draft", "Page", "Hall", "Seat", "Booking"),
    *("Shelf", "Volume", "Bookmark", "Loan", "Sticker"),
)
MOST_LINES = 40
# Imported only where the code has such a name.
_IMPORTS = {
    r"\bshortcuts\b": "from django import shortcuts",
    r"\b(Avg|Case|Count|Exists|F|Max|Min|OuterRef|Prefetch|Q|Subquery|Sum|Value|When|Window)\(": (
        "from django.db.models import *"
    ),
    r"\b(Coalesce|Concat|Length|Lower|RowNumber|TruncDate|TruncMonth|Upper)\(": (
        "from django.db.models.functions import *"
    ),
    r"\bDecimal\(": "from decimal import Decimal",
    r"\bUUID\(": "from uuid import UUID",
    r"\bpartial\(": "from functools import partial",
    r"(?<!\.)\bcount\(": "from itertools import count",
}
# Lines that note each statement, on whichever thread's connection.
_LISTENING = """\
from django.db.backends.signals import connection_created
sent, listen = [], lambda run, sql, *rest: sent.append(sql) or run(sql, *rest)
connection_created.connect(lambda connection, **_: connection.execute_wrappers.append(listen), weak=False)
"""
# Judges whose disagreement such a program shows: it prints what is given, the rows that are left, and statements.
SHOWN = ("result", "exception", "committed", "statements")
_TEMPLATE = '''\
"""{title}"""
import asyncio, datetime, os, tempfile, django
from django.conf import settings
DATABASE = {{"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}}
settings.configure(DATABASES={databases}, USE_TZ=True, INSTALLED_APPS={apps})
django.setup()
from django.contrib.auth.models import User; from django.utils import timezone
from django.db import connection, models
{imports}{models}
{listening}def show(side, call):
    try: found = call()
    except Exception as error: found = f"{{type(error).__name__}}: {{error}}"
    print(side, found if not hasattr(found, "_result_cache") else list(found))
{sent}    print("      rows:", *({rows}))
def fill():
{fill}
with connection.schema_editor() as editor: [editor.create_model(model) for model in django.apps.apps.get_models()]
def synchronous():
{sync}
def asynchronous():
{asynchronous}
fill(); {clear}show("sync: ", synchronous); fill(); {clear}show("async:", asynchronous)
'''


def script_of(title: str, sources: tuple[str, str], rows: Rows, *, statements: bool = False) -> str:
    """The program; empty where the example needs more than such a program can hold. It may show the statements too."""
    text = "\n".join(sources)
    if any(re.search(rf"\b{name}\b", text) for name in _TOO_MUCH):
        return ""
    names = _names(text)
    imports = [line for pattern, line in _IMPORTS.items() if re.search(pattern, text)]
    script = _TEMPLATE.format(
        apps='["django.contrib.auth", "django.contrib.contenttypes", "__main__"]',
        databases='{"default": DATABASE, "again": {**DATABASE}}' if "'again'" in text else '{"default": DATABASE}',
        title=title.replace('"', "'"),
        imports="".join(f"{line}\n" for line in imports),
        models="\n".join(_model(name) for name in names),
        clear="sent.clear(); " if statements else "",
        listening=_LISTENING if statements else "",
        sent='    print("      sent:", *sent, sep="\\n        "); sent.clear()\n' if statements else "",
        rows=", ".join(f"list({name}.objects.values_list())" for name in names),
        fill="\n".join(f"    {line}" for line in _fill(names, rows, text)),
        sync=_body(sources[0], "return {}"),
        asynchronous=_body(sources[1], "async def call(): return {}\n    return asyncio.run(call())"),
    )
    return script if script.count("\n") <= MOST_LINES else ""


def _names(text: str) -> list[str]:
    """The models that the code names, or reaches by a relation, each after those that it refers to."""
    reached = {"Comment": r"Comment|comments", "Profile": r"Profile|profile", "Tag": r"Tag", "Post": r"Post|posts"}
    wanted = {name for name, pattern in reached.items() if re.search(rf"\b(?:{pattern})", text)}
    wanted |= {needed for name in wanted for needed in _NEEDS.get(name, ())}
    return [name for name in _MODELS if name in wanted]


def _model(name: str) -> str:
    return "\n".join((f"class {name}(models.Model):", *_MODELS[name]))


def _fill(names: list[str], rows: Rows, text: str) -> list[str]:
    """Lines that leave just these rows, and of users and tags only those that matter."""
    from conformance.checks.seed import seeded_rows

    tables = [(_table(model), model, values) for model, values in seeded_rows(rows)]
    links = any(values for table, _, values in tables if table == "Post.tags.through")
    authors = any(row.get("author") for _, _, values in tables for row in values)
    wanted = {name for name in names if name != "Tag" or links or re.search(r"[Tt]ag", text)}
    wanted |= {"User"} if authors or re.search(r"User|author|user", text) else set()
    wanted |= {"Post.tags.through"} if links and "Post" in names else set()
    lines = [f"for model in [{', '.join(['User', *reversed(names)])}]: model.objects.all().delete()"]
    for table, model, values in tables:
        if values and table in wanted:
            given = ", ".join(f"{table}({_arguments(model, row)})" for row in values)
            lines.append(f"{table}.objects.bulk_create([{given}])")
    return lines


def _table(model: Any) -> str:
    return "Post.tags.through" if model._meta.auto_created else str(model.__name__)


def _arguments(model: Any, row: dict[str, Any]) -> str:
    plain = {model._meta.get_field(name).attname: value for name, value in row.items()}
    fields = {field.attname: field for field in model._meta.concrete_fields}
    told = {name: value for name, value in plain.items() if value != fields[name].get_default() or value is None}
    return ", ".join(f"{name}={value!r}" for name, value in told.items() if value is not None)


def _body(code: str, last: str) -> str:
    *before, call = code.splitlines()
    return "\n".join(f"    {line}" for line in [*before, *last.format(call).split("\n    ")])
