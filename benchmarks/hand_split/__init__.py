"""Samples split by hand, the way DyCL does it: static parts, called from a loop in Python.

S. Chen, S. Wei, C. Liu, W. Yang: "DyCL: Dynamic Neural Network Compilation Via Program Rewriting
and Graph Optimization", ISSTA 2023. Each module here has a function `split(model, runtime)` that
returns the program; `runtime` compiles the parts and passes values between them.
"""

from . import adaptive_computation, captioning, early_exit, pabee, skipnet
from .runtimes import AotInductor, OnnxRuntime, Runtime, Split

SPLITS: dict[str, Split] = {
    "adaptive_computation": adaptive_computation.split,
    "captioning": captioning.split,
    "early_exit": early_exit.split,
    "pabee": pabee.split,
    "skipnet": skipnet.split,
}

__all__ = ["SPLITS", "AotInductor", "OnnxRuntime", "Runtime", "Split"]
