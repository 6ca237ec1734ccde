"""Strings that only the data decides: words, letters, labels, and what is made of them."""

import string
from typing import Any

import torch
from torch import Tensor, nn, tensor

from .case import normal, program

_TORCH: Any = torch

WORDS: Any = {number: f"w{number}" for number in range(40)} | {0: "<SOS>", 1: "EOS"}
NAMES: Any = ["relu", "tanh", "gelu", "identity"]
LABELS: Any = ["-", "|", "a", "b", "c"]
LETTERS = string.ascii_lowercase + " .'"


def scores(*order: int, size: int = 4) -> Tensor:
    """Return scores of which those in `order` are the best in each row."""
    rows = torch.zeros(len(order), size)
    rows[range(len(order)), list(order)] = 1.0
    return rows


# --- vocabularies -------------------------------------------------------------------------------


@program((normal(1, 1, 8),), (normal(2, 1, 8),), (normal(3, 1, 8) * 20,), weights=1)
class TranslationDecoder(nn.Module):
    """The decoder of a translation: it ends at a word, or after so many."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(12, 8)
        self.gru = nn.GRUCell(8, 8)
        self.out = nn.Linear(8, 12)
        self.index2word = {number: f"w{number}" for number in range(12)}

    def forward(self, hidden: Tensor) -> list[str]:
        decoded: list[str] = []
        token = torch.zeros(1, dtype=torch.long)
        for _ in range(20):
            hidden = self.gru(self.embedding(token), hidden)
            _, topi = self.out(hidden).topk(1)
            if topi.item() < 2:
                decoded.append("<EOS>")
                break
            decoded.append(self.index2word[int(topi.item())])
            token = topi.squeeze(1)
        return decoded


@program((tensor([5, 1, 7]),), (tensor([1, 1, 1]),), (tensor([2, 3, 39]),))
def words_without_marks(tokens: Tensor) -> list[str]:
    words = [WORDS[int(token.item())] for token in tokens]
    words[:] = [word for word in words if not (word == "EOS" or word == "PAD")]
    return words


@program((tensor([5, 1, 7]),), (tensor([1, 1, 1]),), (tensor([2, 3, 39]),))
def sentence(tokens: Any) -> str:
    return " ".join(WORDS[token] for token in tokens.tolist())


@program((tensor([0.1, 3.0, 0.2, 0.4]),), (tensor([0.1, 0.3, 0.2, 0.4]),))
def name_of_a_class(x: Tensor) -> tuple[str, float]:
    return NAMES[x.argmax()], x.max().item()


@program((tensor(1),), (tensor(7),), (tensor(-1),), (tensor(200),))
def missing_key(token: Any) -> str:
    table = {1: "one", 7: "seven", 200: "many"}
    return table[token.item()]


@program((tensor(1),), (tensor(-3),), (tensor(3),), (tensor(-5),))
def missing_index(token: Tensor) -> str:
    return NAMES[token]


@program((tensor(1),), (tensor(7),), (tensor(-1),))
def missing_key_is_caught(token: Tensor) -> str:
    try:
        word = {1: "one", 7: "seven"}[int(token)]
    except KeyError as error:
        return f"unknown {error}"
    return word


@program((tensor(1),), (tensor(90),), (tensor(200),), (tensor(-1),))
def table_of_numbers(token: Tensor) -> tuple[int, int, bool]:
    squares = {number: number * number for number in range(100)}
    half = [number / 2 for number in range(300)]
    index = int(token)
    square = squares[index] if index in squares else -1
    return square, int(half[index]), index in squares


@program((tensor([1.0, -1.0]),), (tensor([-1.0, 1.0]),))
def raises_a_number(x: Tensor) -> Tensor:
    if x[0] < 0:
        raise KeyError(int(x.argmax()) + 7)
    return x


# --- letters ------------------------------------------------------------------------------------


@program(
    (normal(1, 1, 3),), (normal(2, 1, 3),), (normal(3, 1, 3) * 9,), (normal(9, 1, 3),), weights=3
)
class NameSampler(nn.Module):
    """A network that writes a name, letter by letter."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.RNNCell(len(LETTERS), 3)
        self.out = nn.Linear(3, len(LETTERS) + 1)

    def encoded(self, letter: str) -> Tensor:
        encoded = torch.zeros(1, len(LETTERS))
        encoded[0][LETTERS.find(letter)] = 1
        return encoded

    def forward(self, hidden: Tensor) -> str:
        name = "a"
        given = self.encoded("a")
        for _ in range(30):
            hidden = self.cell(given, hidden * 2)
            best = (self.out(hidden) * 50).argmax(1)[0]
            if best == len(LETTERS):
                break
            letter = LETTERS[best]
            name += letter
            given = self.encoded(letter)
        return name


