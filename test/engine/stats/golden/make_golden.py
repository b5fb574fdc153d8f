"""Numbers of scikit-learn and SciPy on made-up data. usage: make_golden.py > reference.json"""
import json
import numpy as np
import scipy, sklearn
from scipy.optimize import nnls
from sklearn.covariance import ledoit_wolf
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, calinski_harabasz_score, davies_bouldin_score, f1_score, roc_auc_score, silhouette_score
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(7)
n, d = 60, 8
y = (np.arange(n) % 3 == 0).astype(int)
x = np.round(rng.normal(size=(n, d)) * np.logspace(0, 2, d) + y[:, None] * 0.6, 4).astype(np.float32).astype(float)
s = np.round(rng.normal(size=n) + y, 1)  # rounded: ties
c = [x[y == k].mean(0) for k in (0, 1)]
within = sum(((x[y == k] - c[k]) ** 2).sum() for k in (0, 1))
centred = x - x.mean(0)
wide = rng.normal(size=(12, 40))
wide -= wide.mean(0)
scaled = StandardScaler().fit_transform(x)
logistic = LogisticRegression(C=1.0, tol=1e-10, max_iter=10000).fit(scaled, y)
a = np.round(rng.normal(size=(15, 6)), 3)
b = np.round(rng.normal(size=15), 3)
texts = ["The cat sat on the mat, the cat!", "A dog's day out", "naïve café über_alles 42", "the dog sat", "on and on and on", "İstanbul 3rd x y zz", "cat dog mat", "mat mat mat the"]
labels = [0, 1, 1, 0, 1, 0, 0, 1]
vectoriser = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(texts[:6])
train = vectoriser.transform(texts[:6])
words = LogisticRegression(C=10, tol=1e-10, max_iter=10000).fit(train, labels[:6])
print(json.dumps(dict(
    made_with=dict(numpy=np.__version__, scipy=scipy.__version__, sklearn=sklearn.__version__),
    indices=dict(x=x.tolist(), y=y.tolist(), chi=calinski_harabasz_score(x, y), dbi=davies_bouldin_score(x, y), silhouette=silhouette_score(x, y), xbi=within / (n * ((c[0] - c[1]) ** 2).sum())),
    auc=dict(score=s.tolist(), auroc=roc_auc_score(y, s), accuracy=accuracy_score(y, s > 0), f1=f1_score(y, s > 0)),
    ledoit_wolf=dict(tall=ledoit_wolf(centred, assume_centered=True)[1], wide_x=wide.tolist(), wide=ledoit_wolf(wide, assume_centered=True)[1]),
    logistic=dict(coef=logistic.coef_[0].tolist(), intercept=float(logistic.intercept_[0]), decision=logistic.decision_function(scaled).tolist()),
    nnls=dict(a=a.tolist(), b=b.tolist(), x=nnls(a, b)[0].tolist()),
    tfidf=dict(texts=texts, labels=labels, terms=len(vectoriser.vocabulary_), dense_norms=np.asarray(np.sqrt(vectoriser.transform(texts).multiply(vectoriser.transform(texts)).sum(1))).ravel().tolist(),
               gram=(vectoriser.transform(texts) @ train.T).toarray().tolist(), decision=words.decision_function(vectoriser.transform(texts)).tolist()),
), indent=None))
