"""Is any text of a folder of data sets, or a near-duplicate of one, in the training text?

    python check_overlap.py --texts WORK/texts.jsonl --data DATA      (exit code 1 on any hit)

Near-duplicates are found with MinHash: every text becomes the set of its 5-character pieces
(lower case, letters and digits only), 128 minimum hashes summarise the set, 32 bands of 4 hashes
name the candidates, and the candidates' Jaccard similarity is then computed exactly. A hit is a
similarity of 0.7 or more, or a data row of five words or more that stands whole inside a training
text. make_text.py drops rows with the same code at 0.6, so that the check has a margin.
"""
import argparse
import collections
import csv
import gzip
import io
import json
import os
import re
import sys
import zlib

import numpy as np

PERMUTATIONS, BANDS = 128, 32
PRIME = (1 << 31) - 1
_rng = np.random.default_rng(7)
_a = _rng.integers(1, PRIME, PERMUTATIONS, dtype=np.int64)
_b = _rng.integers(0, PRIME, PERMUTATIONS, dtype=np.int64)


def normal(text):
    return ' '.join(re.findall(r'[a-z0-9]+', text.lower().replace("'", '').replace('\u2019', '')))


def pieces(norm):
    return {norm[i:i + 5] for i in range(max(1, len(norm) - 4))}


def signature(shingles):
    h = np.fromiter((zlib.crc32(s.encode()) % PRIME for s in shingles), dtype=np.int64, count=len(shingles))
    return ((h[:, None] * _a + _b) % PRIME).min(0)


def strings(x):
    if isinstance(x, str):
        yield x
    elif isinstance(x, dict):
        for v in x.values():
            yield from strings(v)
    elif isinstance(x, (list, tuple)):
        for v in x:
            yield from strings(v)


def read(path):
    """Every string of a file: values of JSON and JSON lines, cells of tables, lines and paragraphs of anything else."""
    with open(path, 'rb') as f:
        raw = f.read()
    if raw[:2] == b'\x1f\x8b':
        raw = gzip.decompress(raw)
    if raw[:4] == b'PAR1':
        import pyarrow.parquet
        yield from strings(pyarrow.parquet.read_table(io.BytesIO(raw)).to_pylist())
        return
    for code in ('utf-16',) if raw[:2] in (b'\xff\xfe', b'\xfe\xff') else ('utf-8-sig', 'latin-1'):
        try:
            text = raw.decode(code)
            break
        except UnicodeDecodeError:
            continue
    try:
        yield from strings(json.loads(text))
        return
    except ValueError:
        pass
    csv.field_size_limit(1 << 30)
    comma = '\t' if '\t' in text.split('\n', 1)[0] else ';' if ';' in text.split('\n', 1)[0] else ','
    if path.endswith(('.csv', '.tsv')):
        yield from strings(list(csv.reader(io.StringIO(text.replace('\0', '')), delimiter=comma)))
    else:
        for line in text.split('\n'):
            try:
                yield from strings(json.loads(line))
            except ValueError:
                yield line
        yield from re.split(r'\n\s*\n', text)


def data_rows(folder, smallest=12, largest=4000):
    """Normalised strings of all files of a folder -> where each was seen; unreadable files are named."""
    rows, bad, files = {}, [], 0
    for root, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = os.path.join(root, name)
            if name.endswith(('.safetensors', '.py')) or name in ('published-aqi.json',):
                continue
            files += 1
            try:
                for s in read(path):
                    n = normal(s[:largest])
                    if len(n) >= smallest and ' ' in n:
                        rows.setdefault(n, os.path.relpath(path, folder))
            except Exception as e:
                bad.append(f'{os.path.relpath(path, folder)}: {type(e).__name__}')
    return rows, bad, files


class Index:
    def __init__(self, rows):
        self.rows = list(rows)
        self.sets = [pieces(n) for n in self.rows]
        self.bands = [collections.defaultdict(list) for _ in range(BANDS)]
        for i, s in enumerate(self.sets):
            for band, key in zip(self.bands, self._keys(s)):
                band[key].append(i)
        self.words = collections.defaultdict(list)   # for containment: rows by their first three words
        for i, n in enumerate(self.rows):
            w = n.split()
            if len(w) >= 5:
                self.words[tuple(w[:3])].append(i)

    @staticmethod
    def _keys(shingles):
        return [k.tobytes() for k in signature(shingles).reshape(BANDS, -1)]

    def nearest(self, text):
        """(similarity, row, candidates) of the most similar row among the MinHash candidates; containment counts as 1."""
        n = normal(text)
        if not n:
            return 0.0, None, 0
        w = n.split()
        for i in range(len(w) - 4):
            for j in self.words.get(tuple(w[i:i + 3]), ()):
                if (' ' + self.rows[j] + ' ') in (' ' + n + ' '):
                    return 1.0, self.rows[j], 1
        s = pieces(n)
        found = {i for band, key in zip(self.bands, self._keys(s)) for i in band.get(key, ())}
        best = max(((len(s & self.sets[i]) / len(s | self.sets[i]), i) for i in found), default=(0.0, None))
        return best[0], None if best[1] is None else self.rows[best[1]], len(found)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--texts', required=True, help='training text, JSON lines with text and for answers prompt')
    ap.add_argument('--data', required=True, help='folder of data sets that must not occur in it')
    ap.add_argument('--threshold', type=float, default=0.7)
    a = ap.parse_args()
    rows, bad, files = data_rows(a.data)
    print(f'data: {files} files, {len(rows)} distinct strings' + (f'; not readable: {", ".join(bad)}' if bad else ''))
    index, count, candidates, hits, steps = Index(rows), 0, 0, 0, collections.Counter()
    with open(a.texts, encoding='utf-8') as f:
        for line in f:
            r = json.loads(line)
            for text in {r['text'], r.get('prompt', r['text'])}:
                similarity, row, n = index.nearest(text)
                count, candidates = count + 1, candidates + n
                steps[int(similarity * 10) / 10] += 1
                if similarity >= a.threshold:
                    hits += 1
                    print(f'HIT {similarity:.2f} {text!r} ~ {row!r} ({rows[row]})')
    print(f'training text: {count} strings; {candidates} candidate pairs; nearest row by similarity: ' + ', '.join(f'{k:.1f}: {v}' for k, v in sorted(steps.items())))
    print(f'hits at {a.threshold} or more: {hits}')
    sys.exit(1 if hits else 0)


if __name__ == '__main__':
    main()
