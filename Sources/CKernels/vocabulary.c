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

static int32_t likeliest(const float *logits, long n) {
    long best = 0;
    for (long i = 1; i < n; i++)
        if (logits[i] > logits[best]) best = i;
    return (int32_t)best;
}

// Walks the distribution in order of id until the mass below reaches the target.
static int32_t draw_any(const float *weights, long n, double target) {
    double mass = 0;
    int32_t last = 0;
    for (long i = 0; i < n; i++) {
        if (weights[i] > 0) last = (int32_t)i;
        mass += weights[i];
        if (mass > target) return (int32_t)i;
    }
    return last;
}

// Takes tokens from a heap, likeliest first, until top_k or top_p is reached, then draws among them.
static int32_t draw_top(const float *logits, const float *weights, long n, double total, const ck_draw *draw, int32_t *heap) {
    for (long i = 0; i < n; i++) heap[i] = (int32_t)i;
    for (long i = n / 2 - 1; i >= 0; i--) sift_down(logits, heap, n, i);
    long kept = 0, limit = draw->top_k >= 1 && draw->top_k < n ? draw->top_k : n;
    double mass = 0, wanted = draw->top_p < 1 ? draw->top_p * total : INFINITY;
    // Popped tokens collect behind the shrinking heap: the i-th likeliest ends at heap[n - 1 - i].
    while (kept < limit && (kept == 0 || mass < wanted)) {
        int32_t top = heap[0];
        heap[0] = heap[n - 1 - kept];
        heap[n - 1 - kept] = top;
        kept++;
        mass += weights[top];
        sift_down(logits, heap, n - kept, 0);
    }
    double target = draw->uniform * mass, below = 0;
    for (long i = 0; i < kept; i++) {
        below += weights[heap[n - 1 - i]];
        if (below > target) return heap[n - 1 - i];
    }
    return heap[n - kept];
}

static void sample_row(void *context, long r) {
    const vocabulary_args *p = context;
    const float *logits = p->logits + r * p->vocabulary;
    const long n = p->vocabulary;
    ck_draw *draw = &p->draws[r];
    draw->token = likeliest(logits, n);
    if (draw->temperature > 0) {
        float *weights = malloc((size_t)n * sizeof(float));
        int32_t *heap = malloc((size_t)n * sizeof(int32_t));
        if (!weights || !heap) abort();
        ck_active()->exp_shifted(n, logits, logits[draw->token], 1 / draw->temperature, weights);
        double total = 0;
        for (long i = 0; i < n; i++) total += weights[i];
        bool cut = draw->top_p < 1 || (draw->top_k >= 1 && draw->top_k < n);
        draw->token = cut ? draw_top(logits, weights, n, total, draw, heap) : draw_any(weights, n, draw->uniform * total);
        free(weights);
        free(heap);
    }
    draw->logprob = logits[draw->token] - ck_active()->log_sum_exp(n, logits);
}

void ck_sample(ck_pool *pool, long rows, long vocabulary, const float *logits, ck_draw *draws) {
    vocabulary_args args = {.vocabulary = vocabulary, .logits = logits, .draws = draws};
    ck_parallel(pool, rows, sample_row, &args);
}
