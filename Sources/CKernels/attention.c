// Attention: cuts the work into tasks of one block and one key/value head, and hands them to the pool.
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "variants/table.h"

typedef struct {
    const ck_kv_place *places;
    long rows, layer, kv_heads, head, stride;
    const float *kv;
} keep_args;
enum { kept_rows_per_chunk = 8, keys_per_panel = 16 };

static void keep_chunk(void *context, long chunk) {
    const keep_args *p = context;
    const long first = chunk * kept_rows_per_chunk, end = first + kept_rows_per_chunk;
    for (long r = first; r < end && r < p->rows; r++) {
        const ck_kv_place *place = &p->places[r];
        if (!place->base) continue;
        for (long h = 0; h < p->kv_heads; h++) {
            float *to = place->base + p->layer * place->layer_stride + h * place->head_stride;
            const float *key = p->kv + r * p->stride + h * p->head, *value = key + p->kv_heads * p->head;
            float *column = to + place->position / keys_per_panel * keys_per_panel * p->head + place->position % keys_per_panel;
            for (long i = 0; i < p->head; i++) column[i * keys_per_panel] = key[i];
            memcpy(to + place->v_offset + place->position * p->head, value, (size_t)p->head * sizeof *value);
        }
    }
}

void ck_keep_kv(ck_pool *pool, long rows, const ck_kv_place *places, long layer, long kv_heads, long head, const float *kv, long stride) {
    keep_args args = {places, rows, layer, kv_heads, head, stride, kv};
    ck_parallel(pool, (rows + kept_rows_per_chunk - 1) / kept_rows_per_chunk, keep_chunk, &args);
}

static float *scratch_memory(const ck_attention *args, long rows) {
    long floats = ck_active()->attention_scratch(rows * (args->heads / args->kv_heads), args->head);
    float *memory = aligned_alloc(64, ((size_t)floats * sizeof(float) + 63) / 64 * 64);
    if (!memory) abort();  // some hundred kilobytes: the process is lost anyway
    return memory;
}

static void attend_chunk(void *context, long chunk) {
    const ck_attention *args = context;
    const ck_attention_block *block = &args->block[chunk / args->kv_heads];
    float *memory = scratch_memory(args, block->rows);
    ck_active()->attend_block(args, block, chunk % args->kv_heads, memory);
    free(memory);
}

void ck_attend(ck_pool *pool, const ck_attention *args) {
    ck_parallel(pool, args->blocks * args->kv_heads, attend_chunk, (void *)args);
}

static void attend_gradient_chunk(void *context, long chunk) {
    const ck_attention_gradient *args = context;
    const ck_attention *forward = &args->forward;
    const long kv_head = chunk % forward->kv_heads, index = chunk / forward->kv_heads;
    float *memory = scratch_memory(forward, ck_query_block(forward->heads, forward->kv_heads));
    if (index < args->key_blocks)
        ck_active()->attend_gradient_keys(args, &args->key_block[index], kv_head, memory);
    else
        ck_active()->attend_gradient_queries(args, &forward->block[index - args->key_blocks], kv_head, memory);
    free(memory);
}

void ck_attend_backward(ck_pool *pool, const ck_attention_gradient *args) {
    ck_parallel(pool, (args->key_blocks + args->forward.blocks) * args->forward.kv_heads, attend_gradient_chunk, (void *)args);
}
