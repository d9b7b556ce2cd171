"""Result files: JSON Lines, one record a line, flushed as they come. Needs neither Django nor pytest."""

from conformance.results.matrix_file import (
    ColumnState,
    PlannedMatrix,
    matrix_schema,
    read_matrix,
    taken_over,
    unmeasured,
    write_matrix,
)
from conformance.results.merge import in_order, merge_results
from conformance.results.model import SCHEMA_VERSION, Results, results_schema
from conformance.results.read import read_folder, read_results
from conformance.results.resume import resume, set_aside
from conformance.results.save import write_results
from conformance.results.since import unchanged
from conformance.results.write import ResultWriter, file_name

__all__ = [
    "SCHEMA_VERSION",
    "ColumnState",
    "PlannedMatrix",
    "ResultWriter",
    "Results",
    "file_name",
    "in_order",
    "matrix_schema",
    "merge_results",
    "read_folder",
    "read_matrix",
    "read_results",
    "results_schema",
    "resume",
    "set_aside",
    "taken_over",
    "unchanged",
    "unmeasured",
    "write_matrix",
    "write_results",
]
