"""Calls: which functions are interpreted, which run natively, and which are refused."""

from __future__ import annotations

import functools
import inspect
import re
import types
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy
import torch
from torch import nn
from torch.utils import _pytree as pytree

from . import prelude
from .cells import keep_mutated_container, keep_mutated_weight
from .code_kinds import (
    EFFECTS,
    NATIVE_PACKAGES,
    effect_of,
    is_interpreted,
    makes_contexts,
    package_of,
    stands_before_another,
    undecorated,
)
from .consumption import has_generators, replacement, takes_generators
from .dataclass_creation import initialises_dataclass, is_generated, values_of_dataclass
from .failures import NeedConcrete, ProgramError, Undecided
from .functions import push_function, push_interpreted
from .generators import call_method
from .hir import Register
from .keys import takes_key
from .machine import Machine, Outcome
from .module_hooks import hooks_of, is_hooked
from .native import run_native, sees_constants_only, unknown_flag
from .objects import (
    ABSENT,
    ITERATORS,
    Array,
    ArrayMethod,
    DynamicList,
    Generator,
    GeneratorMethod,
    InterpretedFunction,
    ListMethod,
    SequenceIterator,
    class_of,
    is_a,
)
from .packed_sequences import run_open_sequences, takes_open_sequences
from .plain_lists import need_static
from .questions import forget_answers, holds_answers
from .registers import deliver
from .scalars import is_symbolic
from .state import ResultUse, State
from .string_methods import string_method
from .text_methods import call_text_method, is_text_method
from .texts import Text, require_no_text, symbols_of
from .torch_internals import (
    has_data_mutation,
    has_forward_hooks,
    is_raw_tensor,
    is_traced,
    runs_by_dynamo,
    undisabled,
    without_dynamo,
)

COMPILED_PROGRAM = "__modelc_program__"
"""Attribute of what `modelc.compile` returns: the program, which is interpreted in its place."""

DROPPED_PACKAGES = frozenset(["warnings", "_warnings", "logging", "loguru"])
_LOGGERS = frozenset(["getLogger", "bind", "opt", "patch"])
"""Functions of these packages that return a logger: these run."""

TAKES_TEXT = frozenset(
    [str, repr, format, print, isinstance, type, bool, len, list, iter, enumerate, zip]
)
"""Builtins that take text which only the data decides."""

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
"""Modules that only hold others."""

_CACHED = type(functools.cache(len))
_MUTATORS = frozenset(
    """append extend insert remove pop clear sort reverse update setdefault popitem add discard
    __setitem__ __delitem__ move_to_end appendleft popleft intersection_update difference_update
    symmetric_difference_update""".split()
)


def call(
    machine: Machine,
    state: State,
    function: Any,
    args: list[Any],
    kwargs: dict[str, Any],
    *,
    use: ResultUse = ResultUse.DESTINATION,
) -> Outcome:
    """Deliver `function(*args, **kwargs)`, or begin its interpretation."""
    replaced = replacement(function, args, kwargs)
    if replaced is not None:
        return push_function(machine, state, replaced, args, kwargs)
    if is_text_method(function, args):
        return call_text_method(machine, state, function, args, kwargs)
    builtin = _builtin(machine, function)
    if builtin is not None:
        if has_generators(args) and not takes_generators(function):
            return _call_with_lists(machine, state, function, args, kwargs)
        if not isinstance(function, ListMethod) and function not in TAKES_TEXT:
            require_no_text([*args, *kwargs.values()])
        return builtin(machine, state, args, kwargs)
    if isinstance(function, InterpretedFunction):
        return push_interpreted(machine, state, function, args, kwargs)
    if isinstance(function, types.FunctionType):
        return _call_function(machine, state, function, args, kwargs, use=use)
    if isinstance(function, types.MethodType):
        return _call_method(machine, state, function, args, kwargs)
    if isinstance(function, functools.partial):
        merged = {**function.keywords, **kwargs}
        return call(machine, state, function.func, [*function.args, *args], merged)
    if isinstance(function, nn.Module):
        return call_module(machine, state, function, args, kwargs)
    if isinstance(function, type):
        return _construct(machine, state, function, args, kwargs)
    return _call_object(machine, state, function, args, kwargs)


