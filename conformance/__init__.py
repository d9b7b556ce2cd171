"""Is Django's async ORM right, does it refuse loudly, or is it silently wrong? Measured, by environment."""

# The only place for the version: the build reads it from here, so a checkout and a wheel say the same.
__version__ = "0.1.0.dev0"

__all__ = ["__version__"]
