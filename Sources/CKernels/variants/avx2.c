// x86-64 with AVX2 and fused multiply-add.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define MADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#define LANES 8
#define DOT_TILE NULL
#define DOT_PANELS NULL
#define VARIANT ck_avx2
#define VARIANT_NAME "avx2"
#include "body.h"
#pragma clang attribute pop
#endif
