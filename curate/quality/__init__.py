"""Article filters: which language a text is in, and whether it is an article, and good enough."""

from curate.quality.filters import FILTERS, check_filters, judge
from curate.quality.language import check_languages, detect, prose_sample
from curate.quality.measures import Refusal

__all__ = ["FILTERS", "Refusal", "check_filters", "check_languages", "detect", "judge", "prose_sample"]
