// Threads that take chunks of work as they become free: a busy neighbour then costs its share of the work and no more.
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "kernels.h"

struct ck_pool {
    int threads;
    pthread_t *workers;
    pthread_mutex_t lock;
    pthread_cond_t work, finished;
    unsigned long generation;  // counts calls; guarded by lock, as are the next three
    int active;                // workers inside the present call
    bool stopping;
    ck_task task;
    void *context;
    long chunks;
    atomic_ulong announced;  // the generation again, for workers that spin
    atomic_long next;
};

static void take_chunks(ck_pool *pool, ck_task task, void *context, long chunks) {
    for (;;) {
        long chunk = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (chunk >= chunks) return;
        task(context, chunk);
    }
}

static void *worker(void *argument) {
    ck_pool *pool = argument;
    unsigned long seen = 0;
    for (;;) {
        // The next call usually comes within microseconds: look a while before going to sleep.
        for (int spin = 0; spin < 4000 && atomic_load_explicit(&pool->announced, memory_order_relaxed) == seen; spin++)
#if defined(__x86_64__)
            __builtin_ia32_pause();
#else
            ;
#endif
        pthread_mutex_lock(&pool->lock);
        while (pool->generation == seen && !pool->stopping) pthread_cond_wait(&pool->work, &pool->lock);
        if (pool->stopping) {
            pthread_mutex_unlock(&pool->lock);
            return NULL;
        }
        seen = pool->generation;
        if (pool->task == NULL) {  // woke up after the call had ended
            pthread_mutex_unlock(&pool->lock);
            continue;
        }
        ck_task task = pool->task;
        void *context = pool->context;
        long chunks = pool->chunks;
        pool->active++;
        pthread_mutex_unlock(&pool->lock);
        take_chunks(pool, task, context, chunks);
        pthread_mutex_lock(&pool->lock);
        if (--pool->active == 0) pthread_cond_signal(&pool->finished);
        pthread_mutex_unlock(&pool->lock);
    }
}

ck_pool *ck_pool_create(int threads) {
    ck_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->finished, NULL);
    pool->threads = 1;
    pool->workers = calloc(threads > 1 ? threads - 1 : 1, sizeof(pthread_t));
    if (!pool->workers) {
        free(pool);
        return NULL;
    }
    // Fewer threads than asked for are no failure: results do not depend on their number.
    while (pool->threads < threads && pthread_create(&pool->workers[pool->threads - 1], NULL, worker, pool) == 0)
        pool->threads++;
    return pool;
}

void ck_pool_destroy(ck_pool *pool) {
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->threads - 1; i++) pthread_join(pool->workers[i], NULL);
    free(pool->workers);
    free(pool);
}

int ck_pool_threads(const ck_pool *pool) { return pool->threads; }

void ck_parallel(ck_pool *pool, long chunks, ck_task task, void *context) {
    if (chunks <= 0) return;
    if (pool->threads == 1 || chunks == 1) {
        for (long chunk = 0; chunk < chunks; chunk++) task(context, chunk);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->task = task;
    pool->context = context;
    pool->chunks = chunks;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    pool->generation++;
    atomic_store_explicit(&pool->announced, pool->generation, memory_order_relaxed);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    take_chunks(pool, task, context, chunks);
    // All chunks are handed out; wait for the workers that still compute one. A worker that comes later finds no task.
    pthread_mutex_lock(&pool->lock);
    while (pool->active > 0) pthread_cond_wait(&pool->finished, &pool->lock);
    pool->task = NULL;
    pthread_mutex_unlock(&pool->lock);
}
