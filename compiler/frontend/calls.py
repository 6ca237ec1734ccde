"""Calls: which functions are interpreted, which run natively, and which are refused."""

from __future__ import annotations

import contextlib
import functools
import inspect
import types
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import numpy
import torch
from torch import nn
from torch.utils import _pytree as pytree

from ...diagnostics import UNKNOWN, Location
from . import prelude
from .cells import keep_mutated_container, keep_mutated_weight
from .consumption import has_generators, replacement, takes_generators
from .dataclass_creation import initialises_dataclass, is_generated, values_of_dataclass
from .failures import NeedConcrete, ProgramError, Undecided, refusal
from .functions import push_function, push_interpreted
from .generators import call_method
from .hir import Register
from .keys import can_fork_by_key
from .lists import need_static
from .machine import Machine, Outcome
from .native import run_native, sees_constants_only, unknown_flag
from .objects import (
    ABSENT,
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
from .questions import forget_answers
from .registers import deliver
from .scalars import is_symbolic
from .state import PRELUDE_FILE, ResultUse, State
from .string_methods import string_method
from .texts import require_no_text, symbols_of
from .torch_internals import (
    forward_hooks,
    grad_mode_of_decorator,
    has_data_mutation,
    has_forward_hooks,
    is_raw_tensor,
    is_traced,
    undisabled,
)

NATIVE_PACKAGES = frozenset(
    """
    torch builtins math cmath numpy functools itertools operator _operator collections
    _collections _functools typing copy re enum abc types contextlib dataclasses
    numbers string inspect textwrap fractions decimal statistics bisect heapq _heapq _bisect
    keyword importlib weakref
    json warnings logging einops opt_einsum sympy""".split()
)
"""Packages whose functions have no effects; they run as they are."""

EFFECTS: Mapping[str, str] = {
    "random": "use torch's random numbers, or pass the number as an input",
    "secrets": "pass the value as an input",
    "uuid": "pass the value as an input",
    "time": "measure outside of the program",
    "datetime": "pass the time as an input",
    "numpy.random": "use torch's random numbers",
    "os": "pass what you read as an input",
    "posix": "pass what you read as an input",
    "io": "read files outside of the program",
    "_io": "read files outside of the program",
    "socket": "communicate outside of the program",
    "threading": "do not start threads in the program",
    "subprocess": "do not start processes in the program",
}
"""Modules whose functions have effects or answer differently each time, with a way out."""

COMPILED_PROGRAM = "__modelc_program__"
"""Attribute of what `modelc.compile` returns: the program, which is interpreted in its place."""

DROPPED_PACKAGES = frozenset(["warnings", "_warnings", "logging"])

_CONTEXT_MANAGER = contextlib.contextmanager(lambda: iter(())).__code__  # type: ignore[attr-defined] -- it is a function
SHOWING = frozenset([str, repr, format, print, isinstance, type])
"""Builtins that take text which only the data decides."""

_CACHED = type(functools.cache(len))
_MUTATORS = frozenset(
    """append extend insert remove pop clear sort reverse update setdefault popitem add discard
    __setitem__ __delitem__ move_to_end appendleft popleft intersection_update difference_update
    symmetric_difference_update""".split()
)

IGNORED_CONTEXTS = (
    torch.no_grad,
    torch.enable_grad,
    torch.inference_mode,
    torch.set_grad_enabled,
)
"""Contexts that only switch gradients, which are never computed."""


def module_of(function: Any) -> str:
    """Return the name of the module in which the code of `function` stands."""
    if isinstance(function, types.FunctionType):
        return str(function.__globals__.get("__name__", ""))
    owner = getattr(function, "__self__", None)
    if isinstance(owner, types.ModuleType):
        return owner.__name__
    name = getattr(function, "__module__", None)
    return str(name or type(function if owner is None else owner).__module__)


def package_of(function: Any) -> str:
    """Return the top package in which the code of `function` stands."""
    return module_of(function).partition(".")[0]


def is_interpreted(function: types.FunctionType) -> bool:
    """Tell whether the machine interprets `function`: it is not part of torch or Python."""
    if function.__code__.co_filename == PRELUDE_FILE:
        return True
    return package_of(function) not in NATIVE_PACKAGES and not _effect_of(function)


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
    builtin = _builtin(machine, function)
    if builtin is not None:
        if has_generators(args) and not takes_generators(function):
            return _call_with_lists(machine, state, function, args, kwargs)
        if function not in SHOWING:
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
    original = undisabled(function)
    try:
        return machine.builtins.get(original)
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
    if function.__code__ is _CONTEXT_MANAGER:
        return _make_context(machine, state, function, args, kwargs)
    if _is_context_decorator(function):
        return call(machine, state, _undecorated(machine, function), args, kwargs)
    if not is_interpreted(function):
        if function.__name__ == "forward" and args and isinstance(args[0], nn.Module):
            return _call_forward_of_torch(machine, state, function, args, kwargs)
        if _is_wrapper(function):
            _refuse_autocast(machine, function)
            return push_function(machine, state, function, args, kwargs, use=use)
        return call_natively(machine, state, function, args, kwargs)
    if initialises_dataclass(function, args):
        values = values_of_dataclass(machine, function, args, kwargs)
        return push_function(machine, state, prelude.initialise_dataclass, values, {}, use=use)
    return push_function(machine, state, function, args, kwargs, use=use)


def _is_wrapper(function: types.FunctionType) -> bool:
    """Tell whether a function of torch calls one of the program, which it wraps."""
    wrapped = getattr(function, "__wrapped__", None)
    return isinstance(wrapped, types.FunctionType) and is_interpreted(wrapped)


def _refuse_autocast(machine: Machine, function: Any) -> None:
    wrapped = function.__wrapped__
    if module_of(function) == "torch.amp.autocast_mode":
        code, place = wrapped.__code__, machine.tracer.location()
        begin = Location(code.co_filename, code.co_firstlineno, function=code.co_qualname)
        raise refusal(
            "MC0101",
            f"`{function.__name__}` is decorated by `{module_of(function)}`",
            begin if place == UNKNOWN else place,
            help="remove the decorator; instead of autocast, cast with `.to(dtype)`",
        )


def _is_context_decorator(function: types.FunctionType) -> bool:
    return module_of(function) == "torch.utils._contextlib" and hasattr(function, "__wrapped__")


def _undecorated(machine: Machine, function: Any) -> Any:
    context = grad_mode_of_decorator(function)
    if context is not None and issubclass(context, IGNORED_CONTEXTS):
        return function.__wrapped__
    raise machine.tracer.refuse(
        "MC0101",
        f"`{function.__name__}` is decorated with a context manager of torch",
        help="remove the decorator; gradients are never computed",
    )


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
        if function is nn.Module.__call__:
            return _call_as_module(machine, state, owner, args, kwargs)
        if function.__name__ == "forward" and not _is_interpreted_object(function):
            return _call_forward_of_torch(machine, state, function, [owner, *args], kwargs)
    if not isinstance(function, types.FunctionType):
        return call(machine, state, function, [owner, *args], kwargs)
    if is_interpreted(function) or _is_context_decorator(function):
        return call(machine, state, function, [owner, *args], kwargs)
    return call_natively(machine, state, method, args, kwargs)


def _is_interpreted_object(function: Any) -> bool:
    if not isinstance(function, types.FunctionType):
        return True
    return is_interpreted(function) or _is_context_decorator(function)


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
    if type(module).__call__ is nn.Module.__call__ or has_forward_hooks(module):
        return call_module(machine, state, module, args, kwargs)
    return _call_forward(machine, state, module, args, kwargs)


def call_module(
    machine: Machine, state: State, module: nn.Module, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver `module(*args, **kwargs)`."""
    if has_forward_hooks(module):
        return _call_hooked(machine, state, module, args, kwargs)
    return call_without_hooks(machine, state, module, args, kwargs)


def _call_hooked(
    machine: Machine, state: State, module: nn.Module, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    before, after = forward_hooks(module)
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
        if isinstance(function, types.FunctionType) and not _is_context_decorator(function):
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
    return own and own_forward and unhooked and all(map(is_leaf, module.children()))


def _call_leaf(
    machine: Machine,
    state: State,
    module: nn.Module,
    args: list[Any],
    kwargs: dict[str, Any],
    function: Any,
) -> Outcome:
    """Deliver what `function`, which computes what torch's `module` does, returns."""
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
    if has_generators(args):
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
    if args and method.__name__ == "get" and can_fork_by_key(owner, args[0]):
        return push_function(machine, state, prelude.mapping_get, [owner, *args], {})
    if is_a(owner, (dict, set)) and any(_is_unknown_key(argument) for argument in args[:1]):
        raise NeedConcrete(symbols_of(args[0]), "a key must not depend on tensor data")
    if class_of(owner) is list:
        return machine.builtins[types.BuiltinMethodType](machine, state, [method, *args], kwargs)
    return call_container(machine, state, method, args, kwargs)


def _is_unknown_key(value: Any) -> bool:
    return is_symbolic(value) or isinstance(value, Array)


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


def call_natively(
    machine: Machine, state: State, function: Any, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver `function(*args, **kwargs)`, run by Python itself; tensor operations are recorded."""
    if _is_dropped(machine, function):
        return deliver(state, None)
    if has_generators(args):
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
        forget_answers(state.frame)
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
    if name == "getLogger":
        return False
    machine.knowledge.note(f"the output of `{name}` is dropped", machine.tracer.location())
    return True


def _effect_of(function: Any) -> str | None:
    owner = getattr(function, "__self__", None)
    for name in (module_of(function), type(owner).__module__):
        for prefix in EFFECTS:
            if name == prefix or name.startswith(prefix + "."):
                return prefix
    return None


def _refuse_effects(machine: Machine, function: Any) -> None:
    effect = _effect_of(function)
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
    if frame.handed is not ABSENT:
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
