"""Engines: what executes the sub-networks of an artifact."""

from .interface import Engine, Subnet
from .registry import ENGINES, TARGETS, load_engine

__all__ = ["ENGINES", "TARGETS", "Engine", "Subnet", "load_engine"]
