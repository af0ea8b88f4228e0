// The inner loops, compiled once for each instruction set (avx2.c, portable.c ...), which defines MADD, VARIANT, VARIANT_NAME,
// DOT_TILE, DOT_PANELS and what products.h asks for before.
#include <stddef.h>

#include "table.h"
#include "bfloat16.h"
#include "vector.h"
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

// ---- Attention: keys are visited by absolute position, so the bits do not depend on how a sequence is cut into segments.

inlined float dot(long n, const float *a, const float *b) {
    v8r sum = splat(0);
    for (long i = 0; i < n; i += 8) sum = MADD(load_at(a, i, n, 0), load_at(b, i, n, 0), sum);
    return lanes_sum(sum);
}

inlined void add_scaled(long n, float scale, const float *x, float *y) {
    v8r s = splat(scale);
    for (long i = 0; i < n; i += 8) store_at(y, i, n, MADD(s, load_at(x, i, n, 0), load_at(y, i, n, 0)));
}

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

static float exp_shifted(long n, const float *x, float shift, float scale, float *out) {
    v8r sum = splat(0);
    for (long i = 0; i < n; i += 8) {
        v8r e = vexp((load_at(x, i, n, -INFINITY) - splat(shift)) * splat(scale));
        store_at(out, i, n, e);
        sum += e;
    }
    return lanes_sum(sum);
}

static void attend_row(const ck_attention *args, long row, long head, float *scores) {
    const long d = args->head, kv = head / (args->heads / args->kv_heads);
    const ck_attention_row *query = &args->row[row];
    const float *q = args->q + row * args->q_stride + head * d;
    const float scale = 1.0f / sqrtf((float)d);
    const long length = query->length;
    long j = 0;
    for (const ck_kv_segment *s = query->segments; j < length; s++) {
        const float *key = s->base + args->layer * s->layer_stride + kv * d;
        for (long i = 0; i < s->count && j < length; i++, j++, key += s->stride) scores[j] = dot(d, q, key) * scale;
    }
    v8r top = splat(-INFINITY);
    for (long i = 0; i < length; i += 8) top = vmax(top, load_at(scores, i, length, -INFINITY));
    const float shift = lanes_max(top);
    const float total = exp_shifted(length, scores, shift, 1, scores);
    float *out = args->out + (row * args->heads + head) * d;
    memset(out, 0, d * sizeof(float));
    j = 0;
    for (const ck_kv_segment *s = query->segments; j < length; s++) {
        const float *value = s->base + args->layer * s->layer_stride + s->v_offset + kv * d;
        for (long i = 0; i < s->count && j < length; i++, j++, value += s->stride) add_scaled(d, scores[j], value, out);
    }
    v8r inverse = splat(1.0f / total);
    for (long i = 0; i < d; i += 8) store_at(out, i, d, load_at(out, i, d, 0) * inverse);
    if (args->lse) args->lse[row * args->heads + head] = shift + logf(total);
}

// One sequence and one key/value head: nobody else writes these gradients, and queries come in order.
static void attend_backward(const ck_attention_gradient *args, long sequence, long kv_head, float *scratch) {
    const long d = args->head, group = args->heads / args->kv_heads;
    const long stride = (args->heads + 2 * args->kv_heads) * d;
    const long k_offset = (args->heads + kv_head) * d, v_offset = (args->heads + args->kv_heads + kv_head) * d;
    const float scale = 1.0f / sqrtf((float)d);
    const long first = args->first[sequence], end = args->first[sequence + 1];
    for (long row = first; row < end; row++) {
        memset(args->dqkv + row * stride + k_offset, 0, d * sizeof(float));
        memset(args->dqkv + row * stride + v_offset, 0, d * sizeof(float));
    }
    for (long row = first; row < end; row++)
        for (long head = kv_head * group; head < (kv_head + 1) * group; head++) {
            const float *q = args->qkv + row * stride + head * d;
            const float *dout = args->dout + (row * args->heads + head) * d;
            float *dq = args->dqkv + row * stride + head * d;
            const float lse = args->lse[row * args->heads + head];
            const float shared = dot(d, dout, args->out + (row * args->heads + head) * d);
            const long length = row - first + 1;
            for (long j = 0; j < length; j++) scratch[j] = dot(d, q, args->qkv + (first + j) * stride + k_offset) * scale;
            exp_shifted(length, scratch, lse, 1, scratch);
            memset(dq, 0, d * sizeof(float));
            for (long j = 0; j < length; j++) {
                const float *base = args->qkv + (first + j) * stride;
                float *dbase = args->dqkv + (first + j) * stride;
                const float p = scratch[j];
                const float ds = p * (dot(d, dout, base + v_offset) - shared) * scale;
                add_scaled(d, p, dout, dbase + v_offset);
                add_scaled(d, ds, q, dbase + k_offset);
                add_scaled(d, ds, base + k_offset, dq);
            }
        }
}

// ---- Vocabulary and optimizer

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
    .rms_norm_backward = rms_norm_backward, .swiglu = swiglu, .swiglu_backward = swiglu_backward, .attend_row = attend_row,
    .attend_backward = attend_backward, .largest = largest, .log_sum_exp = log_sum_exp, .softmax_gradient = softmax_gradient,
    .exp_blocks = exp_blocks, .mass_above = mass_above, .adamw = adamw,
};
