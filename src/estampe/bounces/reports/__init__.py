"""Reports: from a mail that came back to facts, one report for each recipient that it speaks of."""

from estampe.bounces.reports.mail import Limits, MailTooLarge, Part, parse
from estampe.bounces.reports.reading import read
from estampe.bounces.reports.report import Kind, Original, Report

__all__ = ["Kind", "Limits", "MailTooLarge", "Original", "Part", "Report", "parse", "read"]
