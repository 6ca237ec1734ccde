"""A sparse mixture of experts: each token is sent to the two experts that its router prefers.

N. Shazeer et al.: "Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts
Layer", ICLR 2017, in the form of A. Q. Jiang et al.: "Mixtral of Experts", 2024.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 512
INNER = 1024
EXPERTS = 8
TOP_K = 2
TOKENS = 128


class Expert(nn.Module):
    """SwiGLU feed-forward network."""

    def __init__(self) -> None:
        super().__init__()
        self.w1 = nn.Linear(WIDTH, INNER, bias=False)
        self.w2 = nn.Linear(INNER, WIDTH, bias=False)
        self.w3 = nn.Linear(WIDTH, INNER, bias=False)

    def forward(self, hidden_states: Tensor) -> Tensor:
        return self.w2(F.silu(self.w1(hidden_states)) * self.w3(hidden_states))


class SparseMixtureOfExperts(nn.Module):
    """Normalisation, router and experts; the sum over the chosen experts is added to the input."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.router = nn.Linear(WIDTH, EXPERTS, bias=False)
        self.experts = nn.ModuleList(Expert() for _ in range(EXPERTS))

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        """Transform `x` [1, tokens, width]; return the same shape and the experts that ran."""
        hidden_states = self.norm(x).view(-1, WIDTH)
        routing_weights = F.softmax(self.router(hidden_states), dim=1)
        routing_weights, selected_experts = torch.topk(routing_weights, TOP_K, dim=-1)
        routing_weights = routing_weights / routing_weights.sum(dim=-1, keepdim=True)

        final_hidden_states = torch.zeros_like(hidden_states)
        experts_used = 0
        for expert_index, expert in enumerate(self.experts):
            token, choice = torch.nonzero(selected_experts == expert_index, as_tuple=True)
            if token.shape[0] == 0:
                continue
            weight = routing_weights[token, choice].unsqueeze(1)
            final_hidden_states.index_add_(0, token, expert(hidden_states[token]) * weight)
            experts_used += 1
        return x + final_hidden_states.view(x.shape), experts_used


def topics() -> Tensor:
    """Return one direction [experts, width] per topic; each expert is for one of them."""
    return torch.randn(EXPERTS, WIDTH, generator=torch.Generator().manual_seed(2))


def build() -> SparseMixtureOfExperts:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped
    model = SparseMixtureOfExperts().eval()
    with torch.no_grad():
        model.router.weight.copy_(topics() / (4 * WIDTH**0.5))
    return model


def inputs(count: int = 16) -> list[tuple[Tensor]]:
    """Return texts about two to eight of the topics; each token is about two of them."""
    generator = torch.Generator().manual_seed(1)
    texts: list[tuple[Tensor]] = []
    for index in range(count):
        subjects = torch.randperm(EXPERTS, generator=generator)[: 2 + index % 7]
        preference = torch.rand(TOKENS, len(subjects), generator=generator)
        first, second = topics()[subjects[preference.topk(TOP_K).indices]].unbind(1)
        noise = torch.randn(TOKENS, WIDTH, generator=generator)
        texts.append(((first + 0.6 * second + 0.5 * noise).unsqueeze(0),))
    return texts


if __name__ == "__main__":
    from report import compare

    compare(build, inputs)
