"""The pipeline that people write with transformers and scikit-learn: hidden states in batches, mean without the first token, a probe a layer.

    python audit.py prepare MODEL_FOLDER WORK_FOLDER    # config and tokenizer of the model, weights in torch's format
    python audit.py run WORK_FOLDER DATASET BATCH       # prints the milliseconds of each part as JSON

Weights are taken from the .onnx file where the package onnx can be imported, else drawn (the time is the same).
"""
import json
import sys
import time

begun = time.perf_counter()


def prepare(model, work):
    import shutil
    from pathlib import Path

    import torch
    from transformers import AutoConfig, AutoModel

    torch.manual_seed(0)
    network = AutoModel.from_config(AutoConfig.from_pretrained(model))
    try:
        import onnx
        from onnx import numpy_helper

        file = next(iter(sorted(Path(model).glob("**/*.onnx"))))
        stored = {t.name.removeprefix("model."): t for t in onnx.load(str(file)).graph.initializer}
        stored |= {"embed_tokens.weight": stored["embed.weight"]} if "embed.weight" in stored else {}
        found = 0
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                if name not in stored:
                    continue
                # A copy: arrays of onnx cannot be written to.
                value = torch.from_numpy(numpy_helper.to_array(stored[name]).copy())
                by_columns = value.ndim == 2 and not name.startswith("embed")
                parameter.copy_(value.T if by_columns else value)
                found += 1
        print(f"{found} of {len(list(network.parameters()))} weights from {file.name}", file=sys.stderr)
    except ImportError:
        print("weights drawn: no package onnx", file=sys.stderr)
    network.save_pretrained(work)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        if (Path(model) / name).exists():
            shutil.copy(Path(model) / name, work)


def run(work, dataset, batch):
    import torch
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from transformers import AutoModel, AutoTokenizer

    imported = time.perf_counter()
    rows = [json.loads(line) for line in open(dataset, encoding="utf-8") if line.strip()]
    text_key = next(key for key in ("text", "prompt", "question", "input") if key in rows[0])
    label_key = next(key for key in ("label", "class", "y") if key in rows[0])
    first = sorted({str(row[label_key]) for row in rows})[0]
    labels = [int(str(row[label_key]) != first) for row in rows]
    tokenizer = AutoTokenizer.from_pretrained(work)
    tokenizer.padding_side = "right"
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    model = AutoModel.from_pretrained(work, dtype=torch.float32).eval()
    loaded = time.perf_counter()
    pooled = []
    with torch.inference_mode():
        for start in range(0, len(rows), batch):
            texts = [row[text_key] for row in rows[start : start + batch]]
            encoded = tokenizer(texts, return_tensors="pt", padding=True, truncation=True, max_length=512)
            states = torch.stack(model(**encoded, output_hidden_states=True).hidden_states)
            mask = encoded["attention_mask"].clone().float()
            mask[:, 0] = 0
            pooled.append(torch.einsum("lbsd,bs->lbd", states, mask / mask.sum(1, keepdim=True)))
    layers = torch.cat(pooled, 1).numpy()
    extracted = time.perf_counter()
    scores = [cross_val_score(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), x, labels, cv=5, scoring="roc_auc").mean() for x in layers]
    done = time.perf_counter()
    parts = {"imports": imported - begun, "load": loaded - imported, "extract": extracted - loaded, "probes": done - extracted}
    print(json.dumps({**{name: 1000 * s for name, s in parts.items()}, "rows": len(rows), "best": max(scores), "layers": len(scores)}))


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(*sys.argv[2:4])
    else:
        run(sys.argv[2], sys.argv[3], int(sys.argv[4]))
