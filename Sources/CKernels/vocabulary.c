// Work over whole rows of logits: one thread to a row.
#include <math.h>
#include <stdlib.h>

#include "kernels.h"
#include "variants/table.h"

typedef struct {
    long vocabulary, targets;
    const int32_t *target;
    const float *g, *logits;
    float *lse, *gradient;
    ck_draw *draws;
} vocabulary_args;

static void lse_row(void *context, long r) {
    const vocabulary_args *p = context;
    p->lse[r] = ck_active()->log_sum_exp(p->vocabulary, p->logits + r * p->vocabulary);
}

void ck_log_sum_exp(ck_pool *pool, long rows, long vocabulary, const float *logits, float *lse) {
    vocabulary_args args = {.vocabulary = vocabulary, .logits = logits, .lse = lse};
    ck_parallel(pool, rows, lse_row, &args);
}

static void gradient_row(void *context, long r) {
    const vocabulary_args *p = context;
    const float *g = p->g + r * p->targets;
    float total = 0;
    for (long k = 0; k < p->targets; k++) total += g[k];
    float *row = p->gradient + r * p->vocabulary;
    ck_active()->softmax_gradient(p->vocabulary, total, p->lse[r], row);
    for (long k = 0; k < p->targets; k++) row[p->target[r * p->targets + k]] += g[k];
}

void ck_logits_gradient(ck_pool *pool, long rows, long vocabulary, long targets, const int32_t *target, const float *g,
                        const float *lse, float *logits) {
    vocabulary_args args = {.vocabulary = vocabulary, .targets = targets, .target = target, .g = g, .lse = (float *)lse,
                            .gradient = logits};
    ck_parallel(pool, rows, gradient_row, &args);
}

// Likelier first, and the lower id among equals: a total order, so that the kept set is the same on every machine.
static bool before(const float *logits, int32_t a, int32_t b) {
    return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
}

static void sift_down(const float *logits, int32_t *heap, long n, long i) {
    for (long child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(logits, heap[child + 1], heap[child])) child++;
        if (!before(logits, heap[child], heap[i])) return;
        int32_t swapped = heap[i];
        heap[i] = heap[child];
        heap[child] = swapped;
    }
}

// What a row's distribution is drawn from. Weights are e^((logit - top) / temperature); each block of them is summed once.
typedef struct {
    const ck_variant *variant;
    long n;
    const float *logits;
    float top;  // the largest logit
    float *weights;
    double *blocks;
    int32_t *ids;
    double total;
} distribution;

static long block_count(long n) { return (n + weight_block - 1) / weight_block; }

// Walks the distribution in order of id until the mass below reaches the target.
static int32_t draw_any(const distribution *d, double target) {
    double mass = 0;
    long block = 0;
    while (block + 1 < block_count(d->n) && mass + d->blocks[block] <= target) mass += d->blocks[block++];
    int32_t last = -1;
    for (long i = block * weight_block; i < d->n; i++) {
        if (d->weights[i] <= 0) continue;
        last = (int32_t)i;
        mass += d->weights[i];
        if (mass > target) return last;
    }
    if (last >= 0) return last;
    // The last blocks hold no possible token, and rounding has carried the target into them.
    for (long i = block * weight_block; i-- > 0;)
        if (d->weights[i] > 0) return (int32_t)i;
    return -1;
}

// Collects tokens that hold all of the likeliest `count`, or all of the likeliest with this mass: those within a distance of the
// top that grows until they suffice.
static long collect(const distribution *d, float temperature, long count, double mass) {
    for (float distance = 2;; distance *= 2) {
        // At the last every token is taken, also impossible ones.
        const float limit = distance > 64 ? -INFINITY : d->top - distance * temperature;
        long found = 0;
        const double found_mass = d->variant->mass_above(d->n, d->logits, limit, d->weights, &found);
        // With a margin for sums that were rounded otherwise.
        if (found < count && !(found_mass > mass * 1.00001) && limit > -INFINITY) continue;
        long taken = 0;
        for (long i = 0; i < d->n; i++) {
            d->ids[taken] = (int32_t)i;
            taken += d->logits[i] >= limit;
        }
        return taken;
    }
}

