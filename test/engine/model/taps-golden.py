"""Golden values of taps, by transformers' own modules and forward hooks.

    python taps-golden.py ZOO WEIGHTS OUT.json

ZOO: the zoo of small models. WEIGHTS: a folder with one safetensors file an architecture, weights by role as read from its
`__ts17` export (the zoo's torch weights are not kept). They are put into transformers' model, whose block outputs must equal
the zoo's own golden.json to 1e-5; so roles, packing and orientation are right before a hook is read.
Kept: second row (text) or first image, mean over its tokens and last token; patterns: the last token's, each head.
"""
import json, math, sys
from pathlib import Path
import numpy as np, torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

torch.set_num_threads(1)
zoo, folder, out = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
ROW = 1


def linear(module, w, name, bias=True):
    module.weight.data.copy_(w[name].reshape(module.weight.shape))
    if bias:
        module.bias.data.copy_(w[f"{name}.bias"])


def norm(module, w, name, bias=True):
    module.weight.data.copy_(w[name])
    if bias:
        module.bias.data.copy_(w[f"{name}.bias"])


def conv1d(module, w, name):
    module.weight.data.copy_(w[name].T)
    module.bias.data.copy_(w[f"{name}.bias"])


def llama(m, w):
    m.model.embed_tokens.weight.data.copy_(w["embedding"])
    m.lm_head.weight.data.copy_(w["unembedding"])
    norm(m.model.norm, w, "final_norm", False)
    for i, b in enumerate(m.model.layers):
        for role, part in dict(q="q_proj", k="k_proj", v="v_proj", o="o_proj").items():
            linear(getattr(b.self_attn, part), w, f"blocks.{i}.{role}", False)
        for role in ("gate", "up", "down"):
            linear(getattr(b.mlp, f"{role}_proj"), w, f"blocks.{i}.{role}", False)
        norm(b.input_layernorm, w, f"blocks.{i}.norm1", False)
        norm(b.post_attention_layernorm, w, f"blocks.{i}.norm2", False)
    parts = [dict(attn=b.self_attn, o=b.self_attn.o_proj, mid=(b.post_attention_layernorm, "in"), mlp=b.mlp, down=b.mlp.down_proj, block=b) for b in m.model.layers]
    return parts, m.model.norm


def gpt2(m, w):
    t = m.transformer
    t.wte.weight.data.copy_(w["embedding"])
    t.wpe.weight.data.copy_(w["positional"])
    m.lm_head.weight.data.copy_(w["unembedding"])
    norm(t.ln_f, w, "final_norm")
    for i, b in enumerate(t.h):
        b.attn.c_attn.weight.data.copy_(torch.cat([w[f"blocks.{i}.{r}"] for r in "qkv"]).T)
        b.attn.c_attn.bias.data.copy_(torch.cat([w[f"blocks.{i}.{r}.bias"] for r in "qkv"]))
        conv1d(b.attn.c_proj, w, f"blocks.{i}.o")
        conv1d(b.mlp.c_fc, w, f"blocks.{i}.up")
        conv1d(b.mlp.c_proj, w, f"blocks.{i}.down")
        norm(b.ln_1, w, f"blocks.{i}.norm1")
        norm(b.ln_2, w, f"blocks.{i}.norm2")
    return [dict(attn=b.attn, o=b.attn.c_proj, mid=(b.ln_2, "in"), mlp=b.mlp, down=b.mlp.c_proj, block=b) for b in t.h], t.ln_f


def bert(m, w):
    e = m.embeddings
    e.word_embeddings.weight.data.copy_(w["embedding"])
    e.position_embeddings.weight.data.copy_(w["positional"])
    e.token_type_embeddings.weight.data.copy_(w["token_type"])
    norm(e.LayerNorm, w, "embedding_norm")
    for i, b in enumerate(m.encoder.layer):
        for role, part in dict(q="query", k="key", v="value").items():
            linear(getattr(b.attention.self, part), w, f"blocks.{i}.{role}")
        linear(b.attention.output.dense, w, f"blocks.{i}.o")
        norm(b.attention.output.LayerNorm, w, f"blocks.{i}.norm1")
        linear(b.intermediate.dense, w, f"blocks.{i}.up")
        linear(b.output.dense, w, f"blocks.{i}.down")
        norm(b.output.LayerNorm, w, f"blocks.{i}.norm2")
    parts = [
        dict(pattern=b.attention.self, attn=b.attention.output.dense, o=b.attention.output.dense, mid=(b.attention.output, "out"), mlp=b.output.dense, down=b.output.dense, block=b)
        for b in m.encoder.layer
    ]
    return parts, None


def gpt_neox(m, w):
    t = m.gpt_neox
    t.embed_in.weight.data.copy_(w["embedding"])
    m.get_output_embeddings().weight.data.copy_(w["unembedding"])
    norm(t.final_layer_norm, w, "final_norm")
    heads = m.config.num_attention_heads
    for i, b in enumerate(t.layers):
        by_head = lambda suffix: torch.stack([w[f"blocks.{i}.{r}{suffix}"].reshape(heads, -1, *w[f"blocks.{i}.{r}{suffix}"].shape[1:]) for r in "qkv"], 1)
        b.attention.query_key_value.weight.data.copy_(by_head("").reshape(b.attention.query_key_value.weight.shape))
        b.attention.query_key_value.bias.data.copy_(by_head(".bias").reshape(-1))
        linear(b.attention.dense, w, f"blocks.{i}.o")
        linear(b.mlp.dense_h_to_4h, w, f"blocks.{i}.up")
        linear(b.mlp.dense_4h_to_h, w, f"blocks.{i}.down")
        norm(b.input_layernorm, w, f"blocks.{i}.norm1")
        norm(b.post_attention_layernorm, w, f"blocks.{i}.norm2")
    return [dict(attn=b.attention, o=b.attention.dense, mlp=b.mlp, down=b.mlp.dense_4h_to_h, block=b) for b in t.layers], t.final_layer_norm


