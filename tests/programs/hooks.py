"""Hooks that programs put on their modules, and take away again before they return."""

from typing import Any

import torch
from torch import Tensor, nn

from .case import normal, program


class _Layers(nn.Module):
    """Two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.key = nn.Linear(4, 4)
        self.value = nn.Linear(4, 4)


@program((normal(0, 3, 4),), (normal(1, 3, 4),), (normal(2, 3, 4),))
class CacheByHooks(_Layers):
    """A decoder whose layers keep what they computed, by hooks put on all of them."""

    def install(self) -> tuple[dict[nn.Module, Tensor], list[Any]]:
        cache: dict[nn.Module, Tensor] = {}

        def save(module: nn.Module, _: Any, output: Tensor) -> Tensor:
            if module not in cache:
                cache[module] = output
            else:
                cache[module] = torch.cat([cache[module], output]).detach()
            return cache[module]

        hooks: list[Any] = []

        def put(layer: nn.Module) -> None:
            if isinstance(layer, nn.Linear):
                hooks.append(layer.register_forward_hook(save))

        self.apply(put)
        return cache, hooks

    def forward(self, x: Tensor) -> Any:
        cache, hooks = self.install()
        for _ in range(3):
            x = torch.softmax(x[-1:] @ self.key(x).T, -1) @ self.value(x) * 2
            if x.sum() > 0:
                break
        for hook in hooks:
            hook.remove()
        return x, self.key(x), cache[self.value]


@program((normal(0, 2, 4),), (normal(1, 2, 4),), (normal(3, 2, 4),))
class HooksOnSomePaths(_Layers):
    """Hooks of both kinds, of which one path takes one away early."""

    def forward(self, x: Tensor) -> Any:
        seen: list[Tensor] = []

        def scaled(module: nn.Module, args: Any, output: Tensor) -> Tensor:
            return output * 2

        def reduced(*given: Any) -> Tensor:
            return given[2] - 1

        def moved(module: nn.Module, args: Any, kwargs: Any) -> Any:
            return (args[0] + 1,), kwargs

        def watch(module: nn.Module, args: Any) -> None:
            seen.append(args[0])

        doubled = self.key.register_forward_hook(scaled)
        less = self.key.register_forward_hook(reduced, prepend=True)
        shifted = self.key.register_forward_pre_hook(moved, with_kwargs=True)
        if x.sum() > 0:
            doubled.remove()
        first = self.key(x)
        for handle in (doubled, less, shifted):
            handle.remove()
        with self.value.register_forward_pre_hook(watch):
            second = self.value(first)
        return first, second, self.key(x), self.value(x), seen
