// The arithmetic of avx512bf16.c in plain C, so that its layout and loops can be tested on any machine.
//
// VDPBF16PS adds the products of the odd elements of each pair first, then those of the even ones, each with one rounding to
// nearest even whatever MXCSR says; denormal inputs count as zero and denormal results become zero (Intel 64 and IA-32
// Architectures Software Developer's Manual, volume 2, VDPBF16PS). A product of two bf16 numbers is exact in float32 unless it
// leaves the range of normal numbers, so multiplying and adding apart rounds once, as the instruction does.
#define MADD(a, b, c) ((a) * (b) + (c))
#define LANES 8
#define DOT_TILE dot_tile
#define DOT_PANELS dot_panels
#define VARIANT ck_avx512bf16_emulated
#define VARIANT_NAME "avx512bf16-emulated"
#include "bfloat16.h"
#include "vector.h"

typedef struct {
    float lane[16];
} sums;
typedef struct {
    uint32_t lane[16];
} pairs;

inlined float without_denormals(float x) { return __builtin_fabsf(x) < 0x1p-126f ? __builtin_copysignf(0, x) : x; }
inlined float half_of(uint32_t pair, int odd) { return without_denormals(bf16_widen((uint16_t)(odd ? pair >> 16 : pair))); }

inlined sums no_sums(void) { return (sums){{0}}; }
inlined pairs load_pairs(const uint32_t *p) {
    pairs result;
    memcpy(&result, p, sizeof result);
    return result;
}
inlined pairs broadcast_pair(const uint32_t *p) {
    pairs result;
    for (int i = 0; i < 16; i++) result.lane[i] = *p;
    return result;
}
inlined sums dot_add(sums sum, pairs a, pairs b) {
    for (int odd = 1; odd >= 0; odd--)
        for (int i = 0; i < 16; i++)
            sum.lane[i] = without_denormals(sum.lane[i] + half_of(a.lane[i], odd) * half_of(b.lane[i], odd));
    return sum;
}
inlined sums scaled(sums sum, float by) {
    for (int i = 0; i < 16; i++) sum.lane[i] *= by;
    return sum;
}
inlined sums added(sums sum, const float *p) {
    for (int i = 0; i < 16; i++) sum.lane[i] = p[i] + sum.lane[i];
    return sum;
}
inlined void store_sums(float *p, sums sum) { memcpy(p, &sum, sizeof sum); }

#include "dot.h"
#include "body.h"
