"""Measure what each optimisation of control flow is worth, by switching it off.

Each is measured on a small program that it is for, and on samples. The compiled program with all
optimisations and the one without it run in turn on each input; the table shows the median over
the inputs of the time without / the time with it, the 10th and 90th percentile, and how many
sessions of ONNX Runtime the two programs have.
"""

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from interleave import Inputs, Spread, interleave, speedup
from matplotlib.figure import Figure
from pass_programs import (
    BothArms,
    EqualLayers,
    FirstToken,
    Gates,
    LoopTest,
    Numbers,
    OneArm,
    SmallArms,
    StraightLine,
    TransposedWeight,
    inputs_of_both_signs,
)
from presentation import environment, markdown
from torch import nn

import modelc
from modelc.backends.numpy import NumpyBackend
from modelc.compiler import driver
from modelc.passes import DEFAULT_PIPELINE, LOWERING_PIPELINE, if_convert

ROOT = Path(__file__).parents[1]
SAMPLES = ("adaptive_computation", "pabee", "skipnet", "tree_lstm")


@dataclass(frozen=True)
class Optimisation:
    """What can be switched off: passes by name, or the engine for tiny sub-networks."""

    title: str
    program: Callable[[], nn.Module]
    shape: tuple[int, ...]
    passes: tuple[str, ...] = ()

    @contextmanager
    def off(self) -> Generator[str]:
        """Switch it off for a while; the pipeline to compile with is yielded."""
        with ExitStack() as stack:
            lowering = without(LOWERING_PIPELINE, self.passes)
            stack.enter_context(mock.patch.object(driver, "LOWERING_PIPELINE", lowering))
            if "merge-blocks" in self.passes:  # which other passes do as well
                stack.enter_context(mock.patch.object(if_convert, "merge_blocks"))
            if not self.passes:
                is_faster = mock.Mock(return_value=False)
                stack.enter_context(mock.patch.object(NumpyBackend, "is_faster", is_faster))
            yield without(DEFAULT_PIPELINE, self.passes)


def without(pipeline: str, passes: tuple[str, ...]) -> str:
    """Return `pipeline` without `passes`."""
    return ",".join(name for name in pipeline.split(",") if name not in passes)


OPTIMISATIONS = (
    Optimisation("sinking into one arm", OneArm, (1, 256), ("sink-into-arms",)),
    Optimisation("hoisting", BothArms, (1, 256), ("hoist-common", "hoist-equivalent")),
    Optimisation(
        "straight-line merge", StraightLine, (1, 32), ("merge-blocks", "hoist-equivalent")
    ),
    Optimisation("tiny without session", Numbers, (3,)),
    Optimisation("equal ones share", EqualLayers, (1, 256), ("deduplicate-subnets",)),
    Optimisation("if-conversion", Gates, (1, 32), ("if-convert", "select-tensors")),
    Optimisation("small arms", SmallArms, (1, 16), ("if-convert", "select-tensors")),
    Optimisation("before joins", LoopTest, (1, 256), ("compute-before-joins",)),
    Optimisation("repeated views", TransposedWeight, (1, 256), ("rematerialize",)),
    Optimisation("early selection", FirstToken, (1, 64, 256), ("select-early",)),
)


@dataclass(frozen=True)
class Effect:
    """Time without / time with an optimisation, and the sessions of both programs."""

    optimisation: str
    program: str
    ratio: Spread
    sessions: int
    sessions_without: int


def sessions(compiled: Any) -> int:
    """Return how many sessions a compiled program has."""
    artifact = compiled.model.artifact
    engines = [artifact.subnets[one.callee].engine for one in artifact.program.instances]
    return engines.count("onnxruntime")


def measure(each: Optimisation, name: str, model: nn.Module, inputs: Inputs, rounds: int) -> Effect:
    """Measure one optimisation on one program."""
    settings: dict[str, Any] = {"threads": 1, "freeze": True, "cache": False}
    with_it = modelc.compile(model, inputs[0], **settings)
    with each.off() as pipeline:
        without_it = modelc.compile(model, inputs[0], pipeline=pipeline, **settings)
    for args in inputs:
        torch.testing.assert_close(without_it(*args), with_it(*args), rtol=1e-4, atol=1e-5)
    with torch.inference_mode():
        times = interleave({"with": with_it, "without": without_it}, inputs, rounds)
    ratio = speedup(times["without"], times["with"])
    return Effect(each.title, name, ratio, sessions(with_it), sessions(without_it))


def own_program(each: Optimisation, rounds: int) -> Effect:
    """Measure an optimisation on the program that it is for."""
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]: untyped
    model = each.program().eval().requires_grad_(False)
    return measure(each, each.program.__name__, model, inputs_of_both_signs(*each.shape), rounds)


def on_sample(each: Optimisation, name: str, rounds: int) -> Effect:
    """Measure an optimisation on a sample."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "samples" / f"{name}.py")
    assert spec and spec.loader
    sample = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sample)
    return measure(each, name, sample.build(), sample.inputs(), rounds)


def table(effects: list[Effect]) -> str:
    """Return a row for each optimisation and a column for each program, as Markdown."""
    programs = ["own program", *dict.fromkeys(e.program for e in effects if e.program in SAMPLES)]
    rows: list[list[str]] = []
    for title in dict.fromkeys(effect.optimisation for effect in effects):
        mine = {
            effect.program if effect.program in SAMPLES else "own program": effect
            for effect in effects
            if effect.optimisation == title
        }
        rows.append([title, *(cell(mine[program]) for program in programs)])
    return markdown(["without", *programs], rows)


def cell(effect: Effect) -> str:
    ratio = effect.ratio
    shown = f"{ratio.median:.2f}x ({ratio.p10:.2f}-{ratio.p90:.2f})"
    return f"{shown}, {effect.sessions}/{effect.sessions_without}"


def write_plot(path: Path, effects: list[Effect]) -> None:
    """Draw one bar for each optimisation on its own program."""
    own = [effect for effect in effects if effect.program not in SAMPLES][::-1]
    figure: Any = Figure(figsize=(7, 0.4 * len(own) + 1), layout="constrained")
    axes: Any = figure.subplots()
    medians = [effect.ratio.median for effect in own]
    below = [effect.ratio.median - effect.ratio.p10 for effect in own]
    above = [effect.ratio.p90 - effect.ratio.median for effect in own]
    axes.barh([effect.optimisation for effect in own], medians, xerr=[below, above])
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xlabel("time without it / time with it, on the program that it is for")
    figure.savefig(path, dpi=150)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300, help="runs of each input (300)")
    parser.add_argument("--sample-rounds", type=int, default=15, help="the same for samples (15)")
    parser.add_argument("--samples", nargs="*", choices=SAMPLES, default=SAMPLES, metavar="NAME")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    effects = [own_program(each, chosen.rounds) for each in OPTIMISATIONS]
    for name in chosen.samples:
        effects += [on_sample(each, name, chosen.sample_rounds) for each in OPTIMISATIONS]
    chosen.output.mkdir(parents=True, exist_ok=True)
    content = {"environment": environment(), "effects": [asdict(effect) for effect in effects]}
    (chosen.output / "passes.json").write_text(json.dumps(content, indent=2) + "\n")
    write_plot(chosen.output / "passes.png", effects)
    print(table(effects))
    return 0


if __name__ == "__main__":
    sys.exit(main())
