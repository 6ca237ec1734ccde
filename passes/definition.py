"""What a pass is, what it is given, and how it says what it decided."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias, get_type_hints

from ..diagnostics import Location
from ..ir import Module, Op, Symbol

if TYPE_CHECKING:
    import torch

EngineOf: TypeAlias = Mapping[Op, str] | Callable[[Op], str]
"""Which engine takes an op."""

MissReport: TypeAlias = Callable[[str, Op, str], None]
"""Hears of a pattern that missed: its name, the op, the reason."""


@dataclass(frozen=True)
class Decision:
    """Something that a pass did and a user may ask about."""

    pass_name: str
    location: Location
    text: str


@dataclass(frozen=True)
class PassContext:
    """What passes read beside the module, and where they say what they decided.

    `weights` holds the values of the module's weights, if they are at hand; a pass that makes a
    weight adds its value. `engine_of` says which engine takes an op. `on_miss` hears of each
    pattern that did not apply.
    """

    weights: MutableMapping[Symbol, torch.Tensor] | None = None
    engine_of: EngineOf | None = None
    on_miss: MissReport | None = None
    decisions: list[Decision] = field(default_factory=lambda: [])
    pass_name: str = ""

    def note(self, place: Op | Location, text: str) -> None:
        """Record what the running pass decided at `place`."""
        location = place.loc if isinstance(place, Op) else place
        self.decisions.append(Decision(self.pass_name, location, text))

    def running(self, pass_name: str) -> PassContext:
        """Return this context for the pass `pass_name`; decisions still go to the same list."""
        return dataclasses.replace(self, pass_name=pass_name)

    def engine(self, op: Op) -> str:
        """Return the name of the engine that takes `op`."""
        if self.engine_of is None:
            return "default"
        if callable(self.engine_of):
            return self.engine_of(op)
        return self.engine_of[op]


@dataclass(frozen=True)
class Pass:
    """Rewrite a module, which verifies before and after.

    The fields of a subclass are its options. `explicit` names the options that were given, so
    that a pipeline prints as it was written.
    """

    name: ClassVar[str]
    explicit: tuple[str, ...] = field(default=(), repr=False, compare=False, kw_only=True)

    def run(self, module: Module, context: PassContext) -> None:
        """Rewrite `module` in place."""
        raise NotImplementedError

    @classmethod
    def options(cls) -> dict[str, type]:
        """Return the type of each option, by the name that pipelines use."""
        types = get_type_hints(cls)
        fields = [f.name for f in dataclasses.fields(cls) if f.name != "explicit"]
        return {name.replace("_", "-"): types[name] for name in fields}

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Self:
        """Return the pass with the options `given` as text; ValueError if one is malformed."""
        types = cls.options()
        values = {name: _parse_value(types[name], text) for name, text in given.items()}
        fields = {name.replace("-", "_"): value for name, value in values.items()}
        return cls(**fields, explicit=tuple(given))

    def __str__(self) -> str:
        defaults = {f.name: f.default for f in dataclasses.fields(self)}
        options = {name: getattr(self, name.replace("-", "_")) for name in type(self).options()}
        changed = [n for n, value in options.items() if value != defaults[n.replace("-", "_")]]
        shown = [*self.explicit, *(name for name in changed if name not in self.explicit)]
        text = " ".join(f"{name}={_print_value(options[name])}" for name in shown)
        return f"{self.name}{{{text}}}" if text else self.name


def _parse_value(value_type: type, text: str) -> Any:
    if value_type is not bool:
        return value_type(text)
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def _print_value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
