"""What runs the parts of a program that was split by hand."""

import importlib
import io
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import onnxruntime
import torch
from torch import Tensor, nn

ort: Any = onnxruntime  # it has no types of its own

Part = Callable[..., Any]
"""A compiled part: from values to the list of its results."""


class Runtime(Protocol):
    """Compile parts, and pass values between them in a form of its own."""

    def part(self, module: nn.Module, *example: Tensor) -> Part:
        """Compile `module`, which takes tensors like `example` and returns a tuple of tensors."""
        ...

    def feed(self, tensor: Tensor) -> Any:
        """Return the value that parts take for `tensor`."""
        ...

    def read(self, value: Any) -> Tensor:
        """Return the tensor for a value that a part returned."""
        ...

    def item(self, value: Any) -> Any:
        """Return the only element of a value that a part returned."""
        ...


Split = Callable[[Any, Runtime], Callable[..., Any]]


class OnnxRuntime:
    """Sessions with IO binding: what one returns is bound to the next without a copy."""

    def __init__(self, threads: int) -> None:
        self.options = ort.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.inter_op_num_threads = 1
        self.options.log_severity_level = 3

    def part(self, module: nn.Module, *example: Tensor) -> Part:
        """Export `module`, and return what runs a session of it."""
        file = io.BytesIO()
        with warnings.catch_warnings():  # of constants in traces, and of the exporter's age
            warnings.simplefilter("ignore")
            exporter: Any = torch.onnx  # partly untyped
            exporter.export(module.eval(), example, file, dynamo=False, opset_version=18)
        providers = ["CPUExecutionProvider"]
        session = ort.InferenceSession(file.getvalue(), self.options, providers=providers)
        return bound(session)

    def feed(self, tensor: Tensor) -> Any:
        return ort.OrtValue.ortvalue_from_numpy(tensor.numpy())

    def read(self, value: Any) -> Tensor:
        return torch.from_numpy(value.numpy())  # pyright: ignore[reportUnknownMemberType]: untyped

    def item(self, value: Any) -> Any:
        return value.numpy().item()


def bound(session: Any) -> Part:
    """Return the function that runs `session` on OrtValues."""
    inputs = [formal.name for formal in session.get_inputs()]
    binding = session.io_binding()

    def run(*values: Any) -> Any:
        for name, value in zip(inputs, values, strict=True):
            binding.bind_ortvalue_input(name, value)
        for name in outputs:
            binding.bind_output(name)  # anew: memory of an earlier call may be in use
        session.run_with_iobinding(binding)
        return binding.get_outputs()

    outputs = [formal.name for formal in session.get_outputs()]
    return run


class AotInductor:
    """Shared libraries that AOTInductor makes; values are tensors."""

    def __init__(self) -> None:
        self.directory = tempfile.TemporaryDirectory(prefix="aot-inductor-")
        self.count = 0

    def part(self, module: nn.Module, *example: Tensor) -> Part:
        """Export and compile `module`, and return what runs it."""
        self.count += 1
        path = Path(self.directory.name) / f"{self.count}.pt2"
        inductor: Any = importlib.import_module("torch._inductor")
        with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what torch itself will change
            example = tuple(tensor.clone() for tensor in example)
            exported = torch.export.export(module.eval(), example)
            inductor.aoti_compile_and_package(exported, package_path=str(path))
        return inductor.aoti_load_package(str(path))

    def feed(self, tensor: Tensor) -> Tensor:
        return tensor

    def read(self, value: Tensor) -> Tensor:
        return value

    def item(self, value: Tensor) -> Any:
        return value.item()
