# Helpers shared by the scripts; to be sourced.

# Some containers and services start without it.
: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
export HOME

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

# Puts a toolchain that swiftly installed on the PATH; shells do that only after their next start.
use_swiftly() {
    local environment="${SWIFTLY_HOME_DIR:-$HOME/.local/share/swiftly}/env.sh"
    if ! have swift && [[ -f $environment ]]; then source "$environment"; fi
}

# Builds the command if a source is newer than the last build, and sets `binary`. Says nothing when there is nothing to do.
build() {
    local stamp="$root/.build/rlhf-repl.stamp"
    binary="$root/.build/release/rlhf-repl"
    if [[ -x $binary && -f $stamp && -z $(find "$root/Sources" "$root/Package.swift" -newer "$stamp" -print -quit) ]]; then
        return
    fi
    say "Building; the first time takes some minutes ..."
    use_swiftly
    # A source that changes during the build has to be newer than the stamp.
    mkdir -p "$root/.build"
    touch "$stamp.new"
    swift build --package-path "$root" -c release --product rlhf-repl >&2 || die "the build failed; see above"
    mv "$stamp.new" "$stamp"
}

# same_metrics FOLDER OTHER: the stages of two runs of the tutorial have the same metrics but for times, bit for bit.
same_metrics() {
    local file stage
    for file in "$1"/*/metrics.jsonl; do
        stage=$(basename "$(dirname "$file")")
        diff <(sed -E 's/"time\/[^,}]*,?//g' "$file") <(sed -E 's/"time\/[^,}]*,?//g' "$2/$stage/metrics.jsonl") >&2 ||
            die "$stage: the metrics differ"
        say "$stage: $(wc -l <"$file") rows are equal"
    done
}