@program(
    (scores(2, 2, 1, 3, 0, 1, size=5),),
    (scores(0, 0, 0, 0, 0, 0, size=5),),
    (scores(1, 3, 3, 0, 3, 4, size=5),),
)
def greedy_ctc(emission: Any) -> list[str]:
    indices = _TORCH.unique_consecutive(emission.argmax(-1), dim=-1)
    kept = [index for index in indices if index != 0]
    joined: Any = "".join([LABELS[index] for index in kept])
    return joined.replace("|", " ").strip().split()


@program((tensor([[1, 2, 2], [0, 0, 3]]),), (tensor([[0, 0, 0], [3, 3, 1]]),))
def strings_of_a_batch(x: Any) -> list[list[str]]:
    strings: list[list[str]] = []
    for row in x:
        text = ""
        previous = ""
        for number in row:
            letter = LABELS[number.item()]
            if letter != "-" and letter != previous:
                text = text + letter
            previous = letter
        strings.append([text])
    return strings


@program((tensor([2, 3, 1, 2, 4]),), (tensor([1, 1, 1, 1, 1]),), (tensor([1, 4, 0, 2, 1]),))
def methods(x: Any) -> dict[str, Any]:
    text = "".join([LABELS[number] for number in x])
    letter = LABELS[x[0]]
    return {
        "case": (text.upper(), text.title(), text.isalpha(), text.islower()),
        "parts": (text[1:], text[:2], text[-2:], text[0], text[-1], list(letter)),
        "search": (text.find("a"), text.count("|"), "bc" in text, letter in text, text in "-a|"),
        "ends": (text.startswith("a"), text.endswith(("|", "c")), text.removeprefix("|")),
        "split": (text.split("|"), text.split(), text.rsplit("a", 1), text.strip("|")),
        "size": (len(text), bool(text.strip("|")), text.center(9, "*"), text.replace("|", "or")),
        "join": (letter.join(["x", "y"]), "+".join([letter, text]), "abc".find(letter)),
        "letters": [each for each in text if each != "|"],
    }


@program((tensor([1, 0]),), (tensor([4, 2]),))
def positions(x: Tensor) -> tuple[int, int]:
    letter = LABELS[x[0]]
    return "|abc".index(letter), LABELS.index(letter)


@program((tensor([2, 0]),), (tensor([0, 1]),))
def position_of_what_is_missing(x: Tensor) -> int:
    return "abc".index(LABELS[x[0]])


@program((tensor(2),), (tensor(-1),), (tensor(9),))
def letter_that_is_missing(x: Tensor) -> str:
    return "".join([LABELS[2], str(int(x) * 10)])[int(x)]


# --- choices ------------------------------------------------------------------------------------


@program(*((tensor([float(number == best) for number in range(4)]),) for best in range(4)))
def comparisons(x: Tensor) -> dict[str, bool]:
    name = NAMES[x.argmax()]
    other = NAMES[x.argmin()]
    return {
        "ordered": name < "h",
        "both": name == other,
        "many": name in string.printable,
        "upper": name.upper() in {"RELU"},
        "choices": "relu" in [name.strip(), other],
    }


@program(*((tensor([float(number == best) for number in range(4)]),) for best in range(4)))
def comparisons_with_constants(x: Tensor) -> dict[str, bool]:
    """The host compares indices, which ONNX can, too."""
    name: Any = NAMES[x.argmax()]
    last = NAMES[-1 - x.argmax()]
    return {
        "equal": name == "tanh" or last == "identity",
        "different": name != "tanh",
        "number": name == 3,
        "list": name in ["relu", "elu"],
        "set": name not in {"relu", "gelu"},
        "dict": name in {"identity": 1},
        "choices": "relu" in [name, last],
    }


@program(*((tensor([float(number == best) for number in range(4)]),) for best in range(4)))
class LayerByName(nn.Module):
    """A string chooses among tensors, modules, methods and numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleDict({name: nn.Linear(4, 4) for name in NAMES})
        self.gains = {"relu": 2, "tanh": 3, "gelu": 4}

    def identity(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> tuple[Tensor, str, int]:
        name = NAMES[x.argmax()]
        parts = {"relu": x + 1, "tanh": x * 2, "gelu": x - 1, "identity": x}
        return self.layers[name](parts[name]), name, self.gains.get(name, 0)


@program(*((tensor([float(number == best) for number in range(4)]),) for best in range(4)))
def function_by_name(x: Tensor) -> Tensor:
    """The name of an attribute must be known: each name has its own path."""
    name = ["relu", "tanh", "sigmoid", "exp"][x.argmax()]
    return getattr(torch, name)(x)


@program((tensor(0),), (tensor(1),), (tensor(5),))
def state_machine(x: Tensor) -> tuple[int, str]:
    steps, mode, trace = int(x), "start", ""
    while mode != "end":
        mode = ["walk", "run", "end"][(steps * steps) % 7 % 3]
        trace += mode[:1]
        steps += 1
    return steps, trace


@program((normal(1, 24),), (normal(2, 24),), (-normal(1, 24).abs(),))
def letters_of_branches(x: Tensor) -> str:
    text = ""
    for value in x:
        if value > 1:
            text += "A"
        elif value > 0:
            text += "b"
    return text


@program((tensor([0, 1]),), (tensor([19, 1]),), (tensor([40, 1]),))
def more_words_than_versions(x: Tensor) -> str:
    word = "none"
    for number in range(20):
        if x[0] == number:
            word = f"word {number}"
    return word


@program((tensor([0, 0]),), (tensor([3, 2]),))
def none_or_a_word(x: Tensor) -> str | None:
    best: str | None = None
    for number in x:
        if number > 0:
            word = NAMES[number]
            if best is None or word < best:
                best = word
    return best


@program((tensor([0, 2, 3, 2]),), (tensor([1, 1, 1, 0]),), (tensor([0, 0, 0, 0]),))
def list_of_words(x: Any) -> tuple[list[str], int, bool, str]:
    words: list[str] = []
    pairs: list[tuple[str, int]] = []
    for number in x.tolist():
        if number:
            words.append(NAMES[number])
            pairs.append((NAMES[number], number))
    words.extend(word for word, number in pairs if number > 2)
    words.insert(0, "first")
    return words, words.count("gelu"), "tanh" in words, "/".join(words[1:])


# --- shown --------------------------------------------------------------------------------------


@program((tensor([0.5, 2.5]),), (tensor([-1.0, 3.25]),))
def formatted(x: Any) -> tuple[str, str, str, list[str]]:
    step = int(x.argmax())
    name = NAMES[step]
    lines = [f"{index}: {value:.2f}" for index, value in enumerate(x.tolist())]
    return f"step {step}", f"{name!r:>8}|{x[0].item():.3f}", f"<{name}>", lines


@program((tensor([1.0, 2.0]),), (tensor([3.0, 2.0]),))
def message_with_a_word(x: Tensor) -> Tensor:
    name = NAMES[x.argmax()]
    print("it is", name, [name])
    if name == "relu":
        raise ValueError(f"no {name} here")
    return x


@program((tensor([1.0, 2.0]),), (tensor([3.0, 2.0]),))
def looks_into_text(x: Tensor) -> Tensor:
    label = str(x.sum().item())
    return x if label.startswith("3") else -x