def vit(m, w):
    e = m.embeddings
    e.cls_token.data.copy_(w["class_token"].reshape(1, 1, -1))
    e.position_embeddings.data.copy_(w["positional"].unsqueeze(0))
    linear(e.patch_embeddings.projection, w, "patch_embedding")
    norm(m.layernorm, w, "final_norm")
    for i, b in enumerate(m.layers):
        for role, part in dict(q="q_proj", k="k_proj", v="v_proj", o="o_proj").items():
            linear(getattr(b.attention, part), w, f"blocks.{i}.{role}")
        linear(b.mlp.fc1, w, f"blocks.{i}.up")
        linear(b.mlp.fc2, w, f"blocks.{i}.down")
        norm(b.layernorm_before, w, f"blocks.{i}.norm1")
        norm(b.layernorm_after, w, f"blocks.{i}.norm2")
    return [dict(attn=b.attention, o=b.attention.o_proj, mid=(b.layernorm_after, "in"), mlp=b.mlp.fc2, down=b.mlp.fc2, block=b) for b in m.layers], m.layernorm


def first(x):
    return x[0] if isinstance(x, tuple) else x


golden = {}
for arch, load in dict(llama=llama, gpt2=gpt2, bert=bert, gpt_neox=gpt_neox, vit=vit).items():
    path = zoo / f"{arch}__ts17"
    config = AutoConfig.from_pretrained(path, attn_implementation="eager")
    model = (AutoModelForCausalLM if arch in ("llama", "gpt2", "gpt_neox") else AutoModel).from_config(config).eval().float()
    parts, final = load(model, load_file(folder / f"{arch}.safetensors"))
    case = json.loads((path / "golden.json").read_text())["cases"][0]
    seen = {}
    for i, part in enumerate(parts):
        keep = lambda name, pick: lambda module, args, kwargs, output, n=f"blocks.{i}.{name}": seen.__setitem__(n, pick(args, kwargs, output))
        given = lambda a, k, o: (a[0] if a else k["hidden_states"]).detach()
        made = lambda a, k, o: first(o).detach()
        hook = lambda module, name, pick: module.register_forward_hook(keep(name, pick), with_kwargs=True)
        hook(part["attn"], "attn_out", made)
        hook(part["o"], "attn_head", given)
        hook(part.get("pattern", part["attn"]), "attn_pattern", lambda a, k, o: o[1].detach())
        if "mid" in part:
            hook(part["mid"][0], "resid_mid", given if part["mid"][1] == "in" else made)
        hook(part["mlp"], "mlp_out", made)
        hook(part["down"], "mlp_act", given)
        hook(part["block"], "block", made)
    if final is not None:
        final.register_forward_hook(lambda module, args, output: seen.__setitem__("final_norm", output.detach()))
    with torch.no_grad():
        if arch == "vit":
            b, c, h, w = case["pixel_values"]["shape"]
            n = np.arange(c * h * w)
            pixels = np.stack([np.sin(0.05 * n + row) for row in range(b)]).astype(np.float32).reshape(b, c, h, w)
            result = model(pixel_values=torch.from_numpy(pixels))
            row, length = 0, seen["blocks.0.block"].shape[1]
        else:
            mask = torch.tensor(case["attention_mask"])
            result = model(input_ids=torch.tensor(case["input_ids"]), attention_mask=mask)
            row, length = ROW, int(mask[ROW].sum())
    if hasattr(result, "logits"):
        seen["logits"] = result.logits
    worst = 0.0
    for i in range(len(parts)):
        block = seen.pop(f"blocks.{i}.block")[row, :length]
        wanted = torch.tensor(case["block_output_mean"][i][row])
        worst = max(worst, float((block.mean(0) - wanted).norm() / wanted.norm()))
    print(arch, f"block outputs equal the zoo's to {worst:.1e}")
    assert worst < 1e-5, "the weights by role do not make the model that the zoo was made from"
    round_ = lambda x: [float(f"{v:.6g}") for v in x.flatten().tolist()]
    golden[arch] = {
        name: {"last": round_(value[row, :, length - 1, :length])} if name.endswith("attn_pattern") else {"mean": round_(value[row, :length].mean(0)), "last": round_(value[row, length - 1])}
        for name, value in seen.items()
        if not (name == "logits" and value.shape[-1] != 260)
    }
    for value in golden[arch].values():
        assert all(math.isfinite(x) for numbers in value.values() for x in numbers)
# Only one block of the middle and the last one are kept: the file stays small, and every kind of tap is in it.
kept = {arch: {name: value for name, value in taps.items() if not name.startswith("blocks.") or name.split(".")[1] in ("1", "3")} for arch, taps in golden.items()}
out.write_text(json.dumps({"row": ROW, "taps": kept}, separators=(",", ":")) + "\n")
