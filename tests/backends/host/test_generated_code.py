"""The generated host module computes what the reference interpreter computes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelc.runtime.host import structured

from .comparison import compare
from .random_graphs import random_graph
from .random_programs import random_module

SEEDS = st.integers(0, 2**32)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.sampled_from([4, 12, 30]))
def test_random_programs(seed: int, size: int):
    compare(random_module(seed, size))


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 12))
def test_random_graphs(seed: int, size: int):
    compare(random_graph(seed, size))


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from([4, 12, 30]))
def test_flat_form_of_random_programs(seed: int, size: int):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structured, "MAX_DEPTH", -1)
        compare(random_module(seed, size))
