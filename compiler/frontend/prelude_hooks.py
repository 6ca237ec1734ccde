"""Handles of hooks in Python: what the machine interprets of torch's."""

from __future__ import annotations

from typing import Any


class HookHandle:
    """What registering a hook returns."""

    def __init__(self, module: Any, where: str, name: str) -> None:
        self.module, self.where, self.name = module, where, name
        self.is_active = True

    def remove(self) -> None:
        """Take the hook away, once."""
        if self.is_active:
            self.is_active = False
            remove_hook(self.module, self.where, self.name)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.remove()


def make_handle(module: Any, where: str, name: str) -> HookHandle:
    """Return the handle of a hook."""
    return HookHandle(module, where, name)


def remove_hook(module: Any, where: str, name: str) -> None:
    """Take a hook away; the machine does this itself."""
