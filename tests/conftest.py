"""Options of the whole test suite."""

import os

import pytest

os.environ["MODELC_CACHE"] = "off"  # what is tested is compiled, in processes of tests too


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the CHECK lines of .mc files")
    parser.addoption("--random-programs", type=int, default=100, help="how many to try")
    parser.addoption("--every-sample", action="store_true", help="write all samples as ONNX files")
    parser.addoption("--random-seed", type=int, default=0, help="another number, other programs")
