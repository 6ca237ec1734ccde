"""The inputs of each sample take every feasible way through it."""

from collections import Counter, defaultdict
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

Load = Callable[[str], ModuleType]
Build = Callable[[str], nn.Module]


def answers(name: str, load: Load, build: Build) -> list[Any]:
    """Return what the sample answers in eager mode to each of its inputs."""
    with torch.inference_mode():
        return [build(name)(*args) for args in load(name).inputs()]


def test_every_exit_of_the_shallow_deep_network_is_taken(load: Load, build: Build):
    assert {exit_index for _, exit_index in answers("early_exit", load, build)} == set(range(7))


def test_every_gate_of_skipnet_opens_and_closes(load: Load, build: Build):
    model: Any = build("skipnet")
    opened: dict[int, set[bool]] = defaultdict(set)

    def watch(index: int) -> Callable[[nn.Module, Any, Tensor], None]:
        return lambda _, __, probability: opened[index].add(bool(probability > 0.5))

    hooks = [gate.register_forward_hook(watch(i)) for i, gate in enumerate(model.gates)]
    answers("skipnet", load, build)
    for hook in hooks:
        hook.remove()
    assert opened == {index: {False, True} for index in range(18)}


def test_patience_ends_after_each_layer_that_it_can(load: Load, build: Build):
    assert {layers for _, layers in answers("pabee", load, build)} == {3, 4, 5, 6}


def test_halting_takes_few_steps_and_all_steps(load: Load, build: Build):
    model: Any = build("adaptive_computation")
    steps = {steps for _, _, steps in answers("adaptive_computation", load, build)}
    assert len(steps) >= 4
    assert max(steps) == model.max_steps


def test_captions_end_by_token_and_by_length(load: Load, build: Build):
    model: Any = build("captioning")
    end = load("captioning").END
    words = [words for words, _, _ in answers("captioning", load, build)]
    complete = {sentence.shape[1] for sentence in words if sentence[0, -1] == end}
    cut = {sentence.shape[1] for sentence in words if sentence[0, -1] != end}
    assert len(complete) >= 4
    assert cut == {model.max_length}


def test_every_expert_works_and_rests(load: Load, build: Build):
    model: Any = build("mixture_of_experts")
    calls: Counter[nn.Module] = Counter()

    def count(expert: nn.Module, *_: Any) -> None:
        calls[expert] += 1

    hooks = [expert.register_forward_hook(count) for expert in model.experts]
    answers("mixture_of_experts", load, build)
    for hook in hooks:
        hook.remove()
    assert len(calls) == 8
    assert max(calls.values()) < 16


def test_batches_are_done_after_each_block(load: Load, build: Build):
    exits = [answer["exits"] for answer in answers("jei_dnn", load, build)]
    assert {int(batch.max()) for batch in exits} == set(range(7))
    assert any(len(batch.unique()) > 2 for batch in exits)


def test_every_subtree_is_read_and_skipped(load: Load, build: Build):
    model: Any = build("tree_lstm")
    module = load("tree_lstm")
    for inputs in (module.inputs(), module.other_inputs()):
        arms: dict[int, set[bool]] = defaultdict(set)
        for sentence, tree in inputs:
            scores: Tensor = model.informative(model.embedding(sentence)).squeeze(1)
            record_arms([bool(score > 0.0) for score in scores], tree, arms)
        assert all(taken == {False, True} for taken in arms.values())
        assert len(arms) == inner_nodes(inputs[0][1])


def record_arms(informative: list[bool], tree: Any, arms: dict[int, set[bool]]) -> None:
    """Add to `arms` which way each inner node of `tree` that is reached goes."""
    if not tree.children:
        return
    word: int = tree.word
    arms[word].add(informative[word])
    if informative[word]:
        for child in tree.children:
            record_arms(informative, child, arms)


def inner_nodes(tree: Any) -> int:
    return bool(tree.children) + sum(inner_nodes(child) for child in tree.children)


def test_both_branches_are_selected(load: Load, build: Build):
    chosen = Counter(answer["expensive"] for answer in answers("two_branch", load, build))
    assert min(chosen[False], chosen[True]) >= 4