def _builtin(machine: Machine, function: Any) -> Any:
    if isinstance(function, (ListMethod, ArrayMethod)):
        return functools.partial(_call_bound_object, function)
    if isinstance(function, GeneratorMethod):
        return functools.partial(_call_generator, function)
    owner = getattr(function, "__self__", None)
    if is_traced(owner) or isinstance(owner, ContextVar):
        kind: Any = ContextVar if isinstance(owner, ContextVar) else torch.Tensor
        method = machine.builtins.get(getattr(kind, function.__name__, None))
        if method is None:
            return None
        return functools.partial(_call_bound, method, owner)
    try:
        found = machine.builtins.get(function)
        return machine.builtins.get(undisabled(function)) if found is None else found
    except TypeError:  # an unhashable callable is no builtin
        return None


def _call_bound(
    method: Any, owner: Any, machine: Machine, state: State, args: list[Any], kwargs: Any
) -> Outcome:
    return method(machine, state, [owner, *args], kwargs)


def _call_bound_object(
    method: Any, machine: Machine, state: State, args: list[Any], kwargs: Any
) -> Outcome:
    return machine.builtins[type(method)](machine, state, [method, *args], kwargs)


def _call_generator(
    method: GeneratorMethod, machine: Machine, state: State, args: list[Any], kwargs: Any
) -> Outcome:
    del kwargs
    return call_method(machine, state, method, args)


