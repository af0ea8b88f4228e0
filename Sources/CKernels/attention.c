// Attention: cuts the work into tasks of one block and one key/value head, and hands them to the pool.
#include <stdlib.h>

#include "kernels.h"
#include "variants/table.h"

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
