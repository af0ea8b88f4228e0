// Prints a digest of what each kernel computes from fixed inputs, one line each. Two variants that promise the same bits must print
// the same lines, whatever machine they run on: usage: digest VARIANT.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

static uint64_t state;

static float noise(void) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (float)((double)(state >> 11) / (1ull << 53) * 2 - 1);
}

static float *random_floats(long count, float scale) {
    float *values = ck_allocate(count * (long)sizeof *values);
    if (!values) abort();
    for (long i = 0; i < count; i++) values[i] = noise() * scale;
    return values;
}

static float *zeros(long count) {
    float *values = ck_allocate(count * (long)sizeof *values);
    if (!values) abort();
    return values;
}

// FNV-1a over the bits (Fowler, Noll and Vo).
static void print_digest(const char *name, const void *values, long bytes) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (long i = 0; i < bytes; i++) hash = (hash ^ ((const unsigned char *)values)[i]) * 0x100000001b3u;
    printf("%-28s %016llx\n", name, (unsigned long long)hash);
}
#define DIGEST(name, values, count) print_digest(name, values, (long)sizeof *(values) * (count))

static void products(ck_pool *pool) {
    const long k = 77, n = 83;
    for (int format = ck_float_rows; format <= ck_bf16_panels; format++)
        for (long m = 1; m <= 13; m += 4) {
            float *a = random_floats(m * k, 1), *b = random_floats(k * n, 1), *c = random_floats(m * n, 1);
            void *packed = b;
            if (format != ck_float_rows) {
                packed = zeros((ck_packed_bytes(format, k, n) + 3) / 4);
                ck_pack(pool, format, k, (ck_block){0, k, 0, n, b, n, 1}, packed);
            }
            const ck_product product = {m, n, k, a, k, 1, {packed, n, format}, c, n, 0.5f, true};
            ck_multiply(pool, 1, &product);
            char name[64];
            snprintf(name, sizeof name, "product format %d rows %ld", format, m);
            DIGEST(name, c, m * n);
        }
}

static void rows(ck_pool *pool) {
    const long rows = 9, width = 69, heads = 3, head = 22;
    float *x = random_floats(rows * width, 2), *weight = random_floats(width, 1), *out = zeros(rows * width), *rms = zeros(rows);
    ck_rms_norm(pool, rows, width, 1e-5f, x, weight, out, rms);
    DIGEST("rms_norm", out, rows * width);
    float *dx = random_floats(rows * width, 1), *dout = random_floats(rows * width, 1);
    ck_rms_norm_backward(pool, rows, width, x, weight, rms, dout, dx);
    DIGEST("rms_norm_backward", dx, rows * width);
    float *gate_up = random_floats(rows * 2 * width, 3);
    ck_swiglu(pool, rows, width, gate_up, out);
    DIGEST("swiglu", out, rows * width);
    ck_swiglu_backward(pool, rows, width, gate_up, dout);
    DIGEST("swiglu_backward", gate_up, rows * 2 * width);
    // Turns that need no cosine of the machine's library.
    float *turns = zeros(16 * head), *q = random_floats(rows * heads * head, 1);
    for (long i = 0; i < 16 * head; i += 2) turns[i] = 0.6f, turns[i + 1] = 0.8f;
    const int32_t positions[] = {0, 1, 2, 3, 4, 5, 6, 7, 15};
    ck_rope(pool, rows, heads, head, heads * head, positions, turns, -1, q);
    DIGEST("rope", q, rows * heads * head);
}

