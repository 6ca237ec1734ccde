"""Back ends: which engine runs what, and the payloads of sub-networks and host program."""

from .engine import BACKENDS, Backend, Bid, Miss, load_backend
from .host import host_program
from .partition import TARGETS, Decision, Partition, check_target, partition
from .whole import OneFile, one_file

__all__ = [
    "BACKENDS",
    "TARGETS",
    "Backend",
    "Bid",
    "Decision",
    "Miss",
    "OneFile",
    "Partition",
    "check_target",
    "host_program",
    "load_backend",
    "one_file",
    "partition",
]
