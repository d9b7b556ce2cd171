"""MariaDB 10.11 computes from another row where an ordered update is narrowed by a relation."""

import asyncio
import os

import django
from django.conf import settings

USUAL = {"NAME": "test", "HOST": "127.0.0.1", "USER": "root", "PASSWORD": ""}
LOGIN = {name: os.environ.get(f"MYSQL_{name}", value) for name, value in USUAL.items()}
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.mysql", **LOGIN}}, INSTALLED_APPS=["__main__"])
django.setup()
from django.db import connection, models


class Draft(models.Model):
    title, priority = models.CharField(max_length=1), models.IntegerField(null=True)


class Page(models.Model):
    draft = models.ForeignKey(Draft, models.CASCADE)
    text = models.CharField(max_length=1)


async def main(drafts):
    await Draft.objects.filter(pk=1).aupdate(priority=3)
    await drafts.aupdate(priority=models.F("priority") + 1)
    return await Draft.objects.values_list("priority", flat=True).aget(pk=1)


with connection.schema_editor() as editor:
    [editor.create_model(model) for model in (Draft, Page)]
try:
    Draft.objects.bulk_create([Draft(pk=1, title="a"), Draft(pk=2, title="b"), Draft(pk=3, title="b")])
    Page.objects.bulk_create([Page(draft_id=3), Page(draft_id=3, text="a"), Page(draft_id=1, text="a")])
    for name, order in (("not ordered:", []), ("ordered:    ", ["pk"])):
        print(name, asyncio.run(main(Draft.objects.filter(title="a", page__text="a").order_by(*order))))
finally:
    with connection.schema_editor() as editor:
        [editor.delete_model(model) for model in (Page, Draft)]
