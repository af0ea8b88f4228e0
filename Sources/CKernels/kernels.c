// The public routines: choose the instruction set, cut the work into chunks, hand them to the pool.
#include "kernels.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "variants/table.h"

static _Atomic(const ck_variant *) active;

static bool runs_here(const ck_variant *variant) {
#if defined(__x86_64__)
    if (variant == &ck_avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (variant == &ck_avx512bf16)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("fma");
#endif
    return true;
}

// The best first; the emulation is for tests, and never chosen by itself.
static const ck_variant *const variants[] = {
#if defined(__x86_64__)
    &ck_avx512bf16, &ck_avx2,
#elif defined(__aarch64__)
    &ck_neon,
#endif
    &ck_portable, &ck_avx512bf16_emulated,
};
enum { variant_count = sizeof variants / sizeof *variants };

const ck_variant *ck_active(void) {
    const ck_variant *variant = atomic_load_explicit(&active, memory_order_relaxed);
    for (int i = 0; !variant; i++)
        if (runs_here(variants[i])) atomic_store_explicit(&active, variant = variants[i], memory_order_relaxed);
    return variant;
}

const char *ck_instruction_set(void) { return ck_active()->name; }

bool ck_use_instruction_set(const char *name) {
    if (!name) {
        atomic_store(&active, NULL);
        return true;
    }
    for (int i = 0; i < variant_count; i++)
        if (strcmp(variants[i]->name, name) == 0 && runs_here(variants[i])) {
            atomic_store(&active, variants[i]);
            return true;
        }
    return false;
}

// ---- Pieces that work row by row

typedef struct {
    long rows, width, heads, head, stride;
    float eps, direction;
    const float *x, *weight, *dout, *table;
    float *out, *inverse_rms;
    const int32_t *positions;
} row_args;

enum { rows_per_chunk = 8 };

#define BY_ROWS(name, statement)                                                                        \
    static void name(void *context, long chunk) {                                                       \
        const row_args *p = context;                                                                    \
        const ck_variant *variant = ck_active();                                                        \
        (void)variant;                                                                                  \
        long end = (chunk + 1) * rows_per_chunk < p->rows ? (chunk + 1) * rows_per_chunk : p->rows;      \
        for (long r = chunk * rows_per_chunk; r < end; r++) { statement; }                              \
    }

static void by_rows(ck_pool *pool, ck_task task, row_args *args) {
    ck_parallel(pool, (args->rows + rows_per_chunk - 1) / rows_per_chunk, task, args);
}

BY_ROWS(norm_rows, variant->rms_norm(p->width, p->eps, p->x + r * p->width, p->weight, p->out + r * p->width,
                                     p->inverse_rms ? p->inverse_rms + r : NULL))
void ck_rms_norm(ck_pool *pool, long rows, long width, float eps, const float *x, const float *weight, float *out,
                 float *inverse_rms) {
    row_args args = {.rows = rows, .width = width, .eps = eps, .x = x, .weight = weight, .out = out, .inverse_rms = inverse_rms};
    by_rows(pool, norm_rows, &args);
}

BY_ROWS(norm_backward_rows, variant->rms_norm_backward(p->width, p->x + r * p->width, p->weight, p->inverse_rms[r],
                                                       p->dout + r * p->width, p->out + r * p->width))
void ck_rms_norm_backward(ck_pool *pool, long rows, long width, const float *x, const float *weight, const float *inverse_rms,
                          const float *dout, float *dx) {
    row_args args = {.rows = rows, .width = width, .x = x, .weight = weight, .inverse_rms = (float *)inverse_rms, .dout = dout,
                     .out = dx};
    by_rows(pool, norm_backward_rows, &args);
}

static void rotate(const row_args *p, long r) {
    const float *turn = p->table + (long)p->positions[r] * p->head;
    for (long h = 0; h < p->heads; h++) {
        float *x = p->out + r * p->stride + h * p->head;
        for (long i = 0; i < p->head; i += 2) {
            float cosine = turn[i], sine = turn[i + 1] * p->direction, a = x[i], b = x[i + 1];
            x[i] = a * cosine - b * sine;
            x[i + 1] = a * sine + b * cosine;
        }
    }
}
BY_ROWS(rope_rows, rotate(p, r))
void ck_rope(ck_pool *pool, long rows, long heads, long head, long stride, const int32_t *positions, const float *table,
             float direction, float *x) {
    row_args args = {.rows = rows, .heads = heads, .head = head, .stride = stride, .positions = positions, .table = table,
                     .direction = direction, .out = x};
    by_rows(pool, rope_rows, &args);
}

BY_ROWS(swiglu_rows, variant->swiglu(p->width, p->x + 2 * r * p->width, p->out + r * p->width))
void ck_swiglu(ck_pool *pool, long rows, long width, const float *gate_up, float *h) {
    row_args args = {.rows = rows, .width = width, .x = gate_up, .out = h};
    by_rows(pool, swiglu_rows, &args);
}

BY_ROWS(swiglu_backward_rows, variant->swiglu_backward(p->width, p->out + 2 * r * p->width, p->dout + r * p->width))
void ck_swiglu_backward(ck_pool *pool, long rows, long width, float *gate_up, const float *dh) {
    row_args args = {.rows = rows, .width = width, .dout = dh, .out = gate_up};
    by_rows(pool, swiglu_backward_rows, &args);
}

// ---- Optimizer

typedef struct {
    long n;
    const ck_adam *params;
    float *weights, *gradient, *m, *v;
} adam_args;
enum { adam_block = 16384 };

static void adam_chunk(void *context, long chunk) {
    const adam_args *p = context;
    long first = chunk * adam_block, n = p->n - first < adam_block ? p->n - first : adam_block;
    ck_active()->adamw(n, p->params, p->weights + first, p->gradient + first, p->m + first, p->v + first);
}

void ck_adamw(ck_pool *pool, long n, const ck_adam *params, float *weights, float *gradient, float *m, float *v) {
    adam_args args = {n, params, weights, gradient, m, v};
    ck_parallel(pool, (n + adam_block - 1) / adam_block, adam_chunk, &args);
}

double ck_sum_of_squares(long n, const float *x) {
    double sum = 0;
    for (long i = 0; i < n; i++) sum += (double)x[i] * x[i];
    return sum;
}
