"""Golden cases: pages with what a person says must come of them, and the regression check that compares."""

from curate.golden.cases import Case, Page, Span, find_cases, load_case
from curate.golden.compare import Floors, PageReport, Report, floors_of
from curate.golden.report import case_lines
from curate.golden.run import check_case, check_cases

__all__ = [
    "Case",
    "Floors",
    "Page",
    "PageReport",
    "Report",
    "Span",
    "case_lines",
    "check_case",
    "check_cases",
    "find_cases",
    "floors_of",
    "load_case",
]