static void attention(ck_pool *pool, long heads, long kv_heads, long head) {
    const long rows = 150, stride = (heads + 2 * kv_heads) * head, block_rows = 16, page = 64;
    float *qkv = random_floats(rows * stride, 2), *out = zeros(rows * heads * head), *lse = zeros(rows * heads);
    const ck_kv_segment segment = {qkv + heads * head, 0, head, stride, kv_heads * head, (int32_t)rows, false};
    ck_attention_block blocks[16];
    ck_key_block keys[4];
    long count = 0, key_count = 0;
    for (long r = 0; r < rows; r += block_rows)
        blocks[count++] = (ck_attention_block){&segment, (int32_t)r, (int32_t)(rows - r < block_rows ? rows - r : block_rows), (int32_t)r + 1};
    for (long r = 0; r < rows; r += ck_key_block_rows)
        keys[key_count++] = (ck_key_block){(int32_t)r, (int32_t)(rows - r < ck_key_block_rows ? rows - r : ck_key_block_rows), (int32_t)rows};
    ck_attention forward = {count, heads, kv_heads, head, 0, blocks, qkv, stride, out, lse};
    ck_attend(pool, &forward);
    DIGEST("attention", out, rows * heads * head);
    DIGEST("attention: normalizers", lse, rows * heads);
    float *dout = random_floats(rows * heads * head, 1), *dqkv = zeros(rows * stride);
    const ck_attention_gradient gradient = {forward, key_count, keys, dout, dqkv, stride};
    ck_attend_backward(pool, &gradient);
    DIGEST("attention backward", dqkv, rows * stride);

    // The same from the cache.
    const long page_floats = 2 * page * kv_heads * head, pages = (rows + page - 1) / page;
    float *cache = zeros(pages * page_floats);
    ck_kv_place *places = calloc((size_t)rows, sizeof *places);
    ck_kv_segment segments[4];
    if (!places) abort();
    for (long r = 0; r < rows; r++)
        places[r] = (ck_kv_place){cache + r / page * page_floats, 0, 2 * page * head, page * head, r % page};
    for (long p = 0; p < pages; p++)
        segments[p] = (ck_kv_segment){cache + p * page_floats, 0, 2 * page * head, head, page * head,
                                      (int32_t)(rows - p * page < page ? rows - p * page : page), true};
    ck_keep_kv(pool, rows, places, 0, kv_heads, head, qkv + heads * head, stride);
    for (long i = 0; i < count; i++) blocks[i].segments = segments;
    memset(out, 0, (size_t)(rows * heads * head) * sizeof *out);
    ck_attend(pool, &forward);
    DIGEST("attention from the cache", out, rows * heads * head);
    free(places);
}

static void vocabulary(ck_pool *pool) {
    const long rows = 3, size = 1003;
    float *logits = random_floats(rows * size, 6), *lse = zeros(rows);
    ck_log_sum_exp(pool, rows, size, logits, lse);
    DIGEST("log_sum_exp", lse, rows);
    ck_draw draws[3];
    for (int r = 0; r < 3; r++) draws[r] = (ck_draw){.temperature = 0.7f * (float)r, .top_p = 0.9f, .top_k = 40, .uniform = 0.4f};
    ck_sample(pool, rows, size, logits, draws);
    for (int r = 0; r < 3; r++) DIGEST("sample: token", &draws[r].token, 1);
    const int32_t targets[] = {5, 700, 1002};
    const float g[] = {-1, 0.5f, 2};
    ck_logits_gradient(pool, rows, size, 1, targets, g, lse, logits);
    DIGEST("logits gradient", logits, rows * size);
}

static void optimizer(ck_pool *pool) {
    const long n = 1001;
    float *weights = random_floats(n, 1), *gradient = random_floats(n, 1), *m = random_floats(n, 0.1f), *v = zeros(n);
    const ck_adam params = {1e-3f, 0.9f, 0.95f, 1e-8f, 0.01f, 0.1f, 0.05f, 0.5f};
    ck_adamw(pool, n, &params, weights, gradient, m, v);
    DIGEST("adamw", weights, n);
    DIGEST("adamw: moments", v, n);
}

int main(int count, char **arguments) {
    if (count != 2 || !ck_use_instruction_set(arguments[1])) {
        fprintf(stderr, "this machine has no variant '%s'\n", count == 2 ? arguments[1] : "");
        return 1;
    }
    state = 88172645463325252u;
    ck_pool *pool = ck_pool_create(2);
    if (!pool) return 1;
    products(pool);
    rows(pool);
    attention(pool, 9, 3, 64);
    attention(pool, 4, 2, 6);
    vocabulary(pool);
    optimizer(pool);
    ck_pool_destroy(pool);
    return 0;
}
