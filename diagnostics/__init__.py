"""Diagnostics: the only form in which modelc tells a user of a mistake."""

from .codes import CODES
from .diagnostic import Diagnostic, DiagnosticError, Note, suggest
from .location import UNKNOWN, Location

__all__ = ["CODES", "UNKNOWN", "Diagnostic", "DiagnosticError", "Location", "Note", "suggest"]
