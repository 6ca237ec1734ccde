"""Every pass by name, imported when it is used; other packages add theirs by entry points."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from ..diagnostics import Diagnostic, DiagnosticError, suggest
from .definition import Pass

PASSES: Mapping[str, str] = {
    "canonicalize": "canonicalize:Canonicalize",
    "compute-before-joins": "compute_before_joins:ComputeBeforeJoins",
    "cse": "cse:CommonSubexpressions",
    "dce": "dce:DeadCode",
    "deduplicate-subnets": "deduplicate_subnets:DeduplicateSubnets",
    "fold": "fold:Fold",
    "hoist-common": "hoist_common:HoistCommon",
    "hoist-equivalent": "hoist_equivalent:HoistEquivalent",
    "if-convert": "if_convert:IfConvert",
    "merge-blocks": "merge_blocks:MergeBlocks",
    "outline-subnets": "outline_subnets:OutlineSubnets",
    "rematerialize": "rematerialize:Rematerialize",
    "select-early": "select_early:SelectEarly",
    "select-tensors": "select_tensors:SelectTensors",
    "sink-into-arms": "sink_into_arms:SinkIntoArms",
}
"""Module in this package and class of each pass."""

GROUP = "modelc.passes"
"""The entry points of passes from other packages: `name = "package.module:Class"`."""


def load_pass(name: str) -> type[Pass]:
    """Return the class of the pass `name`; MC0301 if there is none."""
    module, _, class_name = known_passes()[_known(name)].partition(":")
    package = __package__ if name in PASSES else None
    source = import_module(f".{module}" if package else module, package)
    return cast("type[Pass]", getattr(source, class_name))


def known_passes() -> dict[str, str]:
    """Return where each pass is, our own and those of other packages."""
    return merge_passes(PASSES, _installed())


@functools.cache
def _installed() -> tuple[EntryPoint, ...]:
    """Return the passes of installed packages; reading their metadata takes 10 ms."""
    return tuple(entry_points(group=GROUP))


def merge_passes(own: Mapping[str, str], found: Iterable[EntryPoint]) -> dict[str, str]:
    """Add the passes `found` to our `own`; MC0304 if two owners claim one name."""
    merged, owners = dict(own), dict.fromkeys(own, "modelc")
    for point in sorted(found, key=lambda point: (point.name, point.value)):
        owner = point.dist.name if point.dist else point.value
        if point.name in merged:
            raise _claimed_twice(point.name, owners[point.name], owner)
        merged[point.name], owners[point.name] = point.value, owner
    return merged


def _known(name: str) -> str:
    known = known_passes()
    if name not in known:
        message = f"there is no pass named {name!r}"
        raise DiagnosticError(Diagnostic("MC0301", message, help=suggest(name, list(known))))
    return name


def _claimed_twice(name: str, first: str, second: str) -> DiagnosticError:
    message = f"both {first} and {second} provide a pass named {name!r}"
    return DiagnosticError(Diagnostic("MC0304", message, help="uninstall one of them"))
