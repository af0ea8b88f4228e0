"""The exported tokenizer encodes and decodes as the program does; arguments: as run.py gives them."""

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

_, _, tokenizer_folder, folder, binary = sys.argv[1:6]
from transformers import AutoTokenizer

import cases

tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)

plain = [
    "", " ", "  ", "\n", "\t\t", "   leading", "trailing   ", "a  b   c    d", "line\r\nline\r\r\n\n\n end", "\u00a0nbsp\u2003em\u3000wide\u180emvs\u0085nel",
    "Hello, world!", "I'm you're they'll we've he'd it's DON'T CAN'T I'M", "3.14159 and 1,234,567 and 2^10", "½ ² Ⅷ ٣ 四 १२३",
    "naïve café résumé e\u0301 \u212b", "Ünïcödé Straße ẞ", "Привет, как дела?", "你好，世界。", "こんにちは世界", "안녕하세요", "مرحبا بالعالم", "שלום", "नमस्ते दुनिया", "ไทย",
    "😀👩‍👩‍👧‍👦🏳️‍🌈👍🏽", "\U0001d49c\U00010348\U000e0041", "a\u200bb\u200dc\ufeffd", "\x00\x01\x1f\x7f", "\u0000",
    "def f(x):\n    return [i**2 for i in range(x) if i % 2]\n\n\tprint(f'{f(3)!r}')\n", "<html><body class=\"x\">&amp;</body></html>", '{"a": [1, 2.5e-3, null, true]}',
    "SELECT * FROM t WHERE a<>b -- c", "$\\int_0^\\infty e^{-x^2}dx$", "https://example.org/a/b?c=d&e=%20#f", "!!!???...---___===", "x" * 500, " " * 100, "ab " * 200,
    "antidisestablishmentarianism supercalifragilistic", "\ud7ff\ue000\uffff",
]
special = [
    "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", "<|im_start|><|im_start|>", "a<|endoftext|>b", "<|im_start", " <|im_end|> ", "<repo_name>x<reponame><file_sep>", "<|unknown|>",
]
texts = plain + special
# Random text of every plane, the same each time. Without characters that are younger than Unicode 14: what one library knows as a
# letter is unassigned to another.
for seed in range(200):
    points = [int(v) for v in cases.numbers(seed, 40, 0, [128, 0x250, 0x3000, 0x110000][seed % 4])]
    texts.append("".join(chr(p) for p in points if unicodedata.category(chr(p)) not in ("Cn", "Cs")))

folder = Path(folder)
(folder / "texts.lua").write_text("return " + cases.lua([list(text.encode()) for text in texts]))
(folder / "tokenizer.lua").write_text(
    """
local service = rlhf.ServiceClient{}
local tok = service:create_sampling_client{ base_model = "%s" }:get_tokenizer()
local file = assert(io.open(arg[2], "w"))
for _, bytes in ipairs(dofile(arg[1])) do
  local parts = {}
  for i, byte in ipairs(bytes) do parts[i] = string.char(byte) end
  local text = table.concat(parts)
  local special, plain = tok:encode(text, { parse_special = true }), tok:encode(text)
  local decoded = { string.byte(tok:decode(special), 1, -1) }
  file:write("[[", table.concat(special, ","), "],[", table.concat(plain, ","), "],[", table.concat(decoded, ","), "]]\\n")
end
file:close()
"""
    % sys.argv[2]
)
subprocess.run([binary, folder / "tokenizer.lua", folder / "texts.lua", folder / "tokens.jsonl"], check=True, capture_output=True)

problems = {"encode": [], "encode plain": [], "decode": []}
for text, line in zip(texts, (folder / "tokens.jsonl").read_text().splitlines(), strict=True):
    ours, ours_plain, decoded = json.loads(line)
    theirs = tokenizer.encode(text, add_special_tokens=False)
    if theirs != ours:
        problems["encode"].append(f"{text!r:.60} {theirs[:12]} {ours[:12]}")
    if (plain := tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)) != ours_plain:
        problems["encode plain"].append(f"{text!r:.60} {plain[:12]} {ours_plain[:12]}")
    if (words := tokenizer.decode(theirs)) != bytes(decoded).decode():
        problems["decode"].append(f"{text!r:.60} {words!r:.60} {bytes(decoded)!r:.60}")
for name, failed in problems.items():
    print(f"check tokenizer: {name}".replace(": ", " ") + (f": {len(failed)} of {len(texts)} texts, first {failed[0]}" if failed else ""))

rendered = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True)
right = rendered.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n") and tokenizer.eos_token == "<|im_end|>"
print("check tokenizer chat template" + ("" if right else f": {rendered!r}"))

import tinker

named = tinker.ServiceClient().create_lora_training_client(base_model=sys.argv[2], rank=4).result().get_tokenizer()
same = named.encode(special[0]) == tokenizer.encode(special[0])
print("check tokenizer named by the server" + ("" if same else ": another one"), flush=True)
os._exit(0)
