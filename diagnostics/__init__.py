"""Diagnostics: the only form in which modelc tells a user of a mistake."""

from .codes import CODES
from .diagnostic import Diagnostic, DiagnosticError, Note, close_names, suggest
from .location import UNKNOWN, Location
from .templates import escape, fill, template_problems

__all__ = [
    "CODES",
    "UNKNOWN",
    "Diagnostic",
    "DiagnosticError",
    "Location",
    "Note",
    "close_names",
    "escape",
    "fill",
    "suggest",
    "template_problems",
]
