"""Why a planted defect need not be noticed."""

from __future__ import annotations

import sys
from importlib.resources import files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def survivor_reasons() -> dict[str, str]:
    """By the pattern of a defect's name, where `*` stands for any text, why no judge can notice it."""
    text = (files("conformance.defects") / "survivors.toml").read_text("utf-8")
    return {each["defect"]: each["reason"] for each in tomllib.loads(text).get("survivor", [])}
