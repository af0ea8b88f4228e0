// Attention by tiles, compiled once for each instruction set as part of body.h.
//
// The keys of a sequence are visited in tiles of 64 that begin at multiples of 64 of its positions. A score is one sum over the
// head's elements in ascending order; a tile's values are added in ascending order of position to what the tiles before left
// (online softmax: Milakov and Gimelshein, 2018; Dao et al., "FlashAttention", 2022). So a row's bits depend on its query and
// the keys it sees, never on the rows beside it nor on how its keys are cut into segments: what a mask hides adds exact zeros.
#pragma once
#include "vector.h"

enum { key_tile = 64, panel = 16 };

// Sixteen floats: one register of AVX-512, two of AVX2, four of SSE or NEON.
typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef float v16r __attribute__((vector_size(64)));
inlined v16r load16(const float *p) { return *(const v16 *)p; }
inlined void store16(float *p, v16r x) { *(v16 *)p = x; }

#define PRODUCT(R)                                                                                                        \
    static void product_##R(long k, const float *a, long a_row, long a_column, const float *b, long b_stride, float *c,   \
                            long c_stride, bool accumulate) {                                                             \
        v16r sum[R];                                                                                                      \
        for (int r = 0; r < R; r++) sum[r] = accumulate ? load16(c + r * c_stride) : (v16r){0};                           \
        for (long i = 0; i < k; i++, a += a_column, b += b_stride) {                                                      \
            v16r column = load16(b);                                                                                      \
            for (int r = 0; r < R; r++) {                                                                                 \
                v16r x = a[r * a_row] - (v16r){0};                                                                        \
                sum[r] = MADD(x, column, sum[r]);                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
        for (int r = 0; r < R; r++) store16(c + r * c_stride, sum[r]);                                                    \
    }
PRODUCT(1) PRODUCT(2) PRODUCT(3) PRODUCT(4) PRODUCT(5) PRODUCT(6)

/// c [rows x 16 * panels] = a b, or c += a b: k in ascending order. Panels of b are b_panel floats apart.
static void product(int rows, long panels, long k, const float *a, long a_row, long a_column, const float *b, long b_stride,
                    long b_panel, float *c, long c_stride, bool accumulate) {
    for (long j = 0; j < panels; j++, b += b_panel, c += panel) {
#define PRODUCT_CASE(R) case R: product_##R(k, a, a_row, a_column, b, b_stride, c, c_stride, accumulate); break;
        switch (rows) { PRODUCT_CASE(1) PRODUCT_CASE(2) PRODUCT_CASE(3) PRODUCT_CASE(4) PRODUCT_CASE(5) PRODUCT_CASE(6) }
    }
}
enum { product_rows = 6 };

inlined long smaller(long a, long b) { return a < b ? a : b; }
inlined long panels_of(long n) { return (n + panel - 1) / panel; }

/// out: eight rows of `width` as panels of 16 columns, [width x 16]; the eight become columns.
static void transpose8(const float *const *rows, long width, float *out) {
    long i = 0;
    for (; i + 8 <= width; i += 8) {
        v8r r[8], t[8];
        for (int j = 0; j < 8; j++) r[j] = load(rows[j] + i);
        for (int j = 0; j < 8; j += 2) {
            t[j] = __builtin_shufflevector(r[j], r[j + 1], 0, 8, 1, 9, 4, 12, 5, 13);
            t[j + 1] = __builtin_shufflevector(r[j], r[j + 1], 2, 10, 3, 11, 6, 14, 7, 15);
        }
        for (int j = 0; j < 8; j += 4)
            for (int h = 0; h < 2; h++) {
                r[j + 2 * h] = __builtin_shufflevector(t[j + h], t[j + h + 2], 0, 1, 8, 9, 4, 5, 12, 13);
                r[j + 2 * h + 1] = __builtin_shufflevector(t[j + h], t[j + h + 2], 2, 3, 10, 11, 6, 7, 14, 15);
            }
        for (int j = 0; j < 4; j++) {
            store(out + (i + j) * panel, __builtin_shufflevector(r[j], r[j + 4], 0, 1, 2, 3, 8, 9, 10, 11));
            store(out + (i + j + 4) * panel, __builtin_shufflevector(r[j], r[j + 4], 4, 5, 6, 7, 12, 13, 14, 15));
        }
    }
    for (; i < width; i++)
        for (int j = 0; j < 8; j++) out[i * panel + j] = rows[j][i];
}

/// count <= 64 rows of `width` as panels [width x 16] of columns; the last panel is filled up with copies of the last row.
static void transpose_tile(const float *const *rows, long count, long width, float *out) {
    for (long j = 0; j < panels_of(count) * panel; j += 8) {
        const float *eight[8];
        for (long i = 0; i < 8; i++) eight[i] = rows[smaller(j + i, count - 1)];
        transpose8(eight, width, out + j / panel * panel * width + j % panel);
    }
}

/// count rows of `width`, scaled, each filled up with zeros to whole panels.
static void copy_tile(const float *const *rows, long count, long width, float scale, float *out) {
    for (long j = 0; j < count; j++)
        for (long i = 0; i < panels_of(width) * panel; i += 8, out += 8)
            store(out, i < width ? load_at(rows[j], i, width, 0) * splat(scale) : splat(0));
}

/// The places of the next keys of a sequence, in ascending order of position.
typedef struct {
    const ck_kv_segment *segment;
    long done;
} key_cursor;

static void next_keys(key_cursor *at, long count, long offset, long layer, const float **key, const float **value) {
    for (long j = 0; j < count;) {
        const ck_kv_segment *s = at->segment;
        const float *row = s->base + layer * s->layer_stride + at->done * s->stride + offset;
        for (; j < count && at->done < s->count; j++, at->done++, row += s->stride) {
            key[j] = row;
            value[j] = row + s->v_offset;
        }
        if (at->done == s->count) *at = (key_cursor){s + 1, 0};
    }
}

/// Cuts memory into the arrays of a task.
inlined float *take(float **memory, long floats) {
    float *part = *memory;
    *memory += panels_of(floats) * panel;
    return part;
}

/// Floats of scratch memory that a task of `rows` query rows (positions times heads of the group) needs.
static long attention_scratch(long rows, long head) {
    long wide = panels_of(head) * panel;
    return rows * (3 * wide + 2 * key_tile + 2 * panel) + 5 * key_tile * wide + 8 * panel;
}

/// The rows of one block and one key/value head: rows * group query rows, the heads of a position side by side.
typedef struct {
    long rows, group, first_head;
} query_group;

/// Where row r of the group begins in an array of `stride` floats for each row of the batch.
inlined const float *query_row(const query_group *g, const float *base, long stride, long head, long first, long r) {
    return base + (first + r / g->group) * stride + (g->first_head + r % g->group) * head;
}

static void copy_queries(const query_group *g, const float *base, long stride, long head, long first, float scale, float *out) {
    for (long r = 0; r < g->rows; r++, out += panels_of(head) * panel) {
        const float *row = query_row(g, base, stride, head, first, r);
        copy_tile(&row, 1, head, scale, out);
    }
}

/// One row's turn at a tile of scores, of which it sees `seen`: the scores become weights, 0 up to `width`; what the tiles before
/// left in top, total and out is scaled to match.
static void online_softmax(float *scores, long seen, long width, float *top, float *total, float *out, long out_width) {
    const long padded = (width + 7) / 8 * 8;
    if (seen <= 0) {
        memset(scores, 0, padded * sizeof(float));
        return;
    }
    for (long j = seen; j < padded; j++) scores[j] = -INFINITY;
    v8r highest = load(scores);
    for (long j = 8; j < padded; j += 8) highest = vmax(highest, load(scores + j));
    const float before = *top, now = lanes_max(highest) > before ? lanes_max(highest) : before;
    v8r sum = splat(0);
    for (long j = 0; j < padded; j += 8) {
        v8r weight = vexp(load(scores + j) - splat(now));
        store(scores + j, weight);
        sum += weight;
    }
    if (now > before) {
        const v8r factor = vexp(splat(before) - splat(now));
        *total *= factor[0];
        for (long i = 0; i < out_width; i += 8) store(out + i, load(out + i) * factor);
    }
    *top = now;
    *total += lanes_sum(sum);
}

static void attend_block(const ck_attention *args, const ck_attention_block *block, long kv_head, float *memory) {
    const long d = args->head, wide = panels_of(d) * panel, group = args->heads / args->kv_heads;
    const query_group queries = {block->rows * group, group, kv_head * group};
    const long rows = queries.rows, last = block->length + block->rows - 1;
    float *q = take(&memory, rows * wide), *out = take(&memory, rows * wide), *scores = take(&memory, rows * key_tile);
    float *top = take(&memory, rows), *total = take(&memory, rows);
    float *keys = take(&memory, key_tile * d), *values = take(&memory, key_tile * wide);
    copy_queries(&queries, args->q, args->q_stride, d, block->first_row, 1.0f / sqrtf((float)d), q);
    memset(out, 0, rows * wide * sizeof(float));
    for (long r = 0; r < rows; r++) top[r] = -INFINITY, total[r] = 0;

    key_cursor cursor = {block->segments, 0};
    for (long start = 0; start < last; start += key_tile) {
        const float *key[key_tile], *value[key_tile];
        const long count = smaller(key_tile, last - start);
        next_keys(&cursor, count, kv_head * d, args->layer, key, value);
        transpose_tile(key, count, d, keys);
        copy_tile(value, count, d, 1, values);
        for (long r = 0; r < rows; r += product_rows) {
            // Rows of a register tile see about the same keys: what none of them sees is left out.
            const int n = (int)smaller(product_rows, rows - r);
            const long width = smaller(count, block->length + (r + n - 1) / group - start);
            if (width <= 0) continue;
            float *s = scores + r * key_tile;
            product(n, panels_of(width), d, q + r * wide, wide, 1, keys, panel, d * panel, s, key_tile, false);
            for (long i = 0; i < n; i++)
                online_softmax(s + i * key_tile, smaller(count, block->length + (r + i) / group - start), width, &top[r + i],
                               &total[r + i], out + (r + i) * wide, wide);
            product(n, panels_of(d), width, s, key_tile, 1, values, wide, panel, out + r * wide, wide, true);
        }
    }
    for (long r = 0; r < rows; r++) {
        const long row = block->first_row + r / group, h = kv_head * group + r % group;
        const v8r inverse = splat(1.0f / total[r]);
        for (long i = 0; i < d; i += 8) store_at(args->out + (row * args->heads + h) * d, i, d, load(out + r * wide + i) * inverse);
        if (args->lse) args->lse[row * args->heads + h] = top[r] + logf(total[r]);
    }
}

/// What the backward pass knows of some query rows: [rows x wide] queries (scaled) and output gradients, and for each row the log
/// of the softmax's denominator and the product of output and output gradient.
typedef struct {
    const float *q, *dout, *lse, *shared;
} gradient_queries;

static gradient_queries stage_queries(const ck_attention_gradient *args, const query_group *g, long first, float *q, float *dout,
                                      float *lse, float *shared) {
    const ck_attention *forward = &args->forward;
    const long d = forward->head, wide = panels_of(d) * panel, stride = forward->heads * d;
    copy_queries(g, forward->q, forward->q_stride, d, first, 1.0f / sqrtf((float)d), q);
    copy_queries(g, args->dout, stride, d, first, 1, dout);
    for (long r = 0; r < g->rows; r++) {
        const float *out = query_row(g, forward->out, stride, d, first, r);
        v8r sum = splat(0);
        for (long i = 0; i < d; i += 8) sum = MADD(load_at(out, i, d, 0), load(dout + r * wide + i), sum);
        shared[r] = lanes_sum(sum);
        lse[r] = forward->lse[(first + r / g->group) * forward->heads + g->first_head + r % g->group];
    }
    return (gradient_queries){q, dout, lse, shared};
}

/// Weights and the gradients of scores of n query rows from r on, [n x 64] each, for a tile of transposed keys and values. Row
/// r + i sees the first seen(i) of them.
inlined void score_gradients(const gradient_queries *g, long r, int n, long d, long width, const float *keys, const float *values,
                             const long *seen, float *weights, float *dscores) {
    const long wide = panels_of(d) * panel, padded = (width + 7) / 8 * 8;
    product(n, panels_of(width), d, g->q + r * wide, wide, 1, keys, panel, d * panel, weights, key_tile, false);
    product(n, panels_of(width), d, g->dout + r * wide, wide, 1, values, panel, d * panel, dscores, key_tile, false);
    for (long i = 0; i < n; i++, weights += key_tile, dscores += key_tile) {
        for (long j = seen[i] > 0 ? seen[i] : 0; j < padded; j++) weights[j] = -INFINITY;
        for (long j = 0; j < padded; j += 8) {
            v8r weight = vexp(load(weights + j) - splat(g->lse[r + i]));
            store(weights + j, weight);
            store(dscores + j, weight * (load(dscores + j) - splat(g->shared[r + i])));
        }
    }
}

/// dq of the rows of a block.
static void attend_gradient_queries(const ck_attention_gradient *args, const ck_attention_block *block, long kv_head,
                                    float *memory) {
    const ck_attention *forward = &args->forward;
    const long d = forward->head, wide = panels_of(d) * panel, group = forward->heads / forward->kv_heads;
    const query_group queries = {block->rows * group, group, kv_head * group};
    const long rows = queries.rows, last = block->length + block->rows - 1;
    float *q = take(&memory, rows * wide), *dout = take(&memory, rows * wide), *dq = take(&memory, rows * wide);
    float *lse = take(&memory, rows), *shared = take(&memory, rows);
    float *keys = take(&memory, key_tile * d), *values = take(&memory, key_tile * d), *plain = take(&memory, key_tile * wide);
    const gradient_queries staged = stage_queries(args, &queries, block->first_row, q, dout, lse, shared);
    memset(dq, 0, rows * wide * sizeof(float));
    float weights[product_rows * key_tile], dscores[product_rows * key_tile];

    key_cursor cursor = {block->segments, 0};
    for (long start = 0; start < last; start += key_tile) {
        const float *key[key_tile], *value[key_tile];
        const long count = smaller(key_tile, last - start);
        next_keys(&cursor, count, kv_head * d, forward->layer, key, value);
        transpose_tile(key, count, d, keys);
        transpose_tile(value, count, d, values);
        copy_tile(key, count, d, 1, plain);
        for (long r = 0; r < rows; r += product_rows) {
            const int n = (int)smaller(product_rows, rows - r);
            const long width = smaller(count, block->length + (r + n - 1) / group - start);
            if (width <= 0) continue;
            long seen[product_rows];
            for (long i = 0; i < n; i++) seen[i] = smaller(count, block->length + (r + i) / group - start);
            score_gradients(&staged, r, n, d, width, keys, values, seen, weights, dscores);
            product(n, panels_of(d), width, dscores, key_tile, 1, plain, wide, panel, dq + r * wide, wide, true);
        }
    }
    const v8r scale = splat(1.0f / sqrtf((float)d));
    for (long r = 0; r < rows; r++) {
        float *row = args->dqkv + (block->first_row + r / group) * args->dqkv_stride + (kv_head * group + r % group) * d;
        for (long i = 0; i < d; i += 8) store_at(row, i, d, load(dq + r * wide + i) * scale);
    }
}

/// dk and dv of a block of keys: the rows that see them come in their order.
static void attend_gradient_keys(const ck_attention_gradient *args, const ck_key_block *block, long kv_head, float *memory) {
    const ck_attention *forward = &args->forward;
    const long d = forward->head, wide = panels_of(d) * panel, group = forward->heads / forward->kv_heads;
    const long positions = ck_query_block(forward->heads, forward->kv_heads), rows = positions * group, count = block->count;
    const long k_offset = (forward->heads + kv_head) * d, v_offset = k_offset + forward->kv_heads * d;
    float *q = take(&memory, rows * wide), *dout = take(&memory, rows * wide);
    float *weights = take(&memory, rows * key_tile), *dscores = take(&memory, rows * key_tile);
    float *lse = take(&memory, rows), *shared = take(&memory, rows);
    float *keys = take(&memory, key_tile * d), *values = take(&memory, key_tile * d);
    float *dk = take(&memory, key_tile * wide), *dv = take(&memory, key_tile * wide);
    const float *key[key_tile], *value[key_tile];
    for (long j = 0; j < count; j++) {
        key[j] = forward->q + (block->first_row + j) * forward->q_stride + k_offset;
        value[j] = key[j] + v_offset - k_offset;
    }
    transpose_tile(key, count, d, keys);
    transpose_tile(value, count, d, values);
    memset(dk, 0, key_tile * wide * sizeof(float));
    memset(dv, 0, key_tile * wide * sizeof(float));

    for (long first = block->first_row; first < block->end_row; first += positions) {
        const query_group queries = {smaller(positions, block->end_row - first) * group, group, kv_head * group};
        const gradient_queries staged = stage_queries(args, &queries, first, q, dout, lse, shared);
        for (long r = 0; r < queries.rows; r += product_rows) {
            const int n = (int)smaller(product_rows, queries.rows - r);
            long seen[product_rows];
            for (long i = 0; i < n; i++) seen[i] = smaller(count, first + (r + i) / group - block->first_row + 1);
            score_gradients(&staged, r, n, d, count, keys, values, seen, weights + r * key_tile, dscores + r * key_tile);
        }
        for (long j = 0; j < count; j += product_rows) {
            const int n = (int)smaller(product_rows, count - j);
            // Rows before the first of these keys do not see them.
            const long skipped = smaller(queries.rows, (block->first_row + j > first ? block->first_row + j - first : 0) * group);
            const long k = queries.rows - skipped;
            product(n, panels_of(d), k, weights + skipped * key_tile + j, 1, key_tile, dout + skipped * wide, wide, panel,
                    dv + j * wide, wide, true);
            product(n, panels_of(d), k, dscores + skipped * key_tile + j, 1, key_tile, q + skipped * wide, wide, panel,
                    dk + j * wide, wide, true);
        }
    }
    for (long j = 0; j < count; j++) {
        float *row = args->dqkv + (block->first_row + j) * args->dqkv_stride;
        for (long i = 0; i < d; i += 8) {
            store_at(row + k_offset, i, d, load(dk + j * wide + i));
            store_at(row + v_offset, i, d, load(dv + j * wide + i));
        }
    }
}
