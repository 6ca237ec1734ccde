"""Artifacts and how they run, without the compiler and without torch."""

from .artifact import Artifact, Payload
from .binding import structure_text
from .caller import caller_location
from .container import unwritable
from .engines import ONE_FILE, TARGETS
from .manifest import modelc_version
from .model import Model, load
from .signature import Parameter, parameters_of
from .tensors import weight_handle

__all__ = [
    "ONE_FILE",
    "TARGETS",
    "Artifact",
    "Model",
    "Parameter",
    "Payload",
    "caller_location",
    "load",
    "modelc_version",
    "parameters_of",
    "structure_text",
    "unwritable",
    "weight_handle",
]
