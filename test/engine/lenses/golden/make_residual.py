"""Residuals of scikit-learn's LinearRegression on made-up data, fitted on some rows. usage: make_residual.py > residual.json"""
import json
import numpy as np
import sklearn
from sklearn.linear_model import LinearRegression

rng = np.random.default_rng(11)
n, d, p = 30, 4, 3
s = np.round(rng.normal(size=(n, p)), 3)
s[:, 2] = 2 * s[:, 0] - s[:, 1]  # follows from the others
x = np.round(rng.normal(size=(n, d)) + s[:, :1] * 2, 4).astype(np.float32).astype(float)
train = [i for i in range(n) if i % 4]
m = LinearRegression().fit(s[train], x[train])
print(json.dumps(dict(made_with=dict(numpy=np.__version__, sklearn=sklearn.__version__), x=x.tolist(), s=s.tolist(), train=train, residual=(x - m.predict(s)).tolist())))
