"""Poolings of sentence-transformers, V-measures of scikit-learn, normal tails of SciPy. usage: make_pooling.py > pooling.json"""
import json
import numpy as np
import scipy
from scipy.stats import norm
import sklearn
from sklearn.metrics import v_measure_score
import torch
import sentence_transformers
from sentence_transformers.models import Pooling

torch.set_num_threads(1)
rng = np.random.default_rng(5)
tokens = np.round(rng.normal(size=(3, 6, 4)), 3).astype(np.float32)
lengths = [6, 4, 1]
mask = torch.tensor([[1] * n + [0] * (6 - n) for n in lengths])
pooled = {}
for mode in ["cls", "mean", "max", "weightedmean", "lasttoken"]:
    out = Pooling(4, pooling_mode=mode)({"token_embeddings": torch.tensor(tokens), "attention_mask": mask})
    pooled[mode] = out["sentence_embedding"].tolist()
v = []
for k in (2, 3):
    truth, found = rng.integers(0, 2, 40), rng.integers(0, k, 40)
    found[:20] = truth[:20]
    v.append(dict(truth=truth.tolist(), found=found.tolist(), value=v_measure_score(truth, found)))
v.append(dict(truth=[0, 0, 1, 1], found=[0, 0, 0, 0], value=v_measure_score([0, 0, 1, 1], [0, 0, 0, 0])))
print(json.dumps(dict(made_with=dict(sentence_transformers=sentence_transformers.__version__, sklearn=sklearn.__version__, scipy=scipy.__version__),
    tokens=tokens.tolist(), lengths=lengths, pooled=pooled, v=v, p=[dict(z=z, p=2 * norm.sf(abs(z))) for z in (0, 0.3, -1, 1.96, 4)])))
