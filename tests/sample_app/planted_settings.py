"""The settings that `SAMPLE_APP_BASE` names, with a planted fault."""

import os
from importlib import import_module

_base = import_module(os.environ["SAMPLE_APP_BASE"])
globals().update({name: value for name, value in vars(_base).items() if name.isupper()})
INSTALLED_APPS = [*_base.INSTALLED_APPS, "planted.PlantedConfig"]
