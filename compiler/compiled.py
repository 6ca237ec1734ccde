"""A program that compiles itself for each new input signature it is called with."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..diagnostics import Diagnostic, DiagnosticError, suggest
from ..runtime import Model, caller_location
from .assembly import write_artifact
from .driver import Build, build
from .example import Example
from .explanation import report
from .frontend import COMPILED_PROGRAM
from .options import Options
from .signature import Signature, quick_key, signature_of
from .watch import ParameterWatch

if TYPE_CHECKING:
    from collections.abc import Hashable

log = logging.getLogger("modelc")

MAX_SIGNATURES = 8
"""How many input signatures one program is compiled for before a further one is refused."""

_REFUSED = "MC0501"
_RECENT = 64
"""How many kinds of calls are known at once."""


class Compiled:
    """Run `program` compiled; called like the program, with its inputs and its output pytree.

    Weights are read when a signature is compiled; if a parameter has changed in place since, the
    next call compiles again. State that the program keeps on its modules lives in the compiled
    program from then on, not on the modules. Inference only: outputs carry no gradients.
    """

    def __init__(
        self,
        program: Callable[..., Any],
        options: Options,
        *,
        max_signatures: int = MAX_SIGNATURES,
    ) -> None:
        self.program = program
        setattr(self, COMPILED_PROGRAM, program)
        self.options = options
        self.max_signatures = max_signatures
        self._variants: dict[Signature, _Variant] = {}
        self._recent: dict[Hashable, _Variant] = {}
        self._latest: _Variant | None = None
        self.__doc__ = program.__doc__
        self.__name__ = getattr(program, "__name__", type(program).__name__)

    def __repr__(self) -> str:
        known = "; ".join(map(str, self._variants)) or "nothing yet"
        return f"<modelc.compile of {self.__name__} for {known}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute what the program computes; compile first if the signature is new."""
        key = quick_key(self.program, args, kwargs)
        recent = self._recent_variant(key)
        if recent is not None:
            try:
                return recent.model(*args, **kwargs)
            except DiagnosticError as error:
                if error.diagnostics[0].code != _REFUSED:
                    raise
        variant = self._variant(Example(args, kwargs))
        if key is not None:
            self._remember(key, variant)
        return variant.model(*args, **kwargs)

    def _recent_variant(self, key: Hashable) -> _Variant | None:
        """Return what ran the last call with `key`, which may not be right for every such call."""
        try:
            variant = self._recent.get(key)
        except TypeError:  # something deep in an argument cannot be hashed
            return None
        return None if variant is None or variant.watch.changed() else variant

    def _remember(self, key: Hashable, variant: _Variant) -> None:
        """Let calls like this one find their variant quickly."""
        if len(self._recent) >= _RECENT:
            self._recent.clear()
        with contextlib.suppress(TypeError):  # what cannot be hashed takes the long way
            self._recent[key] = variant

    def prepare(self, example: Example) -> None:
        """Compile for the signature of `example` now."""
        self._variant(example)

    def ir(self, stage: str = "outlined") -> str:
        """Return the text of `stage` of the latest compilation; `stages` names them."""
        stages = self._latest_build().stages
        if stage not in stages:
            raise DiagnosticError(
                Diagnostic(
                    "MC0006", f"there is no stage {stage!r}", help=suggest(stage, list(stages))
                )
            )
        return stages[stage]

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that `ir` can show, in order."""
        return tuple(self._latest_build().stages)

    def explain(self) -> str:
        """Return the decisions of the latest compilation, a line for each kind."""
        return "\n".join(report(self._latest_build().explanations))

    def save(self, path: str | Path, *, directory: bool = False) -> Path:
        """Write the latest compilation as an artifact that `modelc.load` reads.

        With target `onnx`, a path that ends in `.onnx` gets a standard ONNX model. An artifact runs
        one signature: a warning names the others for which this is compiled.
        """
        target = Path(path)
        write_artifact(self._latest_build().artifact, target, directory=directory)
        saved = [key for key, variant in self._variants.items() if variant is self._latest]
        if others := [str(key) for key in self._variants if key not in saved]:
            message = "%s holds %s for %s only, not for %s"
            log.warning(message, target, self.__name__, saved[0], "; ".join(others))
        return target

    @property
    def model(self) -> Model:
        """The running form of the latest compilation."""
        assert self._latest_build() is not None and self._latest is not None
        return self._latest.model

    def _latest_build(self) -> Build:
        if self._latest is None:
            raise DiagnosticError(
                Diagnostic(
                    "MC0003",
                    f"{self.__name__} is not compiled yet",
                    help="pass example_inputs to modelc.compile, or call the compiled program",
                )
            )
        return self._latest.build

    def _variant(self, example: Example) -> _Variant:
        key = signature_of(self.program, example, self.options.dims)
        variant = self._variants.get(key)
        if variant is None or variant.watch.changed():
            variant = self._compile(key, example, stale=variant is not None)
        return variant

    def _compile(self, key: Signature, example: Example, *, stale: bool) -> _Variant:
        if not stale and len(self._variants) >= self.max_signatures:
            raise DiagnosticError(_too_many(self.__name__, key, list(self._variants)))
        reason = "parameters changed" if stale else f"signature {key}"
        log.info("compiling %s for %s", self.__name__, reason)
        try:
            built = build(self.program, example, self.options)
        except DiagnosticError as error:
            raise _placed(error) from None
        variant = _Variant(built, self.program, self.options)
        self._variants[key] = self._latest = variant
        return variant


class _Variant:
    """One compilation and the state of the parameters that it read."""

    def __init__(self, built: Build, program: Callable[..., Any], options: Options) -> None:
        self.build = built
        self.model = Model(built.artifact, threads=options.threads)
        self.watch = ParameterWatch(None if options.freeze else program)


def _placed(error: DiagnosticError) -> DiagnosticError:
    """Let diagnostics that know no better place point at the call that led to them."""
    place = caller_location()
    return DiagnosticError(
        *(replace(one, location=one.location or place) for one in error.diagnostics)
    )


def _too_many(name: str, key: Signature, known: list[Signature]) -> Diagnostic:
    listed = "; ".join(map(str, known))
    return Diagnostic(
        "MC0501",
        f"{name} is compiled for {len(known)} signatures, and {key} is another",
        help=f"compiled for: {listed}. Pad the inputs, use dims=, or raise max_signatures",
    )
