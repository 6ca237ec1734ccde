"""The table of passes, and the passes of other packages."""

from importlib.metadata import EntryPoint

import pytest

from modelc.diagnostics import DiagnosticError
from modelc.passes import PASSES, Pass, known_passes, load_pass
from modelc.passes.registry import merge_passes


@pytest.mark.parametrize("name", PASSES)
def test_pass_loads(name: str):
    assert issubclass(load_pass(name), Pass)


def test_unknown_pass():
    with pytest.raises(DiagnosticError) as caught:
        load_pass("csee")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.help) == ("MC0301", "did you mean cse?")


def test_other_packages_add_passes():
    point = EntryPoint("fuse", "elsewhere:Fuse", "modelc.passes")
    merged = merge_passes(PASSES, [point])
    assert merged == {**PASSES, "fuse": "elsewhere:Fuse"}


def test_two_owners_of_a_name():
    points = [EntryPoint("fuse", f"{each}:Fuse", "modelc.passes") for each in ("one", "two")]
    with pytest.raises(DiagnosticError) as caught:
        merge_passes(PASSES, points)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "MC0304"
    assert diagnostic.message == "both one:Fuse and two:Fuse provide a pass named 'fuse'"


def test_a_name_of_ours_is_taken():
    with pytest.raises(DiagnosticError) as caught:
        merge_passes(PASSES, [EntryPoint("cse", "theirs:Cse", "modelc.passes")])
    assert "both modelc and theirs:Cse" in caught.value.diagnostics[0].message


def test_our_own_passes_are_known():
    assert set(PASSES) <= set(known_passes())
