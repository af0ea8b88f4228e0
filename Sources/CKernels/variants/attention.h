// The forward pass of attention; see attention_tiles.h.
#pragma once
#include "attention_tiles.h"

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
    copy_queries(&queries, args->q, args->q_stride, d, block->first_row, 1.0f / sqrtf((float)d), q);
    memset(out, 0, rows * wide * sizeof(float));
    for (long r = 0; r < rows; r++) top[r] = -INFINITY, total[r] = 0;

    key_cursor cursor = {block->segments, 0};
    for (long start = 0; start < last; start += key_tile) {
        kv_tile tile;
        const long count = smaller(key_tile, last - start);
        next_tile(&cursor, count, args, kv_head, memory, &tile);
        for (long r = 0; r < rows; r += product_rows) {
            // Rows of a register tile see about the same keys: what none of them sees is left out.
            const int n = (int)smaller(product_rows, rows - r);
            const long width = smaller(count, block->length + (r + n - 1) / group - start);
            if (width <= 0) continue;
            float *s = scores + r * key_tile;
            for (long p = 0; p < panels_of(width); p++)
                product_panel(n, d, q + r * wide, wide, 1, tile.keys[p], panel, s + p * panel, key_tile, false);
            for (long i = 0; i < n; i++)
                online_softmax(s + i * key_tile, smaller(count, block->length + (r + i) / group - start), width, &top[r + i],
                               &total[r + i], out + (r + i) * wide, wide);
            for (long i = 0, first = 0; first < width; first += tile.run[i++].count)
                product(n, panels_of(d), smaller(tile.run[i].count, width - first), s + first, key_tile, 1, tile.run[i].values,
                        tile.run[i].stride, panel, out + r * wide, wide, true);
        }
    }
    for (long r = 0; r < rows; r++) {
        const long row = block->first_row + r / group, h = kv_head * group + r % group;
        const v8r inverse = splat(1.0f / total[r]);
        for (long i = 0; i < d; i += 8) store_at(args->out + (row * args->heads + h) * d, i, d, load(out + r * wide + i) * inverse);
        if (args->lse) args->lse[row * args->heads + h] = top[r] + logf(total[r]);
    }
}
