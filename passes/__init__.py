"""Passes over modules, the manager that runs them, and what watches them."""

from .definition import Decision, EngineOf, Pass, PassContext
from .manager import Observer, Step, run_pipeline
from .observers import Counts, Record, Recorder, count, dump_passes, time_passes, verify_passes
from .pipelines import DEFAULT_PIPELINE, LOWERING_PIPELINE, parse_pipeline, print_pipeline
from .registry import PASSES, known_passes, load_pass

__all__ = [
    "DEFAULT_PIPELINE",
    "LOWERING_PIPELINE",
    "PASSES",
    "Counts",
    "Decision",
    "EngineOf",
    "Observer",
    "Pass",
    "PassContext",
    "Record",
    "Recorder",
    "Step",
    "count",
    "dump_passes",
    "known_passes",
    "load_pass",
    "parse_pipeline",
    "print_pipeline",
    "run_pipeline",
    "time_passes",
    "verify_passes",
]
