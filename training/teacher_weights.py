"""Expand the teacher's 4-bit ONNX file (SmolLM2-135M-Instruct) into a transformers folder with the same values.

    python teacher_weights.py --source MODELS/SmolLM2-135M-Instruct --out WORK/teacher

The file holds the 4-bit (weights) and 8-bit (token table) blocks of the published GGUF with
float scales and zero points, so nothing is quantised again: value = (block - zero) * scale.
"""
import argparse
import os
import shutil

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from transformers import LlamaConfig, LlamaForCausalLM


def dequantise(init, name, bits, scales, zero):
    blocks = init[name].reshape(init[name].shape[0], -1)
    if bits == 4:  # two values a byte, low half first
        blocks = np.stack([blocks & 15, blocks >> 4], -1).reshape(blocks.shape[0], -1)
    s, z = init[scales], init[zero].astype(np.float32)
    s = s.reshape(blocks.shape[0], -1)
    z = z.reshape(s.shape)
    q = blocks.astype(np.float32).reshape(*s.shape, -1)
    return ((q - z[..., None]) * s[..., None]).reshape(blocks.shape[0], -1)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--source', required=True, help='folder with config.json, tokenizer.json and onnx/model_q4.onnx')
    ap.add_argument('--out', required=True)
    a = ap.parse_args()
    graph = onnx.load(os.path.join(a.source, 'onnx', 'model_q4.onnx')).graph
    init = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    state = {k: torch.tensor(v) for k, v in init.items() if k.endswith('norm.weight')}
    for node in graph.node:
        if node.op_type != 'MatMulNBits':
            continue
        bits = {x.name: helper.get_attribute_value(x) for x in node.attribute}['bits']
        name = node.input[1].rsplit('_Q', 1)[0]
        state[name] = torch.tensor(dequantise(init, node.input[1], bits, node.input[2], node.input[3]))
    model = LlamaForCausalLM(LlamaConfig.from_pretrained(a.source))
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {'lm_head.weight', 'model.norm.weight'}, (missing, unexpected)
    if 'model.norm.weight' in missing:
        raise SystemExit('final norm not found')
    model.tie_weights()
    model.save_pretrained(a.out)
    for f in ('tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'):
        shutil.copyfile(os.path.join(a.source, f), os.path.join(a.out, f))
    print('saved', a.out)


if __name__ == '__main__':
    main()
