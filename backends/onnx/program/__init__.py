"""A whole program as one ONNX model, with If, Loop and sequences for its control flow."""

from .one_file import one_file

__all__ = ["one_file"]
