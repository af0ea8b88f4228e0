// The inner loops, compiled once for each instruction set (avx2.c, portable.c ...), which defines MADD, VARIANT, VARIANT_NAME,
// DOT_TILE, DOT_PANELS and what products.h asks for before.
#include <stddef.h>

#include "table.h"
#include "bfloat16.h"
#include "vector.h"
#include "attention.h"
#include "attention_gradient.h"
#include "products.h"

// ---- Norms and gates

static void rms_norm(long width, float eps, const float *x, const float *weight, float *out, float *inverse_rms) {
    v8r sum = splat(0);
    for (long i = 0; i < width; i += 8) {
        v8r v = load_at(x, i, width, 0);
        sum = MADD(v, v, sum);
    }
    float inverse = 1.0f / sqrtf(lanes_sum(sum) / (float)width + eps);
    if (inverse_rms) *inverse_rms = inverse;
    for (long i = 0; i < width; i += 8)
        store_at(out, i, width, load_at(x, i, width, 0) * splat(inverse) * load_at(weight, i, width, 0));
}

static void rms_norm_backward(long width, const float *x, const float *weight, float inverse_rms, const float *dout, float *dx) {
    v8r dot = splat(0);
    for (long i = 0; i < width; i += 8)
        dot = MADD(load_at(dout, i, width, 0) * load_at(weight, i, width, 0), load_at(x, i, width, 0), dot);
    v8r shift = splat(lanes_sum(dot) * inverse_rms * inverse_rms / (float)width);
    for (long i = 0; i < width; i += 8) {
        v8r direct = load_at(dout, i, width, 0) * load_at(weight, i, width, 0);
        v8r d = (direct - load_at(x, i, width, 0) * shift) * splat(inverse_rms);
        store_at(dx, i, width, load_at(dx, i, width, 0) + d);
    }
}

inlined v8r sigmoid(v8r x) { return splat(1) / (splat(1) + vexp(-x)); }

static void swiglu(long width, const float *gate_up, float *h) {
    for (long i = 0; i < width; i += 8) {
        v8r gate = load_at(gate_up, i, width, 0), up = load_at(gate_up + width, i, width, 0);
        store_at(h, i, width, gate * sigmoid(gate) * up);
    }
}

static void swiglu_backward(long width, float *gate_up, const float *dh) {
    for (long i = 0; i < width; i += 8) {
        v8r gate = load_at(gate_up, i, width, 0), up = load_at(gate_up + width, i, width, 0);
        v8r d = load_at(dh, i, width, 0), s = sigmoid(gate);
        store_at(gate_up, i, width, d * up * s * (splat(1) + gate * (splat(1) - s)));
        store_at(gate_up + width, i, width, d * gate * s);
    }
}

// ---- Vocabulary and optimizer

static float largest(long n, const float *x) {
    v8r top = splat(-INFINITY);
    for (long i = 0; i < n; i += 8) top = vmax(top, load_at(x, i, n, -INFINITY));
    return lanes_max(top);
}

static float log_sum_exp(long n, const float *x) {
    float shift = largest(n, x);
    v8r sum = splat(0);
    for (long i = 0; i < n; i += 8) sum += vexp(load_at(x, i, n, -INFINITY) - splat(shift));
    return shift + logf(lanes_sum(sum));
}

// The sum of all has the bits of that in log_sum_exp if scale is 1.
static float exp_blocks(long n, const float *x, float shift, float scale, float *out, double *blocks) {
    v8r sum = splat(0);
    for (long first = 0; first < n; first += weight_block) {
        v8r part = splat(0);
        for (long i = first; i < n && i < first + weight_block; i += 8) {
            v8r e = vexp((load_at(x, i, n, -INFINITY) - splat(shift)) * splat(scale));
            store_at(out, i, n, e);
            sum += e;
            part += e;
        }
        blocks[first / weight_block] = lanes_sum(part);
    }
    return lanes_sum(sum);
}

static double mass_above(long n, const float *x, float limit, const float *weights, long *count) {
    double mass = 0;
    for (long first = 0; first < n; first += weight_block) {
        v8r part = splat(0);
        v8i found = {0};
        for (long i = first; i < n && i < first + weight_block; i += 8) {
            v8i above = load_at(x, i, n, NAN) >= splat(limit), bits;
            v8r w = load_at(weights, i, n, 0);
            memcpy(&bits, &w, sizeof bits);
            bits &= above;
            memcpy(&w, &bits, sizeof w);
            part += w;
            found -= above;
        }
        mass += lanes_sum(part);
        for (int lane = 0; lane < 8; lane++) *count += found[lane];
    }
    return mass;
}

static void softmax_gradient(long n, float g_sum, float lse, float *logits) {
    for (long i = 0; i < n; i += 8)
        store_at(logits, i, n, vexp(load_at(logits, i, n, 0) - splat(lse)) * splat(-g_sum));
}

static void adamw(long n, const ck_adam *p, float *weights, float *gradient, float *m, float *v) {
    const v8r b1 = splat(p->beta1), b2 = splat(p->beta2), c1 = splat(1 - p->beta1), c2 = splat(1 - p->beta2);
    const v8r keep = splat(1 - p->learning_rate * p->decay), rate = splat(p->learning_rate / p->correction1);
    const v8r root = splat(1 / p->correction2);
    for (long i = 0; i < n; i += 8) {
        v8r g = load_at(gradient, i, n, 0) * splat(p->gradient_scale);
        v8r first = b1 * load_at(m, i, n, 0) + c1 * g, second = b2 * load_at(v, i, n, 0) + c2 * (g * g);
        v8r step = rate * first / (__builtin_elementwise_sqrt(second * root) + splat(p->eps));
        store_at(m, i, n, first);
        store_at(v, i, n, second);
        store_at(weights, i, n, load_at(weights, i, n, 0) * keep - step);
        store_at(gradient, i, n, splat(0));
    }
}

const ck_variant VARIANT = {
    .name = VARIANT_NAME, .product_tile = product_tile, .dot_tile = DOT_TILE, .product_panels = product_panels,
    .dot_panels = DOT_PANELS, .round_pairs = round_pairs, .rms_norm = rms_norm,
    .rms_norm_backward = rms_norm_backward, .swiglu = swiglu, .swiglu_backward = swiglu_backward,
    .attention_scratch = attention_scratch, .attend_block = attend_block, .attend_gradient_queries = attend_gradient_queries,
    .attend_gradient_keys = attend_gradient_keys, .largest = largest, .log_sum_exp = log_sum_exp,
    .softmax_gradient = softmax_gradient, .exp_blocks = exp_blocks, .mass_above = mass_above, .adamw = adamw,
};
