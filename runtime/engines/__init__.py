"""Engines: what executes the sub-networks of an artifact."""

from .interface import Engine, Subnet
from .registry import ENGINES, ONE_FILE, TARGETS, load_engine

__all__ = ["ENGINES", "ONE_FILE", "TARGETS", "Engine", "Subnet", "load_engine"]
