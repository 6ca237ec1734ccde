"""Lower class statements inside of functions."""

from __future__ import annotations

import ast

from .builder import Builder
from .functions import decorate
from .instructions import MakeClass
from .mangling import mangle
from .variables import store_variable

_ADVICE = "move the class to the module"


def lower_class(builder: Builder, node: ast.ClassDef) -> None:
    """Lower `class`: decorators, bases, the class, then the calls of decorators."""
    location = builder.locate(node)
    code = builder.source.class_code(node)
    is_plain = all(keyword.arg for keyword in node.keywords)
    is_plain &= not any(isinstance(base, ast.Starred) for base in node.bases)
    if code is None or not is_plain:
        builder.refuse(location, "a class definition of this form inside of a function", _ADVICE)
        return
    decorators = builder.expressions(node.decorator_list)
    bases = tuple(builder.expressions(node.bases))
    keywords = tuple((each.arg or "", builder.expression(each.value)) for each in node.keywords)
    captures = tuple(builder.scope.resolve(name).name for name in code.co_freevars)
    destination = builder.temporary()
    builder.emit(MakeClass(location, destination, node.name, code, bases, keywords, captures))
    value = decorate(builder, node, decorators, destination)
    store_variable(builder, mangle(node.name, builder.source.class_name), value, location)


STATEMENTS = {ast.ClassDef: lower_class}
