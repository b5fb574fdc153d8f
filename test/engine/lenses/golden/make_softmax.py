"""Multinomial logistic regression of scikit-learn on made-up data. usage: make_softmax.py > softmax.json"""
import json
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score

rng = np.random.default_rng(3)
n, d = 45, 6
y = np.arange(n) % 3
x = np.round(rng.normal(size=(n, d)) + np.eye(3, d)[y] * 1.2, 4).astype(np.float32).astype(float)
m = LogisticRegression(C=0.7, tol=1e-12, max_iter=10000).fit(x, y)
p = m.predict_proba(x)
lp = m.predict_log_proba(x)
auc = np.mean([roc_auc_score(y == k, lp[:, k]) for k in range(3)])
print(json.dumps(dict(made_with=dict(numpy=np.__version__, sklearn=sklearn.__version__), x=x.tolist(), y=y.tolist(), c=0.7, coef=m.coef_.tolist(), intercept=m.intercept_.tolist(),
    log_proba=lp.tolist(), accuracy=accuracy_score(y, m.predict(x)), f1=f1_score(y, m.predict(x), average="macro"), auroc=auc, bits=log_loss(y, p) / np.log(2))))
