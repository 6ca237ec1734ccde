"""Artifacts and how they run, without the compiler and without torch."""

from .artifact import Artifact, Payload
from .model import Model, load
from .signature import Parameter, parameters_of
from .tensors import weight_handle

__all__ = ["Artifact", "Model", "Parameter", "Payload", "load", "parameters_of", "weight_handle"]
