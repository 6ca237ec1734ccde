"""One compilation, from a program and an example to an artifact."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from ..backends import Partition, check_target, one_file, partition
from ..ir import Module, Symbol
from ..ir.text import print_module
from ..passes import (
    DEFAULT_PIPELINE,
    LOWERING_PIPELINE,
    PassContext,
    Step,
    parse_pipeline,
    run_pipeline,
    verify_passes,
)
from ..runtime import ONE_FILE, Artifact, parameters_of, weight_handle
from .assembly import assemble, assemble_whole, write_dumps
from .cache import Cache, Outcome, key_of
from .example import Example
from .explanation import Explanation, explain_partition, explain_tiny, report, verdict
from .frontend import Captured, capture, check_dims_form
from .options import Options
from .progress import Progress, silent
from .summary import stages


@dataclass
class Build:
    """What a compilation made: the artifact, the IR of each stage, and why it looks like that."""

    artifact: Artifact
    stages: Mapping[str, str]
    explanations: Sequence[Explanation]
    seconds: dict[str, float]


def check_options(options: Options) -> None:
    """Raise a diagnostic for an unknown target, and for mistakes in the pipeline and the dims."""
    check_target(options.target)
    check_dims_form(options.dims)
    parse_pipeline(options.pipeline or "")


def build(
    program: Callable[..., Any],
    example: Example,
    options: Options,
    progress: Progress = silent,
) -> Build:
    """Compile `program` for inputs like `example`; raises DiagnosticError with every reason."""
    check_options(options)
    work = _Compilation(options, progress)
    with torch.inference_mode(False):  # it would hide decompositions from the capture
        captured = work.capture(program, example)
    outcome = _cached(work, captured, program)
    return Build(outcome.artifact, stages(outcome.artifact), outcome.explanations, work.seconds)


def _cached(work: _Compilation, captured: Captured, program: Callable[..., Any]) -> Outcome:
    """Return what becomes of a capture, from the cache if it is there."""
    options = work.options
    wanted = options.cache and options.dump_directory is None
    cache = Cache.from_environment() if wanted else None
    if cache is None:
        return _finish(work, captured, program)
    weights = {str(name): weight_handle(tensor) for name, tensor in captured.weights.items()}
    settings = (options.target, options.pipeline, parameters_of(program), work.explanations)
    with work.step("cache"):
        key = key_of(captured.module, *settings)
        outcome = cache.load(key, weights)
    if outcome is None:
        outcome = _finish(work, captured, program)
        cache.store(key, outcome, weights)
    return outcome


def _finish(work: _Compilation, captured: Captured, program: Callable[..., Any]) -> Outcome:
    module = captured.module
    work.optimise(module, captured.weights)
    split = work.partition(module)
    if work.options.target == ONE_FILE:
        artifact = work.emit_whole(captured, program)
    else:
        work.lower(module, captured.weights, split)
        artifact = work.emit(module, captured, split, program)
    if work.options.dump_directory is not None:
        write_dumps(work.options.dump_directory, work.dumps, captured.weights)
    return Outcome(artifact, work.explanations)


def examine(
    program: Callable[..., Any], example: Example, options: Options, progress: Progress = silent
) -> list[str]:
    """Return what a compilation would decide, a line each; raises what it would raise."""
    check_options(options)
    work = _Compilation(options, progress)
    with torch.inference_mode(False):
        captured = work.capture(program, example)
    work.optimise(captured.module, captured.weights)
    split = work.partition(captured.module)
    if options.target == ONE_FILE:
        one_file(captured.module, parameters_of(program))
    work.lower(captured.module, captured.weights, split)
    return [*report(work.explanations), verdict(captured.module, split)]


@dataclass
class _Compilation:
    """The steps of one compilation, and what they leave behind."""

    options: Options
    progress: Progress
    stages: dict[str, str] = field(default_factory=lambda: {})
    dumps: dict[str, str] = field(default_factory=lambda: {})
    explanations: list[Explanation] = field(default_factory=lambda: [])
    seconds: dict[str, float] = field(default_factory=lambda: {})

    def capture(self, program: Callable[..., Any], example: Example) -> Captured:
        """Turn the program into a host function over tensor ops."""
        with self.step("capture"):
            captured = capture(
                program,
                example.args,
                example.kwargs,
                name=self.options.name or _name_of(program),
                dims=self.options.dims,
            )
        captured.module.target = self.options.target
        self._keep("captured", captured.module)
        for note in captured.notes:
            self.explanations.append(Explanation("capture", note.message, note.location))
        return captured

    def optimise(self, module: Module, weights: dict[Symbol, torch.Tensor]) -> None:
        """Rewrite the module at the level at which it was captured."""
        pipeline = DEFAULT_PIPELINE if self.options.pipeline is None else self.options.pipeline
        with self.step("optimise"):
            self._run(module, pipeline, PassContext(weights=weights))
        self._keep("optimised", module)

    def partition(self, module: Module) -> Partition:
        """Choose the engine of every tensor op."""
        with self.step("partition"):
            split = partition(module, self.options.target)
        self.explanations += explain_partition(split)
        return split

    def lower(self, module: Module, weights: dict[Symbol, torch.Tensor], split: Partition) -> None:
        """Cut the tensor ops out into sub-networks."""
        with self.step("outline"):
            context = PassContext(weights=weights, engine_of=split.engine_of)
            self._run(module, LOWERING_PIPELINE, context)
        self.explanations += explain_tiny(module, split)
        self._keep("outlined", module)

    def emit(
        self, module: Module, captured: Captured, split: Partition, program: Callable[..., Any]
    ) -> Artifact:
        """Write sub-networks and host program."""
        with self.step("emit"):
            return assemble(module, captured.weights, split, program, self.stages)

    def emit_whole(self, captured: Captured, program: Callable[..., Any]) -> Artifact:
        """Write the whole program, its control flow included, for one engine."""
        with self.step("emit"):
            whole = one_file(captured.module, parameters_of(program))
            artifact = assemble_whole(whole, captured.weights, self.stages)
        for note in whole.notes:
            self.explanations.append(Explanation("emit", note.message, note.location))
        return artifact

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Time the step `name`, and tell that it begins."""
        self.progress(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start

    def _run(self, module: Module, pipeline: str, context: PassContext) -> None:
        run_pipeline(module, pipeline, context, [verify_passes, self._dump])
        for decision in context.decisions:
            explanation = Explanation(decision.pass_name, decision.text, decision.location)
            self.explanations.append(explanation)

    def _dump(self, step: Step) -> None:
        if self.options.dump_directory is not None and step.number:
            self.dumps[f"{len(self.dumps):02d}-{step.name}"] = print_module(step.module)

    def _keep(self, stage: str, module: Module) -> None:
        self.stages[stage] = print_module(module)
        if self.options.dump_directory is not None and not self.dumps:
            self.dumps[f"00-{stage}"] = self.stages[stage]


def _name_of(program: Callable[..., Any]) -> str:
    return getattr(program, "__name__", type(program).__name__)
