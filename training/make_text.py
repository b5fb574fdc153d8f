"""Put the training text together: sentences from lexicon.py, WordNet, and the teacher's samples.

    python make_text.py --wordnet WORDNET --sampled WORK/sampled.jsonl --avoid DATA --out WORK/texts.jsonl

Writes JSON lines {kind, text[, prompt]}. Every text too close to a string of --avoid is dropped;
this is the only thing those files are read for (see check_overlap.py).
"""
import argparse
import collections
import json
import random
import re

import lexicon
from check_overlap import Index, data_rows

# WordNet's lexicographer files: acts, animals, artefacts, body, communication, feelings, food, groups, people, states, substances; verbs of
# body, change, communication, competition, consumption, contact, creation, motion, possession, social life
NOUNS, VERBS = [4, 5, 6, 6, 7, 10, 11, 12, 13, 14, 18, 18, 26, 27], [29, 30, 32, 33, 34, 35, 36, 38, 40, 41, 41]
FRAMES = ['What is {n}?', 'How do I {v} a {n}?', 'Tell me about {n}.', 'Is {n} dangerous?', 'Why would anyone {v} a {n}?', 'Where can I buy {n}?',
          'My friend was talking about {n}.', 'Is it wrong to {v}?', 'How can I stop a {n}?', 'The {n} made me feel so happy.', 'He was sad because of the {n}.',
          'Write a story about a {n} that wants to {v}.', 'Give me instructions to {v} a {n}.', 'Explain how people {v} with a {n}.', 'Can you help me {v} the {n}?',
          'Write an article about {n} and {m}.', 'Is it legal to {v} {n}?', 'How do I protect myself from {n}?', 'Make a plan to {v} every {n} in town.']


def wordnet(folder):
    words, entries = collections.defaultdict(list), []
    for pos in ('noun', 'verb', 'adj', 'adv'):
        with open(f'{folder}/data.{pos}', encoding='utf-8', errors='ignore') as f:
            for line in f:
                if line.startswith('  ') or ' | ' not in line:
                    continue
                left, gloss = line.split(' | ', 1)
                field = left.split()
                names = [field[4 + 2 * i].split('(')[0].replace('_', ' ') for i in range(int(field[3], 16))]
                parts = [p.strip() for p in re.split(r';\s*(?=")', gloss.strip())]
                words[int(field[1])] += [w for w in names if w.islower() or ' ' not in w][:2]
                entries.append((names[0], parts[0], [p.strip('"; ') for p in parts[1:]]))
    return words, entries


def cut(text):
    """A text that stopped in mid-sentence is cut after its last whole one, if it has one."""
    if re.search(r'[.?!]["\')]?$', text):
        return text
    return (re.match(r'(?s).*[.?!]["\')]?(?=\s)', text) or re.match(r'(?s).*', text)).group(0)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--wordnet', required=True, help='folder with data.noun and so on (Debian package wordnet-base)')
    ap.add_argument('--sampled', required=True, nargs='+')
    ap.add_argument('--avoid', required=True)
    ap.add_argument('--out', required=True)
    ap.add_argument('--sentences', type=int, default=20000)
    ap.add_argument('--wordnet-frames', type=int, default=9000)
    ap.add_argument('--glosses', type=int, default=9000)
    ap.add_argument('--seed', type=int, default=23)
    a = ap.parse_args()
    r, rows, seen = random.Random(a.seed), [], set()

    def add(kind, text, **more):
        text = text.strip() if kind == 'reply' else re.sub(r'\s+', ' ', text).strip()
        if len(text) > 8 and text not in seen:
            seen.add(text)
            rows.append(dict(kind=kind, text=text, **more))

    while len(rows) < a.sentences:
        add('frame', lexicon.sentence(r))
    words, entries = wordnet(a.wordnet)
    while len(rows) < a.sentences + a.wordnet_frames:
        n, m, v = r.choice(words[r.choice(NOUNS)]), r.choice(words[r.choice(NOUNS)]), r.choice(words[r.choice(VERBS)])
        add('frame', r.choice(FRAMES).format(n=n, m=m, v=v))
    r.shuffle(entries)
    taken = 0
    for word, gloss, examples in entries:
        if taken < a.glosses and 12 < len(gloss) < 130:
            add('gloss', r.choice([f'{word}: {gloss}.', f'{word} means {gloss}.', f'{gloss}.'.capitalize()]))
            taken += 1
        else:  # for the next-token loss only
            add('entry', f'{word}: {gloss}. ' + ' '.join(f'{e}.' for e in examples))
        for e in examples[:1]:
            if r.random() < .2:
                add('example', e[:1].upper() + e[1:] + '.')
    for path in a.sampled:
        with open(path, encoding='utf-8') as f:
            for line in f:
                s = json.loads(line)
                if s['kind'] == 'reply':
                    add('reply', s['text'] if s['done'] else cut(s['text']), prompt=s['prompt'])
                else:  # the first line of a prompt; what follows is mostly the teacher answering itself
                    text = s['text'].split('\n')[0]
                    add('prompt', text if s['done'] and text == s['text'] else cut(text))
    index, kept, dropped = Index(data_rows(a.avoid)[0]), [], collections.Counter()
    for row in rows:
        if max(index.nearest(t)[0] for t in {row['text'], row.get('prompt', row['text'])}) >= 0.6:
            dropped[row['kind']] += 1
        else:
            kept.append(row)
    r.shuffle(kept)
    with open(a.out, 'w', encoding='utf-8') as f:
        for row in kept:
            f.write(json.dumps(row, ensure_ascii=False) + '\n')
    print('kept', dict(collections.Counter(x['kind'] for x in kept)), 'dropped as close to a data row', dict(dropped))


if __name__ == '__main__':
    main()
