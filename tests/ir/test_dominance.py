"""Dominance, against its definition on random control-flow graphs."""

from hypothesis import given
from hypothesis import strategies as st

from modelc.ir import (
    I64,
    Block,
    Dominance,
    Region,
    Successor,
    Value,
    parse_module,
    post_order,
    reverse_post_order,
)
from modelc.ir.host import Raise, Switch


def region_of(edges: list[list[int]]) -> Region:
    """Return a region whose block number n branches to the blocks `edges[n]`."""
    region = Region()
    blocks = [region.add_block(str(number)) for number in range(len(edges))]
    index = Value(I64, blocks[0], 0)
    for block, targets in zip(blocks, edges, strict=True):
        if targets:
            block.append(Switch(index, tuple(Successor(blocks[target]) for target in targets)))
        else:
            block.append(Raise("builtins:ValueError", ""))
    return region


def reached(region: Region, without: Block | None = None) -> set[Block]:
    """Return the blocks that the entry reaches on paths that avoid `without`."""
    seen: set[Block] = set()
    todo = [region.entry]
    while todo:
        block = todo.pop()
        if block is not without and block not in seen:
            seen.add(block)
            todo.extend(edge.block for edge in block.successors)
    return seen


@st.composite
def control_flow(draw: st.DrawFn) -> Region:
    """Draw a region of up to nine blocks, with loops, unreachable and irreducible parts."""
    count = draw(st.integers(1, 9))
    target = st.integers(0, count - 1)
    return region_of([draw(st.lists(target, max_size=3)) for _ in range(count)])


@given(control_flow())
def test_a_block_dominates_what_cannot_be_reached_without_it(region: Region):
    dominance = Dominance(region)
    everything = reached(region)
    for above in everything:
        beyond = everything - reached(region, without=above)
        assert {b for b in region.blocks if dominance.dominates(above, b)} == beyond


@given(control_flow())
def test_unreachable_blocks_dominate_nothing(region: Region):
    dominance = Dominance(region)
    unreachable = set(region.blocks) - reached(region)
    assert {block for block in region.blocks if not dominance.is_reachable(block)} == unreachable
    assert not any(dominance.dominates(a, b) for a in unreachable for b in region.blocks)


@given(control_flow())
def test_the_immediate_dominator_is_the_nearest(region: Region):
    dominance = Dominance(region)
    for block, above in dominance.immediate_dominator.items():
        others = {other for other in dominance.dominators(block)} - {block}
        assert others == {
            b for b in dominance.order if b is not block and dominance.dominates(b, block)
        }
        assert all(dominance.dominates(other, above) for other in others)
        assert block in dominance.children[above]


@given(control_flow())
def test_orders_cover_what_is_reachable(region: Region):
    assert set(post_order(region)) == reached(region)
    assert reverse_post_order(region) == post_order(region)[::-1]
    assert reverse_post_order(region)[0] is region.entry


def test_a_block_comes_after_those_that_dominate_it():
    region = region_of([[1, 2], [3], [3], [1, 4], []])
    order = [block.name for block in reverse_post_order(region)]
    assert (order[0], order[-1]) == ("0", "4")


def test_values_dominate_the_ops_after_them():
    text = """module @m { host func @main(%n: i64) {
      %a = arith.neg(%n)
      %c = arith.compare(%a, %n) {predicate = lt}
      cf.cond_br(%c, ^left, ^right)
      ^left { %b = arith.neg(%a) cf.br(^right) }
      ^right { host.return([%a]) {structure = leaf(0)} } } }"""
    body = parse_module(text).host_funcs[0].body
    dominance = Dominance(body)
    negation, compare, _ = body.entry.ops
    inner, last = body.blocks[1].ops[0], body.blocks[2].ops[0]
    assert dominance.value_dominates(negation.out, compare)
    assert dominance.value_dominates(negation.out, last)
    assert dominance.value_dominates(body.entry.args[0], negation)
    assert not dominance.value_dominates(negation.out, negation)
    assert not dominance.value_dominates(compare.out, negation)
    assert not dominance.value_dominates(inner.out, last)


def test_long_chains_need_no_deep_recursion():
    count = 20_000
    region = region_of([[number + 1] for number in range(count - 1)] + [[]])
    dominance = Dominance(region)
    assert dominance.dominates(region.blocks[0], region.blocks[-1])
    assert not dominance.dominates(region.blocks[-1], region.blocks[0])
