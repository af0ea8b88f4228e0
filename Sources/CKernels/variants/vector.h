// Eight floats at a time, in the compiler's own vector types: the same source serves every instruction set.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float v8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float v8r __attribute__((vector_size(32)));
typedef int32_t v8i __attribute__((vector_size(32)));

#define inlined static inline __attribute__((always_inline))

inlined v8r load(const float *p) { return *(const v8 *)p; }
inlined void store(float *p, v8r x) { *(v8 *)p = x; }
inlined v8r splat(float x) { return (v8r){x, x, x, x, x, x, x, x}; }
inlined v8r vmax(v8r a, v8r b) { return __builtin_elementwise_max(a, b); }
inlined v8r vmin(v8r a, v8r b) { return __builtin_elementwise_min(a, b); }

/// Adds the lanes in one fixed order.
inlined float lanes_sum(v8r x) { return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7])); }
inlined float lanes_max(v8r x) {
    float m = x[0];
    for (int i = 1; i < 8; i++) m = x[i] > m ? x[i] : m;
    return m;
}

/// e^x to about 2 units in the last place: 2^n times a polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2] (Taylor coefficients
/// are enough there). Below -87 the result is flushed to 0; NaN stays NaN.
inlined v8r vexp(v8r x) {
    v8r clamped = vmin(vmax(x, splat(-87.0f)), splat(88.0f));
    v8r n = __builtin_elementwise_roundeven(clamped * splat(1.44269504f));
    v8r r = MADD(n, splat(-0.693359375f), clamped);
    r = MADD(n, splat(2.12194440e-4f), r);
    v8r p = splat(1.0f / 5040);
    p = MADD(p, r, splat(1.0f / 720));
    p = MADD(p, r, splat(1.0f / 120));
    p = MADD(p, r, splat(1.0f / 24));
    p = MADD(p, r, splat(1.0f / 6));
    p = MADD(p, r, splat(0.5f));
    p = MADD(p, r, splat(1.0f));
    p = MADD(p, r, splat(1.0f));
    v8i exponent = (__builtin_convertvector(n, v8i) + 127) << 23;
    v8r scale;
    memcpy(&scale, &exponent, sizeof scale);
    v8i alive = (x > splat(-87.0f)) | (x != x);
    v8r result = p * scale + (x - x);  // x - x keeps NaN
    v8i bits;
    memcpy(&bits, &result, sizeof bits);
    bits &= alive;
    memcpy(&result, &bits, sizeof result);
    return result;
}

/// The last n < 8 floats, the other lanes filled with `fill`.
inlined v8r load_tail(const float *p, long n, float fill) {
    float buffer[8];
    for (int i = 0; i < 8; i++) buffer[i] = i < n ? p[i] : fill;
    return load(buffer);
}
inlined void store_tail(float *p, long n, v8r x) {
    float buffer[8];
    store(buffer, x);
    for (long i = 0; i < n; i++) p[i] = buffer[i];
}
/// Loads 8 floats, or the tail of a row of `width` at i.
inlined v8r load_at(const float *p, long i, long width, float fill) {
    return i + 8 <= width ? load(p + i) : load_tail(p + i, width - i, fill);
}
inlined void store_at(float *p, long i, long width, v8r x) {
    if (i + 8 <= width) store(p + i, x);
    else store_tail(p + i, width - i, x);
}
