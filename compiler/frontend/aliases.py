"""Tensors that share memory: they are copied as a group, views being views again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch

from .torch_internals import (
    Tensor,
    fake_of_view,
    replay_views,
    storage_key,
    view_chain,
)
from .tracer import Tracer


def alias_groups(tensors: Iterable[Tensor]) -> list[list[Tensor]]:
    """Return the distinct tensors, those that share memory together."""
    groups: dict[int, dict[int, Tensor]] = {}
    for tensor in tensors:
        groups.setdefault(storage_key(tensor), {})[id(tensor)] = tensor
    return [list(group.values()) for group in groups.values()]


def clone_tensors(tracer: Tracer, tensors: Iterable[Tensor]) -> dict[int, Tensor]:
    """Return, by `id`, copies that alias each other as the originals do, but not the originals."""
    own = [tensor for tensor in tensors if not tracer.tensors.is_weight(tensor)]
    copies: dict[int, Tensor] = {}
    for group in alias_groups(own):
        _clone_group(tracer, _with_base(tracer, group), copies)
    return copies


def _with_base(tracer: Tracer, group: list[Tensor]) -> list[Tensor]:
    """Add the base of several views if no variable holds it any more."""
    if len(group) < 2 or not all(map(view_chain, group)):
        return group
    base = tracer.tensors.base_of(group[0])
    is_missing = base is None or tracer.tensors.is_weight(base)
    return group if is_missing else [base, *group]


def _clone_group(tracer: Tracer, group: Sequence[Tensor], copies: dict[int, Tensor]) -> None:
    fakes = {id(tensor): tracer.tensors.fake(tensor) for tensor in group}
    base: Tensor = None
    for tensor in group:
        if not view_chain(tensor):
            base = (
                tracer.native(tracer.functional_mode.wrap, fakes[id(tensor)])
                if base is None
                else base
            )
            copies[id(tensor)] = base
    for tensor in group:
        if view_chain(tensor):
            copies[id(tensor)] = _clone_view(tracer, tensor, fakes[id(tensor)], base)
            if base is None and (len(group) > 1 or tracer.tensors.aliases_weight(tensor)):
                tracer.tensors.lose_alias(copies[id(tensor)], tensor)
    if any(tracer.tensors.has_lost_alias(tensor) for tensor in group):
        for tensor in group:
            tracer.tensors.lose_alias(copies[id(tensor)], tensor)


def _clone_view(tracer: Tracer, tensor: Tensor, fake: Tensor, base: Tensor) -> Tensor:
    """Return a copy of a view, of the copied `base` if that is alive, with the same value."""
    if base is None:
        return tracer.native(tracer.functional_mode.wrap, fake)
    with torch.no_grad(), tracer.fake_mode:
        view = replay_views(base, view_chain(tensor), tracer.functional_mode)
    copy = fake_of_view(view)
    tracer.tensors.alias(copy, fake)
    for extent, known in zip(copy.shape, fake.shape, strict=True):
        tracer.shapes.equate(extent, known)
    return view


def record_view(tracer: Tracer, base: Tensor, original: Tensor) -> Tensor:
    """Return the view of `base` that `original` is of its own base; the ops are recorded."""
    with tracer.lower_modes():
        return replay_views(base, view_chain(original), tracer.functional_mode)