// The tokens that top_k and then top_p leave, of whose mass the latter is a share; likeliest first, one of them is drawn.
static int32_t draw_top(const distribution *d, const ck_draw *draw) {
    const bool has_k = draw->top_k >= 1 && draw->top_k < d->n, has_p = draw->top_p < 1;
    const long most = has_k ? draw->top_k : d->n;
    // The mass of what top_k keeps is not known before all of it is.
    const double wanted = has_p && !has_k ? draw->top_p * d->total : INFINITY;
    int32_t *heap = d->ids;
    const long n = collect(d, draw->temperature, most, wanted);
    for (long i = n / 2 - 1; i >= 0; i--) sift_down(d->logits, heap, n, i);
    long kept = 0;
    double mass = 0;
    // Popped tokens collect behind the shrinking heap: the i-th likeliest ends at heap[n - 1 - i].
    while (kept < most && kept < n && (kept == 0 || mass < wanted)) {
        int32_t top = heap[0];
        heap[0] = heap[n - 1 - kept];
        heap[n - 1 - kept] = top;
        kept++;
        mass += d->weights[top];
        sift_down(d->logits, heap, n - kept, 0);
    }
    if (has_k && has_p) {
        const double share = draw->top_p * mass;
        mass = 0;
        for (long i = 0; i < kept; i++) {
            mass += d->weights[heap[n - 1 - i]];
            if (mass >= share) kept = i + 1;
        }
    }
    double target = draw->uniform * mass, below = 0;
    for (long i = 0; i < kept; i++) {
        below += d->weights[heap[n - 1 - i]];
        if (below > target) return heap[n - 1 - i];
    }
    while (kept > 1 && d->weights[heap[n - kept]] <= 0) kept--;
    return heap[n - kept];
}

static int32_t first_of(float value, long n, const float *logits) {
    long i = 0;
    while (i + 1 < n && logits[i] != value) i++;
    return (int32_t)i;
}

static void sample_row(void *context, long r) {
    const vocabulary_args *p = context;
    ck_draw *draw = &p->draws[r];
    distribution d = {.variant = ck_active(), .n = p->vocabulary, .logits = p->logits + r * p->vocabulary};
    d.top = d.variant->largest(d.n, d.logits);
    draw->token = -1;
    draw->logprob = NAN;
    const float inverse = draw->temperature > 0 ? 1 / draw->temperature : INFINITY;
    float lse;
    int32_t token = -1;
    if (isfinite(inverse)) {
        const long blocks = block_count(d.n);
        char *memory = malloc((size_t)(blocks * sizeof(double) + d.n * (sizeof(float) + sizeof(int32_t))));
        if (!memory) abort();  // some 400 kilobytes: the process is lost anyway
        d.blocks = (double *)memory;
        d.weights = (float *)(d.blocks + blocks);
        d.ids = (int32_t *)(d.weights + d.n);
        const float sum = d.variant->exp_blocks(d.n, d.logits, d.top, inverse, d.weights, d.blocks);
        for (long i = 0; i < blocks; i++) d.total += d.blocks[i];
        lse = inverse == 1 ? d.top + logf(sum) : d.variant->log_sum_exp(d.n, d.logits);
        if (isfinite(lse)) {
            const bool is_cut = draw->top_p < 1 || (draw->top_k >= 1 && draw->top_k < d.n);
            token = is_cut ? draw_top(&d, draw) : draw_any(&d, draw->uniform * d.total);
        }
        free(memory);
    } else {
        lse = d.variant->log_sum_exp(d.n, d.logits);
        if (isfinite(lse)) token = first_of(d.top, d.n, d.logits);
    }
    if (token < 0) return;
    draw->token = token;
    draw->logprob = d.logits[token] - lse;
}

void ck_sample(ck_pool *pool, long rows, long vocabulary, const float *logits, ck_draw *draws) {
    vocabulary_args args = {.vocabulary = vocabulary, .logits = logits, .draws = draws};
    ck_parallel(pool, rows, sample_row, &args);
}
