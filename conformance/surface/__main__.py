"""Print every public asynchronous name of the installed Django, as a list in JSON."""

from __future__ import annotations

import json

import django

from conformance.surface.introspection import public_names

if __name__ == "__main__":
    django.setup()
    print(json.dumps(list(public_names())))
