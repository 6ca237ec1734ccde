"""Graph functions to ONNX models, for ONNX Runtime."""

from .convert import convert
from .element_types import Unsupported
from .engine import OnnxRuntimeBackend

__all__ = ["OnnxRuntimeBackend", "Unsupported", "convert"]
