"""The data that every SDK and the embedded engine work on, and how results are written down and compared."""

import struct


def numbers(seed, count, low, high):
    """A few reproducible numbers (the generator of Numerical Recipes)."""
    state, result = seed, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        result.append(low + (high - low) * state / 2**32)
    return result


def cases():
    """Two datums as supervised data, as RL data and with weights that are all 1; prompts; settings."""
    data = []
    for index, length in enumerate((24, 9)):
        tokens = [int(value) for value in numbers(index + 1, length + 1, 20, 2000)]
        prompt = length // 3
        answer = length - prompt
        data.append(
            {
                "tokens": tokens[:-1],
                "targets": tokens[1:],
                "weights": [0.0] * prompt + [1.0] * answer,
                "logprobs": [0.0] * prompt + [rounded(v) for v in numbers(index + 10, answer, -9, -3)],
                "advantages": [0.0] * prompt + [rounded(v) for v in numbers(index + 20, answer, -1, 1)],
            }
        )
    return {
        "data": data,
        "prompt": data[0]["tokens"][:12],
        "losses": {
            "importance_sampling": {},
            "ppo": {"clip_low_threshold": 0.7, "clip_high_threshold": 1.3},
            "cispo": {"clip_low_threshold": 0.5, "clip_high_threshold": 2.0},
            "dro": {"beta": 0.05},
        },
        "rank": 8,
        "seed": 1,
        "learning_rate": 0.001,
    }


def rounded(value):
    """The value as a float32."""
    return struct.unpack("f", struct.pack("f", value))[0]


def lua(value):
    """A value as Lua writes it."""
    match value:
        case dict():
            return "{" + ",".join(f"[{lua(k)}]={lua(v)}" for k, v in value.items()) + "}"
        case list():
            return "{" + ",".join(map(lua, value)) + "}"
        case str():
            return '"' + "".join(c if c.isalnum() else "".join(f"\\{b:03d}" for b in c.encode()) for c in value) + '"'
        case _:
            return repr(value)


def difference(found, expected, where=""):
    """The first place where two results differ as float32 print, in words; None if there is none."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            if key not in found:
                return f"{where}.{key} is missing"
            if text := difference(found[key], value, f"{where}.{key}"):
                return text
        return None
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return f"{where}: {found!r:.80} instead of {len(expected)} values"
        for index, value in enumerate(expected):
            if text := difference(found[index], value, f"{where}[{index}]"):
                return text
        return None
    if isinstance(expected, float) or isinstance(found, float):
        same = found is not None and expected is not None and rounded(found) == rounded(expected)
    else:
        same = found == expected
    return None if same else f"{where}: {found!r} instead of {expected!r}"
