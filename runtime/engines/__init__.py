"""Engines: what executes the sub-networks of an artifact."""

from .interface import Engine, Subnet
from .registry import ENGINES, load_engine

__all__ = ["ENGINES", "Engine", "Subnet", "load_engine"]
