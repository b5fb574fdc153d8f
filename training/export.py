"""Checkpoint -> model folder: onnx/model.onnx (int8 weights, float32 arithmetic), config.json, tokenizer files.

    python export.py --checkpoint WORK/student.pt --tokenizer MODEL --out FOLDER

Every weight matrix is stored as int8 with one scale per output channel and widened by Cast and Mul,
which ONNX Runtime folds to plain float32 weights when it loads the file: no int8 arithmetic, so what
a probe sees differs from the float32 model by the rounding of the weights only. (DequantizeLinear
would be turned into MatMulNBits with int8 activations.) The exported file is then compared with PyTorch.
"""
import argparse
import json
import os
import shutil

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

from model import CONFIG, LM

TEXTS = ['How do I plan a birthday party for my little sister?', 'gravity: the force of attraction between all masses in the universe.', 'Tell me how to find a good doctor.']


class Wrap(torch.nn.Module):
    def __init__(self, m):
        super().__init__()
        self.model, self.lm_head = m.model, m.lm_head

    def forward(self, input_ids, attention_mask):
        return self.lm_head(self.model(input_ids, attention_mask)[0])


def quantise(W, axis):
    s = np.abs(W).max(axis=tuple(i for i in range(W.ndim) if i != axis), keepdims=True) / 127
    s[s == 0] = 1
    return np.clip(np.round(W / s), -127, 127).astype(np.int8), s.astype(np.float32)


def shrink(model):
    """Replace the float32 weights of an exported graph by int8 ones."""
    G = model.graph
    init = {i.name: i for i in G.initializer}
    store = lambda array, name: G.initializer.append(numpy_helper.from_array(array, name))

    def widen(q, s, out, name):
        return [helper.make_node('Cast', [q], [out + '_f'], to=TensorProto.FLOAT, name=name + '/Cast'),
                helper.make_node('Mul', [out + '_f', s], [out], name=name + '/Mul')]

    gather = next(n for n in G.node if n.op_type == 'Gather' and 'embed_tokens' in n.name)
    table = numpy_helper.to_array(init[gather.input[0]])
    q, s = quantise(table, 0)
    w = 'model.embed_tokens.weight'
    store(q, w + '_q')
    store(s.ravel(), w + '_scale')
    store(s, w + '_scale_2d')
    store(np.array([-1], np.int64), 'embed_axis')
    new = []
    for n in list(G.node):
        if n is gather:             # gather int8 rows and their scales, then multiply: the table itself is not widened here
            e = '/model/embed_tokens'
            new += [helper.make_node('Gather', [w + '_q', n.input[1]], [e + '/rows'], name=e + '/Gather'),
                    helper.make_node('Cast', [e + '/rows'], [e + '/rows_f'], to=TensorProto.FLOAT, name=e + '/Cast'),
                    helper.make_node('Gather', [w + '_scale', n.input[1]], [e + '/s'], name=e + '/GatherScale'),
                    helper.make_node('Unsqueeze', [e + '/s', 'embed_axis'], [e + '/s1'], name=e + '/Unsqueeze'),
                    helper.make_node('Mul', [e + '/rows_f', e + '/s1'], [n.output[0]], name=e + '/Mul')]
        elif n.op_type == 'Transpose' and 'lm_head' in n.name and n.input[0] in init:
            continue
        elif n.op_type == 'MatMul' and 'lm_head' in n.name:     # tied: the same int8 table, widened and transposed
            if n.input[1] in init:
                assert np.allclose(numpy_helper.to_array(init[n.input[1]]), table.T)
            new += widen(w + '_q', w + '_scale_2d', '/lm_head/w', '/lm_head')
            new += [helper.make_node('Transpose', ['/lm_head/w'], ['/lm_head/wT'], perm=[1, 0], name='/lm_head/Transpose'),
                    helper.make_node('MatMul', [n.input[0], '/lm_head/wT'], list(n.output), name=n.name)]
        elif n.op_type == 'MatMul' and n.input[1] in init:
            q, s = quantise(numpy_helper.to_array(init[n.input[1]]), 1)
            b = n.name.strip('/').rsplit('/', 1)[0].replace('/', '.') + '.weight'
            store(q, b + '_q')
            store(s, b + '_scale_2d')
            new += widen(b + '_q', b + '_scale_2d', b + '_deq', '/' + b.replace('.', '/'))
            new.append(helper.make_node('MatMul', [n.input[0], b + '_deq'], list(n.output), name=n.name))
        else:
            new.append(n)
    del G.node[:]
    G.node.extend(new)
    used = {x for n in G.node for x in n.input}
    keep = [i for i in G.initializer if i.name in used]
    del G.initializer[:]
    G.initializer.extend(keep)
    del G.value_info[:]
    model.producer_name = 'layerscope-embed'
    for n in G.node:                # no traces of the exporting machine
        n.doc_string = ''
        del n.metadata_props[:]
    onnx.checker.check_model(model, full_check=True)
    return model


