"""What is checked: one entry a capability, one claim a row of the source text."""

from conformance.catalogue.load import catalogue_schema, load_catalogue
from conformance.catalogue.model import Catalogue, CatalogueEntry, Check, Claim, Kill, Measurement

__all__ = ["Catalogue", "CatalogueEntry", "Check", "Claim", "Kill", "Measurement", "catalogue_schema", "load_catalogue"]
