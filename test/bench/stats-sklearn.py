"""Plain per-layer probes with scikit-learn on states written by stats.mjs: StandardScaler and LogisticRegression(max_iter=1000), 5 folds.

Arguments: file of float32 states [layers, rows, width], rows, layers, width. Labels alternate. Prints CPU and wall milliseconds.
"""
import sys
import time

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

path, rows, layers, width = sys.argv[1], *map(int, sys.argv[2:5])
states = np.fromfile(path, np.float32).reshape(layers, rows, width)
label = np.arange(rows) % 2
cpu, wall = time.process_time(), time.perf_counter()
for x in states:
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(x, label):
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(x[train], label[train]).decision_function(x[test])
print(f"{1000 * (time.process_time() - cpu):.0f} {1000 * (time.perf_counter() - wall):.0f}")
