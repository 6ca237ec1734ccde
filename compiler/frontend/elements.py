"""What the elements of a list have in common, so that one list of run-time length can hold them.

The elements may be tensors, numbers, lists, and tuples, dicts or instances of these. A list whose
elements have several leaves becomes one host list per leaf. Lists inside of elements, which differ
in length, become dynamic lists themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...ir import STR, Block, ListType, TensorType, Type
from ...ir.dims import canonical_dim
from ...ir.matching import fits
from .objects import Array, DynamicList, Element
from .scalars import is_number, type_of_number
from .tensors import tensor_type
from .texts import HostString, Text, text_of
from .torch_internals import expression_of
from .traversal import FROZEN, OwnedObjects, Path, StateCopier

if TYPE_CHECKING:
    from .tracer import Tracer

_HELD_KINDS = frozenset(
    "tensor number string text piece list tuple dict set instance attributes atom object slice"
    " again".split()
)
"""Tokens of what a list of run-time length can hold."""

_ARRAY = ("record", Array)
"""The token of an array of NumPy, which it can hold too."""


class Elements:
    """Describe and compare the elements of lists."""

    def __init__(self, tracer: Tracer, owned: OwnedObjects, foreign: Mapping[int, Any]) -> None:
        self._tracer = tracer
        self._owned = owned
        self._foreign = foreign
        self._varying: Any = None

    def copier(self, **rules: Any) -> StateCopier:
        """Return what copies elements."""
        return StateCopier(self._owned, self._foreign, **rules)

    def survey(self, item: Any) -> StateCopier:
        """Return the tokens, leaves and lists of `item`."""
        survey = self.copier()
        survey.copy(item, ())
        return survey

    # --- what lists have in common ---

    def of_lists(self, lists: Iterable[Any]) -> Element | None:
        """Return what the elements of all `lists` have in common, None if they differ too much."""
        items: list[Any] = []
        known: list[Element] = []
        for each in lists:
            if isinstance(each, DynamicList):
                known.append(each.element)
            else:
                items.extend(each)
        return self.of_items(items, known)

    def fit(self, held: Any, element: Element) -> bool:
        """Tell whether a list of `element`s can hold what the list `held` does."""
        common = self.of_lists([held, DynamicList((), 0, element)])
        return common == element

    def of_items(self, items: Sequence[Any], known: Sequence[Element] = ()) -> Element | None:
        """Return what `items` and the elements `known` have in common, None if too little."""
        every = [*items, *(element.prototype for element in known)]
        surveys = [self.survey(item) for item in every]
        inner, texts = self.differing(surveys), _host_texts(surveys)
        elements = [self._describe(item, inner, texts, None) for item in items]
        elements += [self._describe(each.prototype, inner, texts, each) for each in known]
        return _unified(elements, self.varying_dim) if elements else None

    def typed_leaves(self, element: Element) -> list[tuple[Path, Any, tuple[Type, ...]]]:
        """Return the leaves of the prototype by path, with the types of their columns."""
        types = iter(element.types)
        return [
            (path, leaf, tuple(next(types) for _ in range(_column_count(leaf))))
            for path, leaf in self.survey(element.prototype).leaves
        ]

    def texts_in(self, element: Element) -> frozenset[Path]:
        """Return the strings of the host in an element."""
        tokens = self.survey(element.prototype).tokens
        return frozenset(path for path, token in tokens if token[0] == "text")

    def _types_by_path(self, element: Element) -> dict[Path, tuple[Type, ...]]:
        return {path: types for path, _, types in self.typed_leaves(element)}

    def differing(
        self, surveys: Sequence[StateCopier], fixed: frozenset[Path] = frozenset()
    ) -> dict[Path, Element]:
        """Return the lists that differ in length or in their elements, and what those share."""
        tokens = [by_path(survey.tokens) for survey in surveys]
        leaves = [dict(survey.leaves) for survey in surveys]
        found: dict[Path, Element] = {}
        for path in tokens[0] if tokens else ():
            held = [each.get(path) for each in tokens]
            if len(set(held)) == 1 or path in fixed or not all(map(_is_list, held)):
                continue
            if is_below(path, found):
                continue
            lists = [
                s.lists.get(path, own.get(path)) for s, own in zip(surveys, leaves, strict=True)
            ]
            element = self.of_lists(lists)
            if element is not None:
                found[path] = element
        return found

    def _describe(
        self,
        item: Any,
        inner: Mapping[Path, Element],
        texts: frozenset[Path],
        known: Element | None,
    ) -> Element | None:
        """Describe one element, in which the lists at `inner` are dynamic; no op is emitted.

        The strings at `texts` are those of the host. If `item` is the prototype of `known`, all
        else is as known.
        """

        def placeholder(path: Path, held: Any) -> Any:
            del held
            return DynamicList((), 0, inner[path]) if path in inner else None

        def rule(path: Path, leaf: Any) -> Any:
            return placeholder(path, leaf) or leaf

        def on_text(path: Path, held: Any) -> Text | None:
            del held
            return text_of(HostString()) if path in texts else None

        copier = self.copier(rule=rule, on_list=placeholder, on_text=on_text)
        prototype = copier.copy(item, ())
        survey = self.survey(prototype)
        tokens = tuple(entry for entry in survey.tokens if entry[1] != FROZEN)
        if not all(token[0] in _HELD_KINDS or token == _ARRAY for _, token in tokens):
            return None
        told = {} if known is None else self._types_by_path(known)
        types = [
            kind
            for path, leaf in survey.leaves
            for kind in (self._types_of(leaf) if path in inner or path not in told else told[path])
        ]
        minimums = self._lengths(item) if known is None else known.minimums
        return Element(tokens, tuple(types), prototype, minimums) if types else None

    def _lengths(self, item: Any) -> dict[Path, int]:
        survey = self.survey(item)
        lengths = {path: len(held) for path, held in survey.lists.items()}
        dynamic = [(path, leaf) for path, leaf in survey.leaves if isinstance(leaf, DynamicList)]
        return lengths | {path: leaf.minimum for path, leaf in dynamic}

    def _types_of(self, leaf: Any) -> list[Type]:
        if isinstance(leaf, DynamicList):
            return [ListType(kind) for kind in leaf.element.types]
        if isinstance(leaf, HostString):
            return [STR]
        if is_number(leaf):
            return [type_of_number(leaf)]
        fake = self._tracer.tensors.fake(leaf)
        kind = tensor_type(fake)
        shape = tuple(
            dim if isinstance(extent, int) or self._is_constant(extent) else self.varying_dim()
            for dim, extent in zip(kind.shape, fake.shape, strict=True)
        )
        return [TensorType(shape, kind.dtype, kind.device)]

    def _is_constant(self, extent: Any) -> bool:
        """Tell whether an extent is the same for the whole call: computed from those of inputs."""
        symbols = self._tracer.shapes.resolve(expression_of(extent)).free_symbols
        owners = (self._tracer.scalars.owner(symbol) for symbol in symbols)
        entry = self._tracer.region.entry
        return all(isinstance(owner, Block) and owner is entry for owner in owners)

    def varying_dim(self) -> Any:
        """Return the dim that stands, in types of elements, for extents that differ."""
        if self._varying is None:
            size = self._tracer.shapes.fresh_size()
            self._varying = canonical_dim(expression_of(size))
        return self._varying


def _column_count(leaf: Any) -> int:
    return len(leaf.element.types) if isinstance(leaf, DynamicList) else 1


def by_path(tokens: Iterable[tuple[Path, Any]]) -> dict[Path, tuple[Any, ...]]:
    """Return all tokens of each path."""
    paths: dict[Path, tuple[Any, ...]] = {}
    for path, token in tokens:
        paths[path] = (*paths.get(path, ()), token)
    return paths


def is_below(path: Path, roots: Iterable[Path]) -> bool:
    """Tell whether `path` is one of `roots` or leads through one."""
    return any(path[: len(root)] == root for root in roots)


def is_list_token(token: Any) -> bool:
    """Tell whether `token` is that of a list, of known length or not."""
    return token[0] == "list" and (token[1] is list or isinstance(token[1], Element))


def is_text(tokens: tuple[Any, ...] | None) -> bool:
    """Tell whether these are the tokens of a string, whoever knows it."""
    match tokens:
        case (("text", _),) | (("atom", str()),):
            return True
        case _:
            return False


def is_text_of_data(*tokens: tuple[Any, ...] | None) -> bool:
    """Tell whether all of these are the tokens of strings, and the data decides one at least."""
    return all(map(is_text, tokens)) and any(each and each[0][0] == "text" for each in tokens)


def _host_texts(surveys: Sequence[StateCopier]) -> frozenset[Path]:
    """Return the strings that differ between elements, or depend on data, or are all of them."""
    tokens = [by_path(survey.tokens) for survey in surveys]
    found: set[Path] = set()
    for path in tokens[0] if tokens else ():
        held = [each.get(path) for each in tokens]
        if is_text_of_data(*held) or all(map(is_text, held)) and (len(set(held)) > 1 or not path):
            found.add(path)
    return frozenset(found)


def can_widen(narrow: Element, wide: Element) -> bool:
    """Tell whether a list of `narrow` elements can go on as one of `wide` ones."""
    return len(narrow.types) == len(wide.types) and all(
        fits(given, wanted) for given, wanted in zip(narrow.types, wide.types, strict=True)
    )


def _is_list(tokens: tuple[Any, ...] | None) -> bool:
    return tokens is not None and is_list_token(tokens[0])


def _unified(elements: Sequence[Element | None], varying: Any) -> Element | None:
    first = elements[0]
    if first is None or any(each is None or each.tokens != first.tokens for each in elements):
        return None
    types: list[Type] = []
    for column in zip(*(each.types for each in elements if each is not None), strict=True):
        unified = _unified_type(column, varying)
        if unified is None:
            return None
        types.append(unified)
    lengths = [each.minimums for each in elements if each is not None]
    minimums = {path: min(each.get(path, 0) for each in lengths) for path in first.minimums}
    return Element(first.tokens, tuple(types), first.prototype, minimums)


def _unified_type(types: Sequence[Type], varying: Any) -> Type | None:
    first = types[0]
    if all(each == first for each in types):
        return first
    if not all(isinstance(each, TensorType) for each in types):
        return None
    tensors = [each for each in types if isinstance(each, TensorType)]
    shape = tuple(
        dims[0] if all(dim == dims[0] for dim in dims) else varying()
        for dims in zip(*(each.shape for each in tensors), strict=True)
    )
    return TensorType(shape, tensors[0].dtype, tensors[0].device)
