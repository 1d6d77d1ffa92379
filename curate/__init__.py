"""Boilerplate removal and dataset curation for news corpora."""

__version__ = "0.1.0"
