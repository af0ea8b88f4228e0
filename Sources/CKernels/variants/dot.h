// Register tiles of bf16 pairs: a few rows by one panel of 16 columns or by four. Pairs of k run in ascending order through one
// accumulator for each output, so that a row's sum never depends on what shares the tile. With four panels, six rows keep 24
// accumulators busy, more than the instruction's latency asks for, and read 10 vectors for 24 dot products.
//
// The variant defines the types `sums` and `pairs`, 16 lanes each, and the few operations on them.
#include "table.h"

#define DOT_TILE_OF(R, P)                                                                                     \
    static void dot_##R##x##P(const ck_tile *t) {                                                             \
        sums sum[R][P];                                                                                       \
        const uint32_t *a = t->a, *b = t->b;                                                                  \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < R; r++)                                        \
            _Pragma("clang loop unroll(full)") for (int p = 0; p < P; p++) sum[r][p] = no_sums();             \
        for (long i = 0; i < (t->k + 1) / 2; i++, a++, b += ck_panel) {                                       \
            pairs w[P];                                                                                       \
            _Pragma("clang loop unroll(full)") for (int p = 0; p < P; p++) w[p] = load_pairs(b + p * t->b_panel); \
            _Pragma("clang loop unroll(full)") for (int r = 0; r < R; r++) {                                  \
                const pairs x = broadcast_pair(a + r * t->a_row);                                             \
                _Pragma("clang loop unroll(full)") for (int p = 0; p < P; p++) sum[r][p] = dot_add(sum[r][p], x, w[p]); \
            }                                                                                                 \
        }                                                                                                     \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < R; r++)                                        \
            _Pragma("clang loop unroll(full)") for (int p = 0; p < P; p++) {                                  \
                float *out = t->c + r * t->c_stride + p * ck_panel;                                           \
                const sums value = scaled(sum[r][p], t->alpha);                                               \
                store_sums(out, t->accumulate ? added(value, out) : value);                                   \
            }                                                                                                 \
    }
DOT_TILE_OF(1, 1) DOT_TILE_OF(2, 1) DOT_TILE_OF(3, 1) DOT_TILE_OF(4, 1) DOT_TILE_OF(5, 1) DOT_TILE_OF(6, 1)
DOT_TILE_OF(1, 4) DOT_TILE_OF(2, 4) DOT_TILE_OF(3, 4) DOT_TILE_OF(4, 4) DOT_TILE_OF(5, 4) DOT_TILE_OF(6, 4)
static const int dot_panels[] = {0, 4, 4, 4, 4, 4, 4};

static void dot_tile(int rows, int panels, const ck_tile *tile) {
    static void (*const tiles[2][6])(const ck_tile *) = {
        {dot_1x1, dot_2x1, dot_3x1, dot_4x1, dot_5x1, dot_6x1}, {dot_1x4, dot_2x4, dot_3x4, dot_4x4, dot_5x4, dot_6x4}};
    tiles[panels == 4][rows - 1](tile);
}