def _call_with_lists(
    machine: Machine, state: State, function: Any, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    return push_function(machine, state, prelude.with_lists, [function, *args], kwargs)


def _has_iterators(args: list[Any]) -> bool:
    """Tell whether an argument is an iterator that only the machine can draw from."""
    return has_generators(args) or any(isinstance(value, ITERATORS) for value in args)


# --- interpreted --------------------------------------------------------------------------------


def _call_function(
    machine: Machine,
    state: State,
    function: types.FunctionType,
    args: list[Any],
    kwargs: dict[str, Any],
    *,
    use: ResultUse = ResultUse.DESTINATION,
) -> Outcome:
    if makes_contexts(function):
        return _make_context(machine, state, function, args, kwargs)
    if stands_before_another(function):
        return call(machine, state, undecorated(machine, function), args, kwargs)
    if not is_interpreted(function):
        if function.__name__ == "forward" and args and isinstance(args[0], nn.Module):
            return _call_forward_of_torch(machine, state, function, args, kwargs)
        return call_natively(machine, state, function, args, kwargs)
    if initialises_dataclass(function, args):
        values = values_of_dataclass(machine, function, args, kwargs)
        return push_function(machine, state, prelude.initialise_dataclass, values, {}, use=use)
    return push_function(machine, state, function, args, kwargs, use=use)


def _make_context(
    machine: Machine, state: State, function: Any, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Call a function that `contextlib.contextmanager` decorates."""
    make: Any = function.__wrapped__
    if not is_interpreted(make):
        return call_natively(machine, state, function, args, kwargs)
    return push_function(machine, state, prelude.make_context, [make, *args], kwargs)


# --- methods, modules, classes, other objects ---------------------------------------------------


def _call_method(
    machine: Machine,
    state: State,
    method: types.MethodType,
    args: list[Any],
    kwargs: dict[str, Any],
) -> Outcome:
    owner, function = method.__self__, method.__func__
    if isinstance(owner, nn.Module):
        if function is nn.Module.apply:
            return push_function(machine, state, prelude.apply_to_modules, [owner, *args], kwargs)
        if function is nn.Module.__call__:
            return _call_as_module(machine, state, owner, args, kwargs)
        if function.__name__ == "forward" and not _is_interpreted_object(function):
            return _call_forward_of_torch(machine, state, function, [owner, *args], kwargs)
    if not isinstance(function, types.FunctionType):
        return call(machine, state, function, [owner, *args], kwargs)
    if _applies_function(owner, function):
        return push_function(machine, state, prelude.apply_function, [owner, *args], kwargs)
    if _is_interpreted_object(function) or makes_contexts(function):
        return call(machine, state, function, [owner, *args], kwargs)
    builtin = machine.builtins.get(function) if isinstance(owner, nn.Module) else None
    if builtin is not None and owner not in machine.owned:
        return builtin(machine, state, [owner, *args], kwargs)
    return call_natively(machine, state, method, args, kwargs)


def _applies_function(owner: Any, function: types.FunctionType) -> bool:
    """Tell whether a method is `apply` of an `autograd.Function` that the program defines."""
    if not isinstance(owner, type) or not issubclass(owner, torch.autograd.Function):
        return False
    base: Any = torch.autograd.Function
    return function is base.apply.__func__ and _is_interpreted_function(owner.forward)


def _is_interpreted_object(function: Any) -> bool:
    if not isinstance(function, types.FunctionType):
        return True
    return is_interpreted(function) or stands_before_another(function)


def _call_forward_of_torch(
    machine: Machine, state: State, function: Any, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Call `forward` of a class of torch, by the name of the class, `super()` or a module."""
    module, *rest = args
    if function is inspect.getattr_static(class_of(module), "forward"):
        return call_module(machine, state, module, rest, kwargs)
    if _calls_methods_of_user(module, function) or not all(map(is_leaf, module.children())):
        return push_function(machine, state, function, args, kwargs)
    run = types.MethodType(function, module)
    return _call_leaf(machine, state, module, rest, kwargs, run)


def _calls_methods_of_user(module: nn.Module, function: Any) -> bool:
    """Tell whether a function of torch's class may call what a class of the user overrides."""
    classes = type(module).__mro__
    owner = next(cls for cls in classes if vars(cls).get(function.__name__) is function)
    own = [cls for cls in classes if not cls.__module__.startswith("torch.") and cls is not object]
    names = {name for cls in own for name, item in vars(cls).items() if inspect.isroutine(item)}
    return any(hasattr(owner, name) for name in names - {"__init__", function.__name__})


def _call_as_module(
    machine: Machine, state: State, module: nn.Module, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver `nn.Module.__call__(module, *args, **kwargs)`."""
    if type(module).__call__ is nn.Module.__call__ or is_hooked(state, module):
        return call_module(machine, state, module, args, kwargs)
    return _call_forward(machine, state, module, args, kwargs)


def call_module(
    machine: Machine, state: State, module: nn.Module, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver `module(*args, **kwargs)`."""
    module = without_dynamo(module)
    if isinstance(module, torch.jit.ScriptModule):
        raise machine.tracer.refuse(
            "MC0101",
            "a module of TorchScript cannot be interpreted",
            help="call the module that was scripted or traced",
        )
    if is_hooked(state, module):
        return _call_hooked(machine, state, module, args, kwargs)
    return call_without_hooks(machine, state, module, args, kwargs)


def _call_hooked(
    machine: Machine, state: State, module: nn.Module, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    before, after = hooks_of(state, module)
    for hook, _ in [*before, *after]:
        machine.foreign.read(getattr(hook, "__self__", hook))
        if not _is_user_function(hook):
            raise machine.tracer.refuse(
                "MC0101",
                f"a {type(module).__name__} has forward hooks that are not written in Python",
                help="remove the hooks, or move what they do into `forward`",
            )
    given = [module, before, after, tuple(args), kwargs]
    return push_function(machine, state, prelude.call_hooked, given, {})


def _is_user_function(function: Any) -> bool:
    if isinstance(function, functools.partial):
        return _is_user_function(function.func)
    function = getattr(function, "__func__", function)
    if not isinstance(function, (types.FunctionType, InterpretedFunction)):
        function = getattr(class_of(function), "__call__", None)
    return isinstance(function, InterpretedFunction) or _is_interpreted_function(function)


def _is_interpreted_function(function: Any) -> bool:
    return isinstance(function, types.FunctionType) and is_interpreted(function)


def call_without_hooks(
    machine: Machine, state: State, module: nn.Module, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver `module(*args, **kwargs)` apart from its own hooks."""
    own_call = type(module).__call__
    own_call = getattr(own_call, COMPILED_PROGRAM, own_call)
    if own_call is not nn.Module.__call__ and isinstance(own_call, types.FunctionType):
        return call(machine, state, own_call, [module, *args], kwargs)
    return _call_forward(machine, state, module, args, kwargs)


def _call_forward(
    machine: Machine, state: State, module: nn.Module, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    forward: Any = module.forward
    if _is_plain_sequence(module) and not kwargs and len(args) == 1:
        return push_function(machine, state, prelude.run_sequence, [module, *args], {})
    if isinstance(forward, types.MethodType) and isinstance(forward.__self__, nn.Module):
        if is_leaf(module, with_hooks=True):
            function: Any = module.forward if has_forward_hooks(module) else module
            return _call_leaf(machine, state, module, args, kwargs, function)
        owner: nn.Module = forward.__self__
        function = forward.__func__
        if isinstance(function, types.FunctionType) and not stands_before_another(function):
            return push_function(machine, state, function, [owner, *args], kwargs)
        return call(machine, state, function, [owner, *args], kwargs)
    return call(machine, state, forward, args, kwargs)


def _is_plain_sequence(module: nn.Module) -> bool:
    kind: Any = type(module)
    sequential: Any = nn.Sequential
    inherits = kind.forward is sequential.forward
    return isinstance(module, nn.Sequential) and inherits and "forward" not in vars(module)


def is_leaf(module: nn.Module, *, with_hooks: bool = False) -> bool:
    """Tell whether `module` and all below it are torch's own, without hooks.

    It may have hooks itself if `with_hooks`, but not those below it.
    """
    own = type(module).__module__.startswith("torch.")
    own_forward = "forward" not in vars(module)
    unhooked = with_hooks or not has_forward_hooks(module)
    plain = own and own_forward and unhooked and not runs_by_dynamo(module)
    return plain and all(map(is_leaf, module.children()))


def _call_leaf(
    machine: Machine,
    state: State,
    module: nn.Module,
    args: list[Any],
    kwargs: dict[str, Any],
    function: Any,
) -> Outcome:
    """Deliver what `function`, which computes what torch's `module` does, returns."""
    if takes_open_sequences(module, args, kwargs):
        return run_open_sequences(machine, state, module, args, kwargs)
    machine.swapper.swap(module)
    machine.tracer.native_module = machine.foreign.path(module) or type(module).__name__
    try:
        outcome = call_natively(machine, state, function, args, kwargs)
        for buffer in module.buffers():
            if has_data_mutation(buffer):
                keep_mutated_weight(machine, machine.tracer.tensors.wrappers[id(buffer)])
        return outcome
    finally:
        machine.tracer.native_module = ""


def _new_module(
    machine: Machine, cls: type[nn.Module], args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Return a new module of torch without weights, in which nothing depends on the mode."""
    leaves = pytree.tree_leaves((args, kwargs))
    if cls in _CONTAINERS and all(isinstance(leaf, (nn.Module, str)) for leaf in leaves):
        return machine.python(cls, *args, **kwargs)
    if cls.__module__.startswith("torch.nn.") and not any(map(_is_data, leaves)):
        module = machine.python(cls, *args, **kwargs)
        if not module.state_dict() and not any(map(_is_dropout, module.modules())):
            return machine.foreign.read(module)
    raise machine.tracer.refuse(
        "MC0101",
        f"a {cls.__name__} is made while the program runs",
        help="make modules in `__init__`",
    )


def _is_data(value: Any) -> bool:
    return is_traced(value) or is_raw_tensor(value) or is_symbolic(value)


def _is_dropout(module: nn.Module) -> bool:
    return module.__module__ == nn.Dropout.__module__


def _construct(
    machine: Machine, state: State, cls: type[Any], args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    if any(base.__module__ == "tqdm.std" for base in cls.__mro__):
        machine.knowledge.note("a progress bar is not shown", machine.tracer.location())
        return _construct(machine, state, prelude.Progress, args, kwargs)
    initialise: Any = cls.__init__
    is_python = _is_interpreted_function(initialise)
    if initialise is nn.Module.__init__ and package_of(cls) not in NATIVE_PACKAGES:
        instance = machine.python(cls, *args, **kwargs)
        machine.owned.add(instance)
        return deliver(state, instance)
    if issubclass(cls, nn.Module) and not is_python:
        return deliver(state, _new_module(machine, cls, args, kwargs))
    if is_python and issubclass(cls, BaseException):
        return _construct_exception(machine, state, cls, args, kwargs)
    if not is_python or (is_generated(initialise) and not _has_own_steps(cls)):
        return _construct_natively(machine, state, cls, args, kwargs)
    if not _is_plainly_made(cls):
        raise machine.tracer.refuse(
            "MC0101",
            f"the class `{cls.__name__}` has its own `__new__` or metaclass",
            help="use a plain class or a dataclass",
        )
    make: Any = cls.__new__
    instance: Any = make(cls)
    machine.owned.add(instance)
    arguments: list[Any] = [instance, *args]
    if initialises_dataclass(initialise, arguments):
        arguments = values_of_dataclass(machine, initialise, arguments, kwargs)
        initialise, kwargs = prelude.initialise_dataclass, {}
    return push_function(machine, state, initialise, arguments, kwargs, constructed=instance)


def _has_own_steps(cls: Any) -> bool:
    """Tell whether making a dataclass runs methods of the program."""
    methods = (getattr(cls, name, None) for name in ("__post_init__", "__setattr__"))
    return any(isinstance(m, types.FunctionType) and is_interpreted(m) for m in methods)


def _is_plainly_made(cls: type[Any]) -> bool:
    """Tell whether instances begin empty, and only `__init__` sees the arguments."""
    makers = (object.__new__, dict.__new__, OrderedDict.__new__)
    return cls.__new__ in makers and type(cls).__call__ is type.__call__


def _construct_exception(
    machine: Machine, state: State, cls: type[Any], args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    instance = machine.python(cls.__new__, cls, *args, **kwargs)
    machine.owned.add(instance)
    initialise: Any = cls.__init__
    return push_function(
        machine, state, initialise, [instance, *args], kwargs, constructed=instance
    )


def _construct_natively(
    machine: Machine, state: State, cls: type[Any], args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    if _has_iterators(args):
        return _call_with_lists(machine, state, cls, args, kwargs)
    _refuse_effects(machine, cls)
    if package_of(cls) == "numpy":
        return machine.builtins[numpy.ndarray](machine, state, [cls, *args], kwargs)
    instance = machine.python(machine.tracer.native, cls, *args, **kwargs)
    is_error = isinstance(instance, BaseException)
    if not is_error and (package_of(cls) not in NATIVE_PACKAGES or isinstance(instance, dict)):
        machine.owned.add(instance)
    return deliver(state, instance)


def _call_object(
    machine: Machine, state: State, function: Any, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    program = getattr(function, COMPILED_PROGRAM, None)
    if program is not None:
        return call(machine, state, program, args, kwargs)
    wrapped: Any = getattr(function, "__wrapped__", None)
    if is_a(function, _CACHED) and wrapped is not None:
        return call(machine, state, wrapped, args, kwargs)
    operator = getattr(class_of(function), "__call__", None)
    if isinstance(operator, types.FunctionType) and is_interpreted(operator):
        return push_function(machine, state, operator, [function, *args], kwargs)
    if isinstance(getattr(function, "__self__", None), BaseException):
        return deliver(state, machine.python(function, *args, **kwargs))
    method = string_method(function, args)
    if method is not None:
        return deliver(
            state, machine.python(method, machine.tracer, function.__self__, args, kwargs)
        )
    owner = getattr(function, "__self__", None)
    if is_a(owner, (list, dict, set)):
        return _call_container(machine, state, function, args, kwargs)
    return call_natively(machine, state, function, args, kwargs)


def _call_container(
    machine: Machine, state: State, method: Any, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    owner = method.__self__
    if has_generators(args):
        return _call_with_lists(machine, state, method, args, kwargs)
    if method.__name__ in _MUTATORS:
        refuse_foreign_mutation(machine, owner)
    if args and method.__name__ == "get" and takes_key(owner, args[0]):
        return push_function(machine, state, prelude.mapping_get, [owner, *args], {})
    if is_a(owner, (dict, set)) and any(_is_unknown_key(argument) for argument in args[:1]):
        require_no_text(args[:1])
        raise NeedConcrete(symbols_of(args[0]), "a key must not depend on tensor data")
    if class_of(owner) is list:
        return machine.builtins[types.BuiltinMethodType](machine, state, [method, *args], kwargs)
    return call_container(machine, state, method, args, kwargs)


def _is_unknown_key(value: Any) -> bool:
    return is_symbolic(value) or isinstance(value, (Array, Text))


def call_container(
    machine: Machine, state: State, method: Any, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver the result of a method of a list, dict or set, run by Python itself."""
    owner = method.__self__
    result = machine.python(method, *args, **kwargs)
    return deliver(state, machine.foreign.read(result) if owner in machine.foreign else result)


def refuse_foreign_mutation(machine: Machine, container: Any) -> None:
    """Refuse to change a container that existed before the program ran."""
    machine.lists.check_mutable(container)
    is_input = any(given is container for given in machine.tracer.state.containers)
    if not is_input:
        keep_mutated_container(machine, container)
    if is_input or container in machine.foreign:
        path = machine.foreign.path(container)
        name = f"`{path}`" if path else f"a {type(container).__name__}"
        raise machine.tracer.refuse(
            "MC0105",
            f"{name}, which outlives the call, is changed",
            help="copy it first, or keep it in one attribute of one module",
        )


# --- native -------------------------------------------------------------------------------------


_SIZE = re.compile(r"\bu\d+\b")
"""How torch writes a size that it does not know: it raises because of that, not as eager would."""


def call_natively(
    machine: Machine, state: State, function: Any, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver `function(*args, **kwargs)`, run by Python itself; tensor operations are recorded."""
    if _is_dropped(machine, function):
        return deliver(state, None)
    if _has_iterators(args):
        return _call_with_lists(machine, state, function, args, kwargs)
    _refuse_effects(machine, function)
    if package_of(function) == "numpy":
        return machine.builtins[numpy.ndarray](machine, state, [function, *args], kwargs)
    refuse_dynamic(machine, function, [*args, *kwargs.values()])
    args = [machine.tracer.scalars.settled(value) for value in args]
    kwargs = {name: machine.tracer.scalars.settled(value) for name, value in kwargs.items()}
    try:
        result = run_native(machine, function, args, kwargs, repeatable=True)
    except ProgramError as failure:
        flag = unknown_flag(failure.error, [*args, *kwargs.values()])
        if flag is not None:
            raise Undecided(flag) from None
        is_answered = forget_answers(state.frame)
        if is_answered and not _SIZE.search(str(failure.error)):
            raise ProgramError(failure.error, explicit=True) from failure.error
        if sees_constants_only(function, args, kwargs):
            raise ProgramError(failure.error, explicit=False, certain=True) from failure.error
        raise
    forget_answers(state.frame)
    return deliver(state, _drawn(machine, result) if is_a(result, Iterator) else result)


def _drawn(machine: Machine, iterator: Any) -> SequenceIterator:
    """Return an iterator that paths can copy, in place of one of Python's that is finite."""
    return SequenceIterator([machine.foreign.read(item) for item in machine.python(list, iterator)])


def _is_dropped(machine: Machine, function: Any) -> bool:
    """Tell whether a call only tells a human something: it is left out, and explained."""
    owner = getattr(function, "__self__", None)
    packages = {package_of(function), type(owner).__module__.partition(".")[0]}
    if not packages & DROPPED_PACKAGES:
        return False
    name = getattr(function, "__name__", "a call")
    if name in _LOGGERS:
        return False
    machine.knowledge.note(f"the output of `{name}` is dropped", machine.tracer.location())
    return True


def _refuse_effects(machine: Machine, function: Any) -> None:
    effect = effect_of(function)
    if effect is None:
        return
    name = getattr(function, "__name__", type(function).__name__)
    raise machine.tracer.refuse(
        "MC0105",
        f"`{effect}.{name}` would run once, while compiling, instead of in every call",
        help=EFFECTS[effect],
    )


def hand_over(
    machine: Machine, state: State, owner: Any, names: tuple[str, ...]
) -> tuple[Outcome | None, Any]:
    """Call the first of the methods `names` that the class of `owner` has, if it is in Python.

    Returns the outcome of beginning the call, then, when the instruction is executed again, its
    result; (None, ABSENT) if there is nothing to call.
    """
    frame = state.frame
    if frame.handed is not ABSENT:
        result, frame.handed = frame.handed, ABSENT
        return None, result
    methods = (getattr(class_of(owner), name, None) for name in names)
    method = next((found for found in methods if found is not None), None)
    if not isinstance(method, types.FunctionType) or not is_interpreted(method):
        return None, ABSENT
    return call(machine, state, method, [owner], {}, use=ResultUse.HAND_OVER), ABSENT


def drawn_generator(
    machine: Machine, state: State, registers: Iterable[Register]
) -> tuple[Outcome | None, Any]:
    """Draw the items of the generator in `registers`, if there is one; return like `hand_over`.

    All but one of the starred parts of a display or call are drawn before, by instructions.
    """
    frame = state.frame
    if frame.handed is not ABSENT and not holds_answers(frame):
        result, frame.handed = frame.handed, ABSENT
        return None, result
    for register in registers:
        value = frame.registers.get(register)
        if isinstance(value, Generator):
            return begin_drawing(machine, state, value), ABSENT
    return None, ABSENT


def begin_drawing(
    machine: Machine, state: State, generator: Generator, count: int | None = None
) -> Outcome:
    """Begin to draw the items of a generator; at most `count` and one, if given."""
    use = ResultUse.HAND_OVER
    if count is None:
        return push_function(machine, state, prelude.list_, [generator], {}, use=use)
    return push_function(machine, state, prelude.take, [generator, count], {}, use=use)


_UNSEEN = (
    ((Generator, GeneratorMethod), "a generator", "pass a list of what it yields"),
    (Array, "an array of NumPy", "make it a tensor first, by torch.from_numpy"),
    ((InterpretedFunction, ListMethod, ArrayMethod), "a function", "call the function directly"),
)
"""What only the machine understands, and what to do instead."""


def refuse_dynamic(machine: Machine, function: Any, values: list[Any]) -> None:
    """Refuse arguments that no function outside of the machine understands."""
    name = getattr(function, "__name__", type(function).__name__)
    leaves = pytree.tree_leaves(values)
    require_no_text(leaves)
    for value in leaves:
        if isinstance(value, DynamicList):
            raise need_static(value, f"a list that is passed to `{name}`")
        for classes, what, help in _UNSEEN:
            if isinstance(value, classes):
                message = f"{what} of the program is passed to `{name}`, which would use it unseen"
                raise machine.tracer.refuse("MC0101", message, help=help)
    if package_of(function) == "numpy" or not _is_known(function):
        _refuse_data(machine, name, leaves)


def _is_known(function: Any) -> bool:
    return package_of(function) in NATIVE_PACKAGES or isinstance(
        getattr(function, "__self__", None), (torch.Tensor, str, bytes, list, dict, tuple, set)
    )


def _refuse_data(machine: Machine, name: str, leaves: list[Any]) -> None:
    if any(is_traced(value) or is_symbolic(value) for value in leaves):
        raise machine.tracer.refuse(
            "MC0101",
            f"`{name}` is not a function of torch, and its argument depends on data",
            help="use tensor operations of torch",
        )
