"""Byte-level BPE of 8192 tokens (single digits, GPT-2's pattern) that puts <|endoftext|> first.

    python make_tokenizer.py --texts WORK/texts.jsonl --out FOLDER

Only needed for a model from scratch: going on from existing weights means keeping their tokenizer.
"""
import argparse
import json
import os

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SPECIAL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
TEMPLATE = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--texts', required=True)
    ap.add_argument('--out', required=True)
    ap.add_argument('--vocab', type=int, default=8192)
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    t.decoder = decoders.ByteLevel()

    def texts():  # prompts and answers count more than dictionary entries
        with open(a.texts, encoding='utf-8') as f:
            for line in f:
                r = json.loads(line)
                for _ in range({'prompt': 5, 'frame': 2, 'reply': 4, 'example': 2, 'entry': int(len(r['text']) % 8 == 0)}.get(r['kind'], 1)):
                    yield r['text']

    t.train_from_iterator(texts(), trainers.BpeTrainer(vocab_size=a.vocab, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    t.post_processor = processors.TemplateProcessing(single='<|endoftext|> $A', pair='<|endoftext|> $A $B', special_tokens=[('<|endoftext|>', 0)])
    t.save(os.path.join(a.out, 'tokenizer.json'))
    with open(os.path.join(a.out, 'tokenizer_config.json'), 'w', encoding='utf-8') as f:
        json.dump(dict(tokenizer_class='PreTrainedTokenizerFast', bos_token=SPECIAL[0], eos_token=SPECIAL[0], pad_token=SPECIAL[0], unk_token=None, add_bos_token=True,
                       model_max_length=512, clean_up_tokenization_spaces=False, chat_template=TEMPLATE), f, indent=1)
    print('vocabulary', t.get_vocab_size(), t.encode('How do I bake sourdough bread at home?').tokens)


if __name__ == '__main__':
    main()
