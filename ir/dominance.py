"""Dominance between blocks, and between definitions and uses."""

from __future__ import annotations

from collections.abc import Iterator

from .core import Block, Op, Region, Value


def post_order(region: Region) -> list[Block]:
    """Return the blocks that the entry reaches, each after its successors, loops aside."""
    order: list[Block] = []
    seen = {region.entry}
    todo = [(region.entry, _targets(region.entry))]
    while todo:
        block, targets = todo[-1]
        target = next((target for target in targets if target not in seen), None)
        if target is None:
            order.append(block)
            todo.pop()
        else:
            seen.add(target)
            todo.append((target, _targets(target)))
    return order


def reverse_post_order(region: Region) -> list[Block]:
    """Return the blocks that the entry reaches, each before its successors, loops aside."""
    return post_order(region)[::-1]


class Dominance:
    """Answer what dominates what in `region`, as it was when this was made.

    Immediate dominators by the iterative method of Cooper, Harvey and Kennedy ("A Simple, Fast
    Dominance Algorithm", 2001). Blocks that the entry does not reach are in no relation.
    """

    def __init__(self, region: Region) -> None:
        self.order = reverse_post_order(region)
        self._number = {block: number for number, block in enumerate(self.order)}
        self.immediate_dominator = self._immediate_dominators(region)
        self.children = self._dominator_tree()
        self._span = self._spans()
        self._position = {op: number for block in self.order for number, op in enumerate(block.ops)}

    def is_reachable(self, block: Block) -> bool:
        """Tell whether a path leads from the entry to `block`."""
        return block in self._number

    def dominates(self, above: Block, below: Block) -> bool:
        """Tell whether every path from the entry to `below` meets `above`; every block itself."""
        if above not in self._span or below not in self._span:
            return False
        first, last = self._span[above]
        return first <= self._span[below][0] <= last

    def value_dominates(self, value: Value, user: Op) -> bool:
        """Tell whether `value` is always defined where `user`, an op of the region, reads it."""
        if value.block is None or user.parent is None:
            return False
        if value.block is not user.parent:
            return self.dominates(value.block, user.parent)
        if isinstance(value.owner, Block):
            return True
        return self._position[value.owner] < self._position[user]

    def dominators(self, block: Block) -> Iterator[Block]:
        """Yield `block`, its immediate dominator, and so on up to the entry."""
        while True:
            yield block
            above = self.immediate_dominator.get(block)
            if above is None:
                return
            block = above

    def _immediate_dominators(self, region: Region) -> dict[Block, Block]:
        predecessors = self._predecessors()
        found: dict[Block, Block] = {}
        changed = True
        while changed:
            changed = False
            for block in self.order[1:]:
                known = [p for p in predecessors[block] if p is region.entry or p in found]
                nearest = known[0]
                for other in known[1:]:
                    nearest = self._intersect(found, nearest, other)
                changed |= found.get(block) is not nearest
                found[block] = nearest
        return found

    def _predecessors(self) -> dict[Block, list[Block]]:
        incoming: dict[Block, list[Block]] = {block: [] for block in self.order}
        for block in self.order:
            for edge in block.successors:
                incoming[edge.block].append(block)
        return incoming

    def _intersect(self, found: dict[Block, Block], left: Block, right: Block) -> Block:
        while left is not right:
            if self._number[left] > self._number[right]:
                left = found[left]
            else:
                right = found[right]
        return left

    def _dominator_tree(self) -> dict[Block, list[Block]]:
        children: dict[Block, list[Block]] = {block: [] for block in self.order}
        for block in self.order[1:]:
            children[self.immediate_dominator[block]].append(block)
        return children

    def _spans(self) -> dict[Block, tuple[int, int]]:
        """Number the tree in pre-order: a block's subtree is `first` to `last`, inclusive."""
        preorder: list[Block] = []
        todo = [self.order[0]]
        while todo:
            block = todo.pop()
            preorder.append(block)
            todo.extend(reversed(self.children[block]))
        spans: dict[Block, tuple[int, int]] = {}
        for number, block in reversed(list(enumerate(preorder))):
            last = max((spans[child][1] for child in self.children[block]), default=number)
            spans[block] = (number, last)
        return spans


def _targets(block: Block) -> Iterator[Block]:
    return iter([edge.block for edge in block.successors])
