// What each instruction set provides: the inner loops, without threads.
#pragma once
#include "kernels.h"

typedef struct {
    const char *name;
    /// Rows of a register tile of `matmul_tile`.
    int tile_rows;
    /// c[i][0..<16] for i < rows: one full sum over k.
    void (*matmul_tile)(int rows, long k, const float *a, long a_row, long a_column, const float *b, long b_stride, float *c,
                        long c_stride, float alpha, bool accumulate);
    void (*rms_norm)(long width, float eps, const float *x, const float *weight, float *out, float *inverse_rms);
    void (*rms_norm_backward)(long width, const float *x, const float *weight, float inverse_rms, const float *dout, float *dx);
    void (*swiglu)(long width, const float *gate_up, float *h);
    void (*swiglu_backward)(long width, float *gate_up, const float *dh);
    long (*attention_scratch)(long rows, long head);
    void (*attend_block)(const ck_attention *args, const ck_attention_block *block, long kv_head, float *memory);
    void (*attend_gradient_queries)(const ck_attention_gradient *args, const ck_attention_block *block, long kv_head,
                                    float *memory);
    void (*attend_gradient_keys)(const ck_attention_gradient *args, const ck_key_block *block, long kv_head, float *memory);
    float (*log_sum_exp)(long n, const float *x);
    void (*softmax_gradient)(long n, float g_sum, float lse, float *logits);
    /// out[i] = exp((x[i] - shift) * scale); returns the sum.
    float (*exp_shifted)(long n, const float *x, float shift, float scale, float *out);
    void (*adamw)(long n, const ck_adam *params, float *weights, float *gradient, float *m, float *v);
} ck_variant;

extern const ck_variant ck_avx2, ck_portable;
extern const ck_variant *ck_active(void);
