"""The host program: control flow around sub-networks, as data and as the Python made from it."""

from .module import EdgeInfo, HostFunction, HostModule, build_module, edge_table, generate_source
from .program import Program, read_program, write_program
from .verifier import verify_program

__all__ = [
    "EdgeInfo",
    "HostFunction",
    "HostModule",
    "Program",
    "build_module",
    "edge_table",
    "generate_source",
    "read_program",
    "verify_program",
    "write_program",
]
