"""The tables of `sample_app.model_features`: those that this Django knows, where the database has what they need."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django
from django.db import migrations, models
from django.db.models.functions import Concat, Lower, Now, Upper


def _model(name: str, *fields: tuple[str, Any], needs: str = "") -> migrations.CreateModel:
    """With the key that every model has but those whose fields bring their own."""
    key = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
    own = () if any(each == "pk" for each, _ in fields) else (("id", key),)
    return migrations.CreateModel(name, [*own, *fields], options={"required_db_features": (needs,)} if needs else {})


def _text(**options: Any) -> models.CharField[str, str]:
    return models.CharField(max_length=50, **options)


def _refers(model: str, name: str, on_delete: Any = models.CASCADE, **options: Any) -> Any:
    return models.ForeignKey(f"sample_app.{model}", on_delete, related_name=name, **options)


def _of_5_0() -> list[Any]:
    total, amount = models.F("weight") * models.F("pieces"), models.F("amount") * 2
    decimals = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    exclaimed = Concat("name", models.Value("!"))
    return [
        _model("Crate", ("name", _text())),
        _model(
            "Parcel",
            ("name", _text()),
            ("weight", models.DecimalField(max_digits=8, decimal_places=2, default=Decimal("1.50"))),
            ("pieces", models.IntegerField(null=True)),
            ("inside", _refers("crate", "contents", models.SET_NULL, null=True)),
            ("total", models.GeneratedField(expression=total, output_field=decimals, db_persist=True)),
            ("label", models.GeneratedField(expression=Upper("name"), output_field=_text(), db_persist=True)),
        ),
        _model(
            "Measure",
            ("name", _text(unique=True)),
            ("amount", models.IntegerField(default=0)),
            ("twice", models.GeneratedField(expression=amount, output_field=models.IntegerField(), db_persist=False)),
            (
                "label",
                models.GeneratedField(
                    expression=exclaimed, output_field=models.CharField(max_length=51), db_persist=False
                ),
            ),
            needs="supports_virtual_generated_columns",
        ),
        _model(
            "Draft",
            ("slug", _text(unique=True)),
            ("title", _text(db_default="untitled")),
            ("status", _text(db_default=Lower(models.Value("NEW")))),
            ("priority", models.IntegerField(null=True, db_default=3)),
            ("made_at", models.DateTimeField(db_default=Now())),
            needs="supports_expression_defaults",
        ),
        _model(
            "Page",
            ("draft", _refers("draft", "pages")),
            ("text", _text(db_default="empty")),
            ("number", models.IntegerField(default=1)),
            needs="supports_expression_defaults",
        ),
    ]


def _of_5_2() -> list[Any]:
    columns = ("hall", "number")
    key = models.CompositePrimaryKey(*columns, blank=True, editable=False, primary_key=True, serialize=False)
    return [
        _model("Hall", ("name", _text())),
        _model(
            "Seat",
            ("pk", key),
            ("hall", _refers("hall", "seats")),
            ("number", models.IntegerField()),
            ("label", _text()),
            ("price", models.IntegerField(null=True)),
        ),
        _model(
            "Booking",
            ("hall", _refers("hall", "bookings")),
            ("number", models.IntegerField()),
            ("guest", _text()),
            (
                "seat",
                models.ForeignObject(
                    "sample_app.seat", models.CASCADE, from_fields=columns, to_fields=columns, related_name="bookings"
                ),
            ),
        ),
    ]


def _of_6_1() -> list[Any]:
    return [
        _model("Shelf", ("name", _text())),
        _model("Volume", ("shelf", _refers("shelf", "volumes", models.DB_CASCADE)), ("name", _text())),
        _model(
            "Bookmark",
            ("volume", _refers("volume", "bookmarks", models.DB_CASCADE)),
            ("leaf", models.IntegerField(default=1)),
        ),
        _model("Loan", ("shelf", _refers("shelf", "loans", models.DB_SET_NULL, null=True)), ("name", _text())),
        _model(
            "Sticker",
            ("shelf", _refers("shelf", "stickers", models.DB_SET_DEFAULT, db_default=10_000_000)),
            ("name", _text()),
            needs="supports_on_delete_db_default",
        ),
    ]


class Migration(migrations.Migration):
    """Where Django is newer than when this was applied, what it brings is not made afterwards."""

    dependencies = (("sample_app", "0001_initial"),)
    operations = (
        *(_of_5_0() if django.VERSION >= (5, 0) else ()),
        *(_of_5_2() if django.VERSION >= (5, 2) else ()),
        *(_of_6_1() if django.VERSION >= (6, 1) else ()),
    )
