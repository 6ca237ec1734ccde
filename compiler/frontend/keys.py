"""Keys of mappings that the data decides."""

from __future__ import annotations

import types
from collections import OrderedDict
from typing import Any

import torch

from .objects import class_of

_MOST_KEYS = 64
"""The size up to which a path forks for each key of a mapping."""


def can_fork_by_key(container: Any, key: Any) -> bool:
    """Tell whether paths may part by the int `key` of a mapping, which the data decides."""
    is_plain = class_of(container) in (dict, OrderedDict, types.MappingProxyType)
    is_known = is_plain and len(container) <= _MOST_KEYS
    return is_known and isinstance(key, torch.SymInt)
