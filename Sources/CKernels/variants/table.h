// What each instruction set provides: the inner loops, without threads.
#pragma once
#include "kernels.h"

enum { most_tile_rows = 6, weight_block = 256 };

/// One register tile of a product.
typedef struct {
    long k;
    const void *a;  // float32; for `dot_tile` pairs of bf16
    long a_row, a_column;
    const void *b;
    long b_step, b_panel;  // from one k to the next (of float32), from one panel to the next, both in elements of 4 bytes
    long b_ahead;          // from what this tile reads to what the next one will
    float *c;
    long c_stride;
    float alpha;
    bool accumulate, is_bf16;
} ck_tile;

typedef struct {
    const char *name;
    /// c[i][0 ..< 16 * panels] for i < rows: one full sum over k, of float32 rows with float32 or bf16 weights.
    void (*product_tile)(int rows, int panels, const ck_tile *tile);
    /// The same for rows of bf16 pairs and bf16 weights; NULL where there is no such instruction.
    void (*dot_tile)(int rows, int panels, const ck_tile *tile);
    /// By number of rows, 1 to `most_tile_rows`, the panels of these tiles. Every number of rows comes with one panel, too.
    const int *product_panels, *dot_panels;
    /// Rounds x[0], x[step] ... to (k + 1) / 2 bf16 pairs, the last filled up with 0.
    void (*round_pairs)(long k, const float *x, long step, uint32_t *pairs);
    void (*rms_norm)(long width, float eps, const float *x, const float *weight, float *out, float *inverse_rms);
    void (*rms_norm_backward)(long width, const float *x, const float *weight, float inverse_rms, const float *dout, float *dx);
    void (*swiglu)(long width, const float *gate_up, float *h);
    void (*swiglu_backward)(long width, float *gate_up, const float *dh);
    long (*attention_scratch)(long rows, long head);
    void (*attend_block)(const ck_attention *args, const ck_attention_block *block, long kv_head, float *memory);
    void (*attend_gradient_queries)(const ck_attention_gradient *args, const ck_attention_block *block, long kv_head,
                                    float *memory);
    void (*attend_gradient_keys)(const ck_attention_gradient *args, const ck_key_block *block, long kv_head, float *memory);
    float (*largest)(long n, const float *x);
    float (*log_sum_exp)(long n, const float *x);
    void (*softmax_gradient)(long n, float g_sum, float lse, float *logits);
    /// out[i] = exp((x[i] - shift) * scale); returns the sum, and in `blocks` that of every `weight_block` of them.
    float (*exp_blocks)(long n, const float *x, float shift, float scale, float *out, double *blocks);
    /// The sum of weights[i] where x[i] >= limit; adds their number to `count`.
    double (*mass_above)(long n, const float *x, float limit, const float *weights, long *count);
    void (*adamw)(long n, const ck_adam *params, float *weights, float *gradient, float *m, float *v);
} ck_variant;

extern const ck_variant ck_avx512bf16, ck_avx2, ck_neon, ck_portable, ck_avx512bf16_emulated;
extern const ck_variant *ck_active(void);
