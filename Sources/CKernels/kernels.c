// The public routines: choose the instruction set, cut the work into chunks, hand them to the pool.
#include "kernels.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "variants/table.h"

static _Atomic(const ck_variant *) active;

static const ck_variant *best(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &ck_avx2;
#endif
    return &ck_portable;
}

const ck_variant *ck_active(void) {
    const ck_variant *variant = atomic_load_explicit(&active, memory_order_relaxed);
    if (!variant) atomic_store_explicit(&active, variant = best(), memory_order_relaxed);
    return variant;
}

const char *ck_instruction_set(void) { return ck_active()->name; }
void ck_use_portable(bool portable) { atomic_store(&active, portable ? &ck_portable : best()); }

// ---- Matrix products

typedef struct {
    long k, n, k_stride, n_stride;
    const float *source;
    float *packed;
} pack_args;

static void pack_panel(void *context, long panel) {
    const pack_args *p = context;
    float *out = p->packed + panel * ck_panel * p->k;
    for (long i = 0; i < p->k; i++)
        for (long j = 0; j < ck_panel; j++) {
            long column = panel * ck_panel + j;
            *out++ = column < p->n ? p->source[i * p->k_stride + column * p->n_stride] : 0;
        }
}

void ck_pack(ck_pool *pool, long k, long n, const float *source, long k_stride, long n_stride, float *packed) {
    pack_args args = {k, n, k_stride, n_stride, source, packed};
    ck_parallel(pool, (n + ck_panel - 1) / ck_panel, pack_panel, &args);
}

typedef struct {
    long m, n, k, a_row, a_column, c_stride, panels_per_chunk, row_blocks;
    const float *a;
    ck_operand b;
    float *c, alpha;
    bool accumulate;
} matmul_args;

// Rows of a block stay in the second-level cache beside one panel while its columns are computed.
enum { row_block = 48 };

// A last panel of fewer than 16 columns: computed into a padded tile, so that every column is summed alike.
static void narrow_tile(const matmul_args *p, int rows, const float *a, long column, float *c) {
    const ck_variant *variant = ck_active();
    long width = p->n - column;
    float tile[6 * ck_panel];
    if (p->b.stride == 0) {
        variant->matmul_tile(rows, p->k, a, p->a_row, p->a_column, p->b.data + column * p->k, ck_panel, tile, ck_panel, p->alpha,
                             false);
    } else {
        for (int r = 0; r < rows; r++)
            for (long j = 0; j < width; j++) {
                float sum = 0;
                for (long i = 0; i < p->k; i++)
                    sum += a[r * p->a_row + i * p->a_column] * p->b.data[i * p->b.stride + column + j];
                tile[r * ck_panel + j] = sum * p->alpha;
            }
    }
    for (int r = 0; r < rows; r++)
        for (long j = 0; j < width; j++) {
            float *out = c + r * p->c_stride + j;
            *out = p->accumulate ? *out + tile[r * ck_panel + j] : tile[r * ck_panel + j];
        }
}

static void matmul_chunk(void *context, long chunk) {
    const matmul_args *p = context;
    const ck_variant *variant = ck_active();
    long first_row = chunk % p->row_blocks * row_block, first_panel = chunk / p->row_blocks * p->panels_per_chunk;
    long end_row = first_row + row_block < p->m ? first_row + row_block : p->m;
    for (long panel = first_panel; panel < first_panel + p->panels_per_chunk && panel * ck_panel < p->n; panel++) {
        long column = panel * ck_panel;
        for (long row = first_row; row < end_row; row += variant->tile_rows) {
            int rows = (int)(end_row - row < variant->tile_rows ? end_row - row : variant->tile_rows);
            const float *a = p->a + row * p->a_row;
            float *c = p->c + row * p->c_stride + column;
            if (column + ck_panel > p->n) narrow_tile(p, rows, a, column, c);
            else if (p->b.stride == 0)
                variant->matmul_tile(rows, p->k, a, p->a_row, p->a_column, p->b.data + column * p->k, ck_panel, c, p->c_stride,
                                     p->alpha, p->accumulate);
            else
                variant->matmul_tile(rows, p->k, a, p->a_row, p->a_column, p->b.data + column, p->b.stride, c, p->c_stride,
                                     p->alpha, p->accumulate);
        }
    }
}

void ck_matmul(ck_pool *pool, long m, long n, long k, const float *a, long a_row, long a_column, ck_operand b, float *c,
               long c_stride, float alpha, bool accumulate) {
    if (m <= 0 || n <= 0) return;
    long panels = (n + ck_panel - 1) / ck_panel, row_blocks = (m + row_block - 1) / row_block;
    // Chunks of some 100,000 multiply-adds: small enough to share evenly, large enough to forget the hand-out.
    long rows = m < row_block ? m : row_block, per_panel = rows * k * ck_panel;
    long panels_per_chunk = per_panel > 0 ? 400000 / per_panel : panels;
    if (panels_per_chunk < 1) panels_per_chunk = 1;
    matmul_args args = {m, n, k, a_row, a_column, c_stride, panels_per_chunk, row_blocks, a, b, c, alpha, accumulate};
    ck_parallel(pool, row_blocks * ((panels + panels_per_chunk - 1) / panels_per_chunk), matmul_chunk, &args);
}

void ck_transpose(long rows, long columns, const float *source, long source_stride, float *out) {
    for (long c0 = 0; c0 < columns; c0 += 16)
        for (long r = 0; r < rows; r++)
            for (long c = c0; c < columns && c < c0 + 16; c++) out[c * rows + r] = source[r * source_stride + c];
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

void ck_embed(long rows, long width, const int32_t *tokens, const float *table, float *out) {
    for (long r = 0; r < rows; r++) memcpy(out + r * width, table + tokens[r] * width, width * sizeof(float));
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
