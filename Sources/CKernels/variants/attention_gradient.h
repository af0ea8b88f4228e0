// The backward pass of attention; see attention_tiles.h. Whole trees of sequences, whose keys stand beside the queries.
#pragma once
#include "attention_tiles.h"

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
        next_keys(&cursor, count, forward, kv_head, NULL, key, value);  // only the cache has panels
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
