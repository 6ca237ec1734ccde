"""Patterns, by what they are about."""

from .branches import BRANCH_PATTERNS
from .identities import IDENTITY_PATTERNS
from .items import ITEM_PATTERNS
from .lists import JOIN_PATTERNS, LIST_PATTERNS
from .scalars import SCALAR_PATTERNS
from .sizes import SIZE_PATTERNS
from .views import VIEW_PATTERNS

__all__ = [
    "BRANCH_PATTERNS",
    "IDENTITY_PATTERNS",
    "ITEM_PATTERNS",
    "JOIN_PATTERNS",
    "LIST_PATTERNS",
    "SCALAR_PATTERNS",
    "SIZE_PATTERNS",
    "VIEW_PATTERNS",
]
