// Matrix products with fp32 arithmetic: register tiles of a few rows by one or more panels of 16 columns. k runs in ascending
// order through one accumulator for each output, so that a row's sum never depends on what shares the tile; the shapes are chosen
// so that there are always enough accumulators to hide the latency of two fused multiply-adds per cycle.
//
// The variant defines LANES, the floats of a vector: 8, or 16 where there are 32 registers of them.

enum { per_panel = ck_panel / LANES };
typedef float vt __attribute__((vector_size(4 * LANES)));
typedef float vt_memory __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint32_t vu __attribute__((vector_size(4 * LANES)));
typedef uint32_t vu_memory __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define UNROLL _Pragma("clang loop unroll(full)")

#if LANES == 16
inlined vt all(float x) { return (vt){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
#else
inlined vt all(float x) { return splat(x); }
#endif

/// The weights of even or odd k from a vector of bf16 pairs.
inlined vt widen(const uint32_t *pairs, int odd) {
    vu bits = *(const vu_memory *)pairs;
    bits = odd ? bits & 0xffff0000u : bits << 16;
    vt values;
    memcpy(&values, &bits, sizeof values);
    return values;
}

// One k: sum[r][v] += a[r] * w[v]. Few rows hold their numbers in registers and let the weights pass, more rows the reverse.
#define MULTIPLY(R, V, weights)                                                                        \
    {                                                                                                  \
        vt x[R], w[V];                                                                                 \
        if ((R) < (V)) {                                                                               \
            UNROLL for (int r = 0; r < (R); r++) x[r] = all(a[r * t->a_row]);                          \
            UNROLL for (int v = 0; v < (V); v++) {                                                     \
                w[v] = weights;                                                                        \
                UNROLL for (int r = 0; r < (R); r++) sum[r][v] = MADD(x[r], w[v], sum[r][v]);          \
            }                                                                                          \
        } else {                                                                                       \
            UNROLL for (int v = 0; v < (V); v++) w[v] = weights;                                       \
            UNROLL for (int r = 0; r < (R); r++) {                                                     \
                x[r] = all(a[r * t->a_row]);                                                           \
                UNROLL for (int v = 0; v < (V); v++) sum[r][v] = MADD(x[r], w[v], sum[r][v]);          \
            }                                                                                          \
        }                                                                                              \
        a += t->a_column;                                                                              \
    }

// Weights for later come from memory while this tile computes.
#define PREFETCH(P) UNROLL for (int p = 0; p < (P); p++) __builtin_prefetch(b + p * t->b_panel + t->b_ahead, 0, 2);

#define FINISH(R, V)                                                                                   \
    UNROLL for (int r = 0; r < (R); r++) UNROLL for (int v = 0; v < (V); v++) {                        \
        vt_memory *out = (vt_memory *)(t->c + r * t->c_stride + v * LANES);                            \
        const vt value = sum[r][v] * t->alpha;                                                         \
        *out = t->accumulate ? *out + value : value;                                                   \
    }

#define TILE(R, P)                                                                                     \
    static void float_##R##x##P(const ck_tile *t) {                                                    \
        vt sum[R][P * per_panel] = {0};                                                                \
        const float *a = t->a, *b = t->b;                                                              \
        for (long i = 0; i < t->k; i++, b += t->b_step) {                                              \
            PREFETCH(P)                                                                                \
            MULTIPLY(R, P * per_panel,                                                                 \
                     *(const vt_memory *)(b + v / per_panel * t->b_panel + v % per_panel * LANES))     \
        }                                                                                              \
        FINISH(R, P * per_panel)                                                                       \
    }                                                                                                  \
    static void bf16_##R##x##P(const ck_tile *t) {                                                     \
        vt sum[R][P * per_panel] = {0};                                                                \
        const float *a = t->a;                                                                         \
        const uint32_t *b = t->b;                                                                      \
        for (long i = 0; i < t->k / 2; i++, b += ck_panel) {                                           \
            PREFETCH(P)                                                                                \
            MULTIPLY(R, P * per_panel, widen(b + v / per_panel * t->b_panel + v % per_panel * LANES, 0)) \
            const uint32_t *again = b; /* loads the pairs a second time rather than spill them */           \
            __asm__("" : "+r"(again));                                                                 \
            MULTIPLY(R, P * per_panel, widen(again + v / per_panel * t->b_panel + v % per_panel * LANES, 1)) \
        }                                                                                              \
        if (t->k % 2 == 1)                                                                             \
            MULTIPLY(R, P * per_panel, widen(b + v / per_panel * t->b_panel + v % per_panel * LANES, 0)) \
        FINISH(R, P * per_panel)                                                                       \
    }

TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
#if LANES == 16
TILE(1, 4) TILE(2, 4) TILE(3, 4) TILE(4, 4) TILE(5, 4) TILE(6, 4)
static const int product_panels[] = {0, 4, 4, 4, 4, 4, 4};
#else
TILE(1, 4) TILE(2, 3)
static const int product_panels[] = {0, 4, 3, 1, 1, 1, 1};
#endif

#define SHAPE(R, P)                                                                                    \
    case 8 * R + P: (t->is_bf16 ? bf16_##R##x##P : float_##R##x##P)(t); return;

static void product_tile(int rows, int panels, const ck_tile *t) {
    switch (8 * rows + panels) {
        SHAPE(1, 1) SHAPE(2, 1) SHAPE(3, 1) SHAPE(4, 1) SHAPE(5, 1) SHAPE(6, 1)
#if LANES == 16
        SHAPE(1, 4) SHAPE(2, 4) SHAPE(3, 4) SHAPE(4, 4) SHAPE(5, 4) SHAPE(6, 4)
#else
        SHAPE(1, 4) SHAPE(2, 3)
#endif
    }
}

static void round_pairs(long k, const float *x, long step, uint32_t *pairs) {
    for (long i = 0; i < k / 2; i++)
        pairs[i] = bf16_round(x[2 * i * step]) | (uint32_t)bf16_round(x[(2 * i + 1) * step]) << 16;
    if (k % 2 == 1) pairs[k / 2] = bf16_round(x[(k - 1) * step]);
}
