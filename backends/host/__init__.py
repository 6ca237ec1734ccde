"""The host program: an outlined module's control flow as data for the runtime."""

from .emitter import host_program

__all__ = ["host_program"]
