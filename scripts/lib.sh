# Helpers shared by the scripts; to be sourced.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
store="${RLHF_REPL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rlhf-repl}/models"
model_file=SmolLM2-135M-Instruct.Q4_1.gguf

say() { printf '%s\n' "$*" >&2; }

# die MESSAGE [LINE...]: says what went wrong and what to do, then stops.
die() {
    say "${0##*/}: $1"
    shift
    for line in "$@"; do say "  $line"; done
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }
