"""Django's default site, which a flush makes again unless nobody has touched it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db.models import signals
from django.test.utils import modify_settings
from flush_calls import as_django, contents, touched
from flush_schemas import ALIASES, Named, tables_of

from pytest_async_orm.flushing.seam import Flushing

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=ALIASES),
    pytest.mark.allow_connection_leaks(reason="connections of the flush itself"),
]


@pytest.fixture
def site() -> Iterator[Any]:
    """The model of sites, with a table on both databases."""
    with modify_settings(INSTALLED_APPS={"append": "django.contrib.sites"}):
        model = apps.get_model("sites", "Site")
        with tables_of(model):
            for alias in ALIASES:
                Named("reset_sequences", 0)(alias, [])
            yield model
            model.objects.clear_cache()


@pytest.mark.parametrize("change", ["domain", "name", "another", "gone", "sequence", None])
def test_default_site(flushing: Flushing, site: Any, change: str | None) -> None:
    """The default site stays as it is, or is made again if anything about sites was changed."""
    touched(flushing, "default")
    as_django("other")
    for alias in ALIASES:
        _change(site.objects.using(alias), change)
    outcome = touched(flushing, "default")
    as_django("other")
    assert outcome.made_again is bool(change)
    assert contents("default") == contents("other")


def _change(sites: Any, change: str | None) -> None:
    if change in ("domain", "name"):
        sites.update(**{change: "changed"})
    elif change in ("another", "sequence"):
        another = sites.create(domain="another", name="another")
        if change == "sequence":
            another.delete()
    elif change == "gone":
        sites.all().delete()


def test_site_in_memory(flushing: Flushing, site: Any, settings: Any) -> None:
    """A site that a test has looked up is looked up again in the next, as after Django's flush."""
    settings.SITE_ID = 1
    touched(flushing, "default")
    site.objects.get_current().domain = "changed in memory alone"
    assert not touched(flushing, "default").made_again
    assert site.objects.get_current().domain == "example.com"


def test_other_default_site(flushing: Flushing, site: Any, settings: Any) -> None:
    """Where the settings name another site, that one is made."""
    touched(flushing, "default")
    settings.SITE_ID = 7
    assert touched(flushing, "default").made_again
    assert site.objects.get().pk == 7


def test_receiver_of_a_site(flushing: Flushing, site: Any) -> None:
    """Somebody who hears of saved rows hears of the default site after every flush."""
    heard: list[Any] = []
    signals.post_save.connect(lambda instance, **_: heard.append(instance), weak=False, dispatch_uid="heard")
    try:
        assert all(touched(flushing, "default").made_again for _ in range(2))
    finally:
        signals.post_save.disconnect(dispatch_uid="heard")
    assert len([instance for instance in heard if isinstance(instance, site)]) == 2
