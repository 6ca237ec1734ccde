"""The methods of strings, which the IR and the runtime name each for itself."""

from modelc.ir.host import texts
from modelc.runtime.host.operations import STRING_METHODS


def test_the_runtime_calls_the_methods_of_the_ir():
    assert texts.METHODS.keys() == STRING_METHODS
    assert all(hasattr(str, name) for name in texts.METHODS)
