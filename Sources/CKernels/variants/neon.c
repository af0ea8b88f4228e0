// 64-bit ARM, whose every machine has fused multiply-add on 128 bits: two registers for each vector of eight, and twice as many
// registers as AVX2, so the same tiles fit. Its bits are those of "avx2".
#if defined(__aarch64__)
#define MADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#define LANES 8
#define DOT_TILE NULL
#define DOT_PANELS NULL
#define VARIANT ck_neon
#define VARIANT_NAME "neon"
#include "body.h"
#endif
