"""Chat templates in the manner of model families, written for this test, and what transformers makes of them (templates.json).
Run: python make_templates.py [folder of a tokenizer with a chat template]; needs transformers, tokenizers."""
import json
import sys
from pathlib import Path

from tokenizers import Tokenizer, models
from transformers import AutoTokenizer, PreTrainedTokenizerFast

HERE = Path(__file__).parent

TEMPLATES = {
    "chatml": ("{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
               "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"),
    "chatml-default-system": """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
    {%- set rest = messages[1:] %}
{%- else %}
    {{- '<|im_start|>system\nYou answer briefly.<|im_end|>\n' }}
    {%- set rest = messages %}
{%- endif %}
{%- for m in rest %}
    {%- if m.role in ['user', 'assistant'] %}
        {{- '<|im_start|>' ~ m.role ~ '\n' ~ m.content ~ '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
""",
    "llama2": """{% if messages[0]['role'] == 'system' %}{% set turns = messages[1:] %}{% set system = messages[0]['content'] %}{% else %}{% set turns = messages %}{% set system = false %}{% endif %}
{%- for m in turns -%}
{%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) -%}{{ raise_exception('Turns have to alternate: user, assistant, user') }}{%- endif -%}
{%- if loop.index0 == 0 and system != false -%}{% set words = '<<SYS>>\n' + system + '\n<</SYS>>\n\n' + m['content'] %}{%- else -%}{% set words = m['content'] %}{%- endif -%}
{%- if m['role'] == 'user' -%}{{ bos_token + '[INST] ' + words.strip() + ' [/INST]' }}
{%- elif m['role'] == 'assistant' -%}{{ ' ' + words.strip() + ' ' + eos_token }}{%- endif -%}
{%- endfor -%}""",
    "llama3": """{{- bos_token }}
{%- for m in messages %}
    {{- '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' + m['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}
""",
    "mistral": """{{ bos_token }}{% set ns = namespace(system='') %}{% for m in messages %}{% if m.role == 'system' %}{% set ns.system = m.content %}{% elif m.role == 'user' %}{{ '[INST] ' + (ns.system + '\n\n' if loop.last and ns.system else '') + m.content + ' [/INST]' }}{% else %}{{ ' ' + m.content | trim + eos_token }}{% endif %}{% endfor %}""",
    "gemma": """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('There is no system role') }}{% endif %}
{%- for m in messages %}{% if m['role'] == 'assistant' %}{% set role = 'model' %}{% else %}{% set role = m['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + m['content'] | trim + '<end_of_turn>\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}""",
    "phi3": "{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content + '<|end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}",
    "zephyr": """{% for m in messages %}
{% if m['role'] == 'user' %}
{{ '<|user|>\n' + m['content'] + eos_token }}
{% elif m['role'] == 'system' %}
{{ '<|system|>\n' + m['content'] + eos_token }}
{% elif m['role'] == 'assistant' %}
{{ '<|assistant|>\n'  + m['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}""",
    "qwen-tools": """{%- if tools %}
    {{- '<|im_start|>system\n# Tools\n' }}
    {%- for tool in tools %}{{- tool | tojson }}{%- endfor %}
{%- elif messages[0].role == 'system' %}
    {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
{%- endif %}
{%- set ns = namespace(last=messages|length - 1) %}
{%- for m in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if m.role == 'user' and m.content is string and not (m.content.startswith('<tool>') and m.content.endswith('</tool>')) and ns.last == messages|length - 1 %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for m in messages %}
    {%- if m.role == 'user' or (m.role == 'system' and not loop.first) %}
        {{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>' + '\n' }}
    {%- elif m.role == 'assistant' %}
        {%- set words = m.content %}
        {%- if '</think>' in words %}
            {%- set words = words.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {{- '<|im_start|>' + m.role + '\n' + ('<think>\n\n</think>\n\n' if loop.index0 > ns.last else '') + words + '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %}""",
    "deepseek": """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(system='', first=true) %}
{%- for m in messages %}{%- if m['role'] == 'system' %}{%- if ns.first %}{% set ns.system = ns.system + m['content'] %}{% set ns.first = false %}{%- else %}{% set ns.system = ns.system + '\n\n' + m['content'] %}{%- endif %}{%- endif %}{%- endfor %}
{{- bos_token }}{{ ns.system }}
{%- for m in messages %}{%- if m['role'] == 'user' %}{{ '<｜User｜>' + m['content'] }}{%- endif %}{%- if m['role'] == 'assistant' %}{{ '<｜Assistant｜>' + m['content'] + eos_token }}{%- endif %}{%- endfor -%}
{% if add_generation_prompt %}{{ '<｜Assistant｜>' }}{% endif %}""",
    "cohere": """{{ bos_token }}{% macro turn(who, words) %}<|START_OF_TURN_TOKEN|><|{{ who }}_TOKEN|>{{ words }}<|END_OF_TURN_TOKEN|>{% endmacro %}
{%- set names = {'user': 'USER', 'assistant': 'CHATBOT', 'system': 'SYSTEM'} %}
{%- for m in messages %}{{ turn(names[m.role], m.content | trim) }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}{% endif %}""",
    "granite": """{%- for m in messages %}
{{- '<|start_of_role|>' ~ m['role'] ~ '<|end_of_role|>' ~ m['content'] ~ '<|end_of_text|>\n' }}
{%- if loop.last and add_generation_prompt %}{{- '<|start_of_role|>assistant<|end_of_role|>' }}{%- endif %}
{%- endfor %}""",
    "vicuna": """{% set sep = ' ' %}{% for m in messages %}{% if m.role == 'system' %}{{ m.content + sep }}{% elif m.role == 'user' %}{{ 'USER: ' + m.content + sep }}{% else %}{{ 'ASSISTANT: ' + m.content + eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}""",
}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}

U1, A1, U2, A2, S = "How do I bake bread?", "  Mix, wait, bake.\n", "And \"rye\" — 黒パン?", "<think>\nrye…\n</think>\n\nUse sour dough.", "You are kind."
CASES = [
    [("user", U1)],
    [("system", S), ("user", U1)],
    [("user", U1), ("assistant", A1)],
    [("system", S), ("user", U1), ("assistant", A1), ("user", U2)],
    [("user", U1), ("assistant", A1), ("user", U2), ("assistant", A2)],
    [("user", ""), ("assistant", "ok")],
]


def messages(case):
    return [{"role": role, "content": content} for role, content in case]


def main():
    blank = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), **TOKENS)
    families = []
    for name, template in TEMPLATES.items():
        cases = []
        for case in CASES:
            generation = case[-1][0] != "assistant"
            try:
                text = blank.apply_chat_template(messages(case), chat_template=template, tokenize=False, add_generation_prompt=generation)
            except Exception as error:
                text = None
                print(name, "refuses", [role for role, _ in case], type(error).__name__)
            cases.append({"messages": messages(case), "generation": generation, "text": text})
        families.append({"name": name, "template": template, "tokens": TOKENS, "cases": cases})
    real = None
    if len(sys.argv) > 1:
        tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
        real = []
        for case in CASES:
            generation = case[-1][0] != "assistant"
            kwargs = {"add_generation_prompt": generation}
            ids = tokenizer.apply_chat_template(messages(case), tokenize=True, return_dict=False, **kwargs)
            real.append({"messages": messages(case), "generation": generation, "text": tokenizer.apply_chat_template(messages(case), tokenize=False, **kwargs), "ids": list(ids)})
    (HERE / "templates.json").write_text(json.dumps({"families": families, "smollm2": real}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


main()
