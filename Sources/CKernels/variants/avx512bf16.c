// x86-64 with AVX-512 and its dot product of bf16 pairs.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"))), apply_to = function)
#define MADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#define LANES 16
#define DOT_TILE dot_tile
#define DOT_PANELS dot_panels
#define VARIANT ck_avx512bf16
#define VARIANT_NAME "avx512bf16"
#include "vector.h"

typedef __m512 sums;
typedef __m512i pairs;
inlined sums no_sums(void) { return _mm512_setzero_ps(); }
inlined pairs load_pairs(const uint32_t *p) { return _mm512_loadu_si512(p); }
inlined pairs broadcast_pair(const uint32_t *p) { return _mm512_set1_epi32((int)*p); }
inlined sums dot_add(sums sum, pairs a, pairs b) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b); }
inlined sums scaled(sums sum, float by) { return _mm512_mul_ps(sum, _mm512_set1_ps(by)); }
inlined sums added(sums sum, const float *p) { return _mm512_add_ps(_mm512_loadu_ps(p), sum); }
inlined void store_sums(float *p, sums sum) { _mm512_storeu_ps(p, sum); }

#include "dot.h"
#include "body.h"
#pragma clang attribute pop
#endif