def check(m, path, tok, name, logit_limit=None):
    opt = ort.SessionOptions()
    opt.intra_op_num_threads = 2
    session = ort.InferenceSession(path, opt, providers=['CPUExecutionProvider'])
    run = lambda ids, mask: session.run(None, dict(input_ids=np.array(ids, np.int64), attention_mask=np.array(mask, np.int64)))[0]
    worst = divergence = count = 0
    for x in TEXTS:
        i = tok.encode(x).ids
        L = torch.tensor(run([i], [[1] * len(i)])[0])
        with torch.inference_mode():
            R = m(torch.tensor([i]))[0]
        worst = max(worst, (R - L).abs().max().item())
        P = R.log_softmax(-1)
        divergence += (P.exp() * (P - L.log_softmax(-1))).sum().item()
        count += len(i)
    # a batch with padding on either side must give the same rows
    E = [tok.encode(x).ids for x in TEXTS]
    n = max(map(len, E))
    single = [run([i], [[1] * len(i)])[0] for i in E]
    right = run([i + [0] * (n - len(i)) for i in E], [[1] * len(i) + [0] * (n - len(i)) for i in E])
    left = run([[0] * (n - len(i)) + i for i in E], [[0] * (n - len(i)) + [1] * len(i) for i in E])
    dr = max(np.abs(right[j, :len(i)] - single[j]).max() for j, i in enumerate(E))
    dl = max(np.abs(left[j, n - len(i):] - single[j]).max() for j, i in enumerate(E))
    print(f'{name}: largest logit difference from PyTorch {worst:.5f}, KL {divergence / count:.6f}, left padding {dl:.6f}, right padding {dr:.6f}')
    assert dl < 1e-3 and dr < 1e-3 and (logit_limit is None or worst < logit_limit)
    assert divergence / count < 0.01


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--checkpoint', required=True)
    ap.add_argument('--tokenizer', required=True, help='folder with tokenizer.json and tokenizer_config.json')
    ap.add_argument('--out', required=True)
    a = ap.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(0)
    os.makedirs(os.path.join(a.out, 'onnx'), exist_ok=True)
    m = LM().eval()
    m.load_state_dict(torch.load(a.checkpoint)['model'])
    ids = torch.randint(3, CONFIG['vocab_size'], (2, 11))
    mask = torch.ones_like(ids)
    mask[1, 8:] = 0
    full, path = os.path.join(a.out, 'onnx', 'fp32.onnx'), os.path.join(a.out, 'onnx', 'model.onnx')
    axes = {k: {0: 'batch', 1: 'sequence'} for k in ('input_ids', 'attention_mask', 'logits')}
    torch.onnx.export(Wrap(m).eval(), (ids, mask), full, input_names=['input_ids', 'attention_mask'], output_names=['logits'],
                      dynamic_axes=axes, opset_version=17, dynamo=False, do_constant_folding=True)
    onnx.save(shrink(onnx.load(full)), path)
    with open(os.path.join(a.out, 'config.json'), 'w') as f:
        json.dump({'_name_or_path': 'layerscope-embed', **CONFIG, 'quantization': 'int8 weights, one scale per output channel, float32 arithmetic'}, f, indent=1)
        f.write('\n')
    for name in ('tokenizer.json', 'tokenizer_config.json'):
        if os.path.abspath(a.tokenizer) != os.path.abspath(a.out):
            shutil.copyfile(os.path.join(a.tokenizer, name), os.path.join(a.out, name))
    tok = Tokenizer.from_file(os.path.join(a.out, 'tokenizer.json'))
    check(m, full, tok, 'float32', 1e-3)
    check(m, path, tok, 'int8')
    os.remove(full)
    from transformers import LlamaConfig, LlamaForCausalLM
    hf = LlamaForCausalLM(LlamaConfig(**{k: v for k, v in CONFIG.items() if k not in ('architectures', 'model_type', 'torch_dtype')})).eval()
    hf.load_state_dict(m.state_dict(), strict=False)
    i = torch.tensor([tok.encode(TEXTS[0]).ids])
    with torch.inference_mode():
        print('transformers Llama against model.py: largest difference', (hf(i).logits - m(i)).abs().max().item())
    for root, _, files in os.walk(a.out):
        for name in files:
            p = os.path.join(root, name)
            print(os.path.relpath(p, a.out), os.path.getsize(p))


if __name__ == '__main__':
    main()
