"""Sparse mixture of experts: every token goes to its two best experts, idle experts are skipped.

A. Q. Jiang et al.: "Mixtral of Experts", arXiv 2401.04088, 2024, in the style of its transformers
implementation.
"""

import torch
import torch.nn.functional as F
from torch import nn


class MixtralRMSNorm(nn.Module):
    def __init__(self, hidden_size, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden_size))
        self.variance_epsilon = eps

    def forward(self, hidden_states):
        input_dtype = hidden_states.dtype
        hidden_states = hidden_states.to(torch.float32)
        variance = hidden_states.pow(2).mean(-1, keepdim=True)
        hidden_states = hidden_states * torch.rsqrt(variance + self.variance_epsilon)
        return self.weight * hidden_states.to(input_dtype)


class MixtralBlockSparseTop2MLP(nn.Module):
    def __init__(self, hidden_dim, ffn_dim):
        super().__init__()
        self.w1 = nn.Linear(hidden_dim, ffn_dim, bias=False)
        self.w2 = nn.Linear(ffn_dim, hidden_dim, bias=False)
        self.w3 = nn.Linear(hidden_dim, ffn_dim, bias=False)
        self.act_fn = F.silu

    def forward(self, hidden_states):
        return self.w2(self.act_fn(self.w1(hidden_states)) * self.w3(hidden_states))


class MixtralSparseMoeBlock(nn.Module):
    def __init__(self, hidden_dim, ffn_dim, num_experts, top_k):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.num_experts = num_experts
        self.top_k = top_k
        self.gate = nn.Linear(hidden_dim, num_experts, bias=False)
        self.experts = nn.ModuleList(
            [MixtralBlockSparseTop2MLP(hidden_dim, ffn_dim) for _ in range(num_experts)]
        )

    def forward(self, hidden_states):
        batch_size, sequence_length, hidden_dim = hidden_states.shape
        hidden_states = hidden_states.view(-1, hidden_dim)
        router_logits = self.gate(hidden_states)
        routing_weights = F.softmax(router_logits, dim=1, dtype=torch.float)
        routing_weights, selected_experts = torch.topk(routing_weights, self.top_k, dim=-1)
        routing_weights /= routing_weights.sum(dim=-1, keepdim=True)
        routing_weights = routing_weights.to(hidden_states.dtype)
        final_hidden_states = torch.zeros(
            (batch_size * sequence_length, hidden_dim),
            dtype=hidden_states.dtype,
            device=hidden_states.device,
        )
        expert_mask = F.one_hot(selected_experts, num_classes=self.num_experts).permute(2, 1, 0)
        for expert_idx in range(self.num_experts):
            expert_layer = self.experts[expert_idx]
            idx, top_x = torch.where(expert_mask[expert_idx])
            if top_x.shape[0] == 0:
                continue
            current_state = hidden_states[None, top_x].reshape(-1, hidden_dim)
            current_hidden_states = expert_layer(current_state) * routing_weights[top_x, idx, None]
            final_hidden_states.index_add_(0, top_x, current_hidden_states.to(hidden_states.dtype))
        final_hidden_states = final_hidden_states.reshape(batch_size, sequence_length, hidden_dim)
        return final_hidden_states, router_logits


class MixtralDecoderLayer(nn.Module):
    def __init__(self, hidden_dim, ffn_dim, num_experts, top_k):
        super().__init__()
        self.input_layernorm = MixtralRMSNorm(hidden_dim)
        self.self_attn = nn.MultiheadAttention(hidden_dim, 4, bias=False, batch_first=True)
        self.block_sparse_moe = MixtralSparseMoeBlock(hidden_dim, ffn_dim, num_experts, top_k)
        self.post_attention_layernorm = MixtralRMSNorm(hidden_dim)

    def forward(self, hidden_states, attention_mask=None, output_router_logits=False):
        residual = hidden_states
        hidden_states = self.input_layernorm(hidden_states)
        hidden_states, _ = self.self_attn(
            hidden_states,
            hidden_states,
            hidden_states,
            attn_mask=attention_mask,
            need_weights=False,
        )
        hidden_states = residual + hidden_states
        residual = hidden_states
        hidden_states = self.post_attention_layernorm(hidden_states)
        hidden_states, router_logits = self.block_sparse_moe(hidden_states)
        hidden_states = residual + hidden_states
        outputs = (hidden_states,)
        if output_router_logits:
            outputs += (router_logits,)
        return outputs


class MixtralForCausalLM(nn.Module):
    def __init__(self, vocab=40, hidden_dim=32, ffn_dim=48, num_experts=4, top_k=2, layers=2):
        super().__init__()
        self.embed_tokens = nn.Embedding(vocab, hidden_dim)
        self.layers = nn.ModuleList(
            [MixtralDecoderLayer(hidden_dim, ffn_dim, num_experts, top_k) for _ in range(layers)]
        )
        self.norm = MixtralRMSNorm(hidden_dim)
        self.lm_head = nn.Linear(hidden_dim, vocab, bias=False)

    def forward(self, input_ids, output_router_logits=None):
        seq_length = input_ids.shape[1]
        mask = torch.triu(torch.full((seq_length, seq_length), float("-inf")), diagonal=1)
        hidden_states = self.embed_tokens(input_ids)
        all_router_logits = () if output_router_logits else None
        for decoder_layer in self.layers:
            layer_outputs = decoder_layer(
                hidden_states, attention_mask=mask, output_router_logits=output_router_logits
            )
            hidden_states = layer_outputs[0]
            if output_router_logits:
                all_router_logits += (layer_outputs[-1],)
        logits = self.lm_head(self.norm(hidden_states))
        return {"logits": logits.float(), "router_logits": all_router_logits}


def build():
    torch.manual_seed(0)
    return MixtralForCausalLM().eval()


def inputs():
    torch.manual_seed(1)
    return [(torch.randint(0, 40, (1, 3)), True) for _ in range(24)]
