"""What the package offers, and what importing it loads."""

import json
import logging
import subprocess
import sys
from importlib.resources import files

import lark
import pytest

import modelc.ir
from modelc.ir import LEGAL, OPS
from modelc.ir.text.syntax import SyntaxBuilder

GRAMMAR = (files(modelc.ir) / "text" / "grammar.lark").read_text()


def test_every_exported_name_exists():
    for name in modelc.ir.__all__:
        assert getattr(modelc.ir, name) is not None


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="no attribute 'Invented'"):
        _ = modelc.ir.Invented  # pyright: ignore[reportAttributeAccessIssue]: the point


@pytest.mark.parametrize(
    ("program", "loaded"),
    [
        ("import modelc.ir", []),
        ("import modelc.ir.text; modelc.ir.text.print_module", []),
        ("import modelc.ir; modelc.ir.verify(modelc.ir.Module('m'))", []),
        ("import modelc.ir; modelc.ir.parse_module('module @m {}')", ["lark"]),
        ("import modelc.ir; modelc.ir.Interpreter", ["torch"]),
    ],
)
def test_heavy_packages_are_loaded_when_needed(program: str, loaded: list[str]):
    program += "; import json, sys; print(json.dumps(sorted({'lark', 'torch'} & set(sys.modules))))"
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert json.loads(output) == loaded


def conflicts(grammar: str, start: str, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the shift-reduce conflicts that lark resolves silently."""
    with caplog.at_level(logging.DEBUG, logger=lark.logger.name):
        lark.Lark(grammar, parser="lalr", start=start, debug=True)
    return [record.message for record in caplog.records if "conflict" in record.message]


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture):
    assert conflicts(GRAMMAR, "module", caplog) == []


def test_a_grammar_with_conflicts_is_found(caplog: pytest.LogCaptureFixture):
    assert conflicts('e: e "+" e | "1"', "e", caplog)


def test_every_rule_of_the_grammar_has_a_part():
    rules = lark.Lark(GRAMMAR, parser="lalr", start="module").rules
    names = {rule.alias or rule.origin.name for rule in rules}
    missing = {name for name in names if not name.startswith("_")} - set(dir(SyntaxBuilder))
    inlined = {"item", "expression", "product", "factor", "power", "atom"}
    assert missing == inlined


def test_every_dialect_is_legal_somewhere():
    legal = {
        dialect for kinds in LEGAL.values() for allowed in kinds.values() for dialect in allowed
    }
    assert {name.split(".")[0] for name in OPS} | {"aten"} == legal
