"""The reference page: what the API takes and answers, with code samples, and requests run from the page."""

from estampe.http.reference.page import pages
from estampe.http.reference.samples import code_samples

__all__ = ["code_samples", "pages"]
