// Attention by tiles: what its two directions share. Compiled once for each instruction set as part of body.h.
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

/// c [rows x 16] = a b, or c += a b: k in ascending order.
inlined void product_panel(int rows, long k, const float *a, long a_row, long a_column, const float *b, long b_stride, float *c,
                           long c_stride, bool accumulate) {
#define PRODUCT_CASE(R) case R: product_##R(k, a, a_row, a_column, b, b_stride, c, c_stride, accumulate); break;
    switch (rows) { PRODUCT_CASE(1) PRODUCT_CASE(2) PRODUCT_CASE(3) PRODUCT_CASE(4) PRODUCT_CASE(5) PRODUCT_CASE(6) }
}

/// The same for panels of b that are b_panel floats apart: c [rows x 16 * panels].
static void product(int rows, long panels, long k, const float *a, long a_row, long a_column, const float *b, long b_stride,
                    long b_panel, float *c, long c_stride, bool accumulate) {
    for (long j = 0; j < panels; j++, b += b_panel, c += panel)
        product_panel(rows, k, a, a_row, a_column, b, b_stride, c, c_stride, accumulate);
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

/// The place of the next key of a sequence, in ascending order of position.
typedef struct {
    const ck_kv_segment *segment;
    long done;
} key_cursor;

static void advance(key_cursor *at, long keys) {
    at->done += keys;
    if (at->done == at->segment->count) *at = (key_cursor){at->segment + 1, 0};
}

/// The keys and values of one head in a segment.
inlined const float *segment_head(const ck_kv_segment *s, long layer, long kv_head) {
    return s->base + layer * s->layer_stride + kv_head * s->head_stride;
}

/// The rows of the next keys and values. `unpacked` [count x head] has room for keys that stand in panels.
static void next_keys(key_cursor *at, long count, const ck_attention *args, long kv_head, float *unpacked, const float **key,
                      const float **value) {
    const long d = args->head;
    for (long j = 0; j < count; j++, advance(at, 1)) {
        const ck_kv_segment *s = at->segment;
        const float *head = segment_head(s, args->layer, kv_head);
        value[j] = head + s->v_offset + at->done * s->stride;
        key[j] = head + at->done * s->stride;
        if (!s->in_panels) continue;
        const float *column = head + at->done / panel * panel * d + at->done % panel;
        for (long i = 0; i < d; i++) unpacked[j * d + i] = column[i * panel];
        key[j] = unpacked + j * d;
    }
}

/// A tile of keys and values as products want them: keys by panels [head x 16], values by runs of rows.
typedef struct {
    const float *keys[key_tile / panel];
    long runs;
    struct {
        const float *values;
        long count, stride;
    } run[key_tile];
} kv_tile;

/// Whether the next keys can be used where they stand.
static bool stands_in_panels(key_cursor at, long count, long head) {
    for (long j = 0; j < count; at = (key_cursor){at.segment + 1, 0}) {
        if (!at.segment->in_panels || at.done % panel || j % panel || head % panel) return false;
        j += at.segment->count - at.done;
    }
    return true;
}

/// The next tile. The cache keeps keys in panels of positions, as a tile has them, so that a token that is drawn costs no
/// transposition of all that came before; other keys are staged in `memory` [64 x (2 head + wide)].
static void next_tile(key_cursor *at, long count, const ck_attention *args, long kv_head, float *memory, kv_tile *tile) {
    const long d = args->head, wide = panels_of(d) * panel;
    if (stands_in_panels(*at, count, d)) {
        tile->runs = 0;
        for (long j = 0; j < count; tile->runs++) {
            const ck_kv_segment *s = at->segment;
            const float *head = segment_head(s, args->layer, kv_head);
            const long run = smaller(count - j, s->count - at->done);
            for (long i = 0; i < run; i += panel) tile->keys[(j + i) / panel] = head + (at->done + i) * d;
            tile->run[tile->runs].values = head + s->v_offset + at->done * s->stride;
            tile->run[tile->runs].count = run;
            tile->run[tile->runs].stride = s->stride;
            j += run;
            advance(at, run);
        }
        return;
    }
    float *keys = take(&memory, key_tile * d), *values = take(&memory, key_tile * wide), *unpacked = take(&memory, key_tile * d);
    const float *key[key_tile], *value[key_tile];
    next_keys(at, count, args, kv_head, unpacked, key, value);
    transpose_tile(key, count, d, keys);
    copy_tile(value, count, d, 1, values);
    for (long p = 0; p < key_tile / panel; p++) tile->keys[p] = keys + p * panel * d;
    tile->runs = 1;
    tile->run[0].values = values;
    tile->run[0].count = count;
    tile->run[0].stride = wide;
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
