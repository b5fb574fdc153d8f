"""A plain Llama decoder. Parameter names are those of transformers' LlamaForCausalLM, so either class loads the weights."""
import torch
import torch.nn as nn
import torch.nn.functional as F

CONFIG = dict(
    architectures=['LlamaForCausalLM'], model_type='llama', vocab_size=8192, hidden_size=192, intermediate_size=512,
    num_hidden_layers=8, num_attention_heads=4, num_key_value_heads=4, head_dim=48, hidden_act='silu',
    max_position_embeddings=512, rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=True, attention_bias=False,
    mlp_bias=False, attention_dropout=0.0, initializer_range=0.02, use_cache=True, bos_token_id=0, eos_token_id=0,
    pad_token_id=0, torch_dtype='float32')


class RMSNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        if torch.onnx.is_in_onnx_export():  # plain operators, known to every opset
            return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))
        return F.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), self.eps)


def rotate(x, cos, sin):
    h = x.shape[-1] // 2
    a, b = x[..., :h], x[..., h:]
    return x * cos + torch.cat((-b, a), -1) * sin


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.dim = c['num_attention_heads'], c['head_dim']
        for n in 'qkvo':
            setattr(self, n + '_proj', nn.Linear(c['hidden_size'], c['hidden_size'], bias=False))

    def forward(self, x, cos, sin, mask):
        b, t, _ = x.shape
        split = lambda y: y.view(b, t, self.heads, self.dim).transpose(1, 2)
        q, k, v = rotate(split(self.q_proj(x)), cos, sin), rotate(split(self.k_proj(x)), cos, sin), split(self.v_proj(x))
        if mask is None:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            y = ((q @ k.transpose(-1, -2)) * (self.dim ** -0.5) + mask).softmax(-1) @ v
        return self.o_proj(y.transpose(1, 2).reshape(b, t, self.heads * self.dim))


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        h, i = c['hidden_size'], c['intermediate_size']
        self.gate_proj, self.up_proj, self.down_proj = nn.Linear(h, i, bias=False), nn.Linear(h, i, bias=False), nn.Linear(i, h, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.self_attn, self.mlp = Attention(c), MLP(c)
        self.input_layernorm = RMSNorm(c['hidden_size'], c['rms_norm_eps'])
        self.post_attention_layernorm = RMSNorm(c['hidden_size'], c['rms_norm_eps'])

    def forward(self, x, cos, sin, mask):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embed_tokens = nn.Embedding(c['vocab_size'], c['hidden_size'])
        self.layers = nn.ModuleList(Block(c) for _ in range(c['num_hidden_layers']))
        self.norm = RMSNorm(c['hidden_size'], c['rms_norm_eps'])
        self.register_buffer('inv', 1.0 / c['rope_theta'] ** (torch.arange(0, c['head_dim'], 2).float() / c['head_dim']), persistent=False)

    def forward(self, ids, attention_mask=None):
        """Returns the normed output and the residual stream after the embeddings and after every block.
        Without a mask the input is right-padded and plain causal attention does (training).
        With one (export) padding may lie on either side: positions count real tokens."""
        x = self.embed_tokens(ids)
        if attention_mask is None:
            pos, mask = torch.arange(ids.shape[1], device=ids.device)[None], None
        else:
            pos = (attention_mask.cumsum(1) - 1).clamp(min=0)
            i = torch.ones_like(ids).cumsum(1)
            ok = (i[:, None, :, None] >= i[:, None, None, :]) & ((attention_mask[:, None, None, :] > 0) | (i[:, None, :, None] == i[:, None, None, :]))
            mask = torch.where(ok, torch.zeros((), dtype=x.dtype), torch.full((), -1e9, dtype=x.dtype))
        f = pos[:, :, None].float() * self.inv.float()[None, None]
        f = torch.cat((f, f), -1)[:, None]
        cos, sin = f.cos().to(x.dtype), f.sin().to(x.dtype)
        states = [x]
        for layer in self.layers:
            x = layer(x, cos, sin, mask)
            states.append(x)
        return self.norm(x), states


class LM(nn.Module):
    def __init__(self, c=CONFIG):
        super().__init__()
        self.model = Body(c)
        self.lm_head = nn.Linear(c['hidden_size'], c['vocab_size'], bias=False)
        self.lm_head.weight = self.model.embed_tokens.weight
        for n, p in self.named_parameters():
            if p.ndim == 2:
                small = n.endswith(('o_proj.weight', 'down_proj.weight'))
                nn.init.normal_(p, 0, 0.02 / (2 * c['num_hidden_layers']) ** .5 if small else 0.02)

    def forward(self, input_ids, attention_mask=None):
        return self.lm_head(self.model(input_ids, attention_mask)[0])


def load_onnx_weights(model, path):
    """Load the int8 weights of an exported model.onnx (value = int8 * scale) back into the decoder."""
    import onnx
    from onnx import numpy_helper
    init = {i.name: numpy_helper.to_array(i) for i in onnx.load(path).graph.initializer}
    state = {}
    for name in model.state_dict():
        if name == 'lm_head.weight':
            continue
        if name in init:
            state[name] = torch.tensor(init[name])
        elif 'embed_tokens' in name:
            state[name] = torch.tensor(init[name + '_q'].astype('float32') * init[name + '_scale'].reshape(-1, 1))
        else:  # stored transposed, one scale per output channel
            state[name] = torch.tensor((init[name + '_q'].astype('float32') * init[name + '_scale_2d'].reshape(1, -1)).T.copy())
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {'lm_head.weight'}, (missing, unexpected)
    return model
