"""One row with a high key for each model of `sample_app.model_features`, as `checks.seed` has them for the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from conformance.strategies.rows import LAST_KEY

_MOMENT = datetime(2000, 1, 1, tzinfo=timezone.utc)
# Each after those that it refers to.
_SENTINELS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Crate", {"id": LAST_KEY, "name": ""}),
    ("Parcel", {"id": LAST_KEY, "name": "", "weight": Decimal(1), "inside": LAST_KEY}),
    ("Measure", {"id": LAST_KEY, "name": "sentinel", "amount": 0}),
    ("Draft", {"id": LAST_KEY, "slug": "sentinel", "title": "", "status": "", "made_at": _MOMENT}),
    ("Page", {"id": LAST_KEY, "draft": LAST_KEY, "text": "", "number": 0}),
    ("Hall", {"id": LAST_KEY, "name": ""}),
    ("Seat", {"hall": LAST_KEY, "number": 0, "label": ""}),
    ("Booking", {"id": LAST_KEY, "hall": LAST_KEY, "number": 0, "guest": ""}),
    ("Shelf", {"id": LAST_KEY, "name": ""}),
    ("Volume", {"id": LAST_KEY, "shelf": LAST_KEY, "name": ""}),
    ("Bookmark", {"id": LAST_KEY, "volume": LAST_KEY, "leaf": 0}),
    ("Loan", {"id": LAST_KEY, "shelf": None, "name": ""}),
    ("Sticker", {"id": LAST_KEY, "shelf": LAST_KEY, "name": ""}),
)


def feature_sentinels() -> Iterator[tuple[type[Any], list[dict[str, Any]]]]:
    """For those that this Django has, and whose tables this database can hold."""
    from django.apps import apps
    from django.db import connection

    models = {model.__name__: model for model in apps.get_app_config("sample_app").get_models()}
    for name, row in _SENTINELS:
        if name in models and models[name]._meta.can_migrate(connection):
            yield models[name], [row]
