// Threads that take chunks of work as they become free: a busy neighbour then costs its share of the work and no more.
//
// Everything turns on `remaining`. Whoever lowers it holds a chunk of the present call, and the call cannot end before that chunk
// is counted in `unfinished`; so a thread that comes late either gets a chunk, and then finds the call's task in place, or sees
// that none is left, and touches nothing.
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "kernels.h"
#include "pool.h"

// Some 50 to 100 microseconds: calls follow each other faster than that while a model is computed, and a sleeping thread takes
// about as long to wake.
enum { spins = 2000, line = 64 };

typedef struct {
    ck_pool *pool;
    int index;  // from 1; the caller is thread 0
    pthread_t thread;
} ck_worker;

struct ck_pool {
    int threads;
    ck_worker *workers;
    atomic_int *processors;  // where each thread was when it last began to work
    void *scratch;
    long scratch_bytes;
    // The present call.
    ck_task task;
    void *context;
    long chunks;
    _Alignas(line) atomic_long remaining;   // chunks that nobody has taken
    _Alignas(line) atomic_long unfinished;  // chunks that are not done
    // Threads that found nothing to do for a while sleep here.
    _Alignas(line) pthread_mutex_t lock;
    pthread_cond_t work, finished;
    atomic_int sleeping;        // workers that wait for `work`; changed under the lock
    atomic_bool caller_sleeps;  // whether the caller waits for `finished`
    atomic_bool stopping;
#if defined(__linux__)
    cpu_set_t allowed;  // the processors that the process may use
#endif
};

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Does chunks until none is left.
static void take_chunks(ck_pool *pool) {
    long done = 0, left = atomic_load_explicit(&pool->remaining, memory_order_relaxed);
    while (left > 0)
        if (atomic_compare_exchange_weak_explicit(&pool->remaining, &left, left - 1, memory_order_acquire, memory_order_relaxed)) {
            pool->task(pool->context, pool->chunks - left);
            done++;
            left--;
        }
    // Sequentially consistent with `caller_sleeps`: either the caller sees that all is done, or we see that it sleeps.
    if (done > 0 && atomic_fetch_sub(&pool->unfinished, done) == done && atomic_load(&pool->caller_sleeps)) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_signal(&pool->finished);
        pthread_mutex_unlock(&pool->lock);
    }
}

// On a machine with other work the scheduler may leave two threads of a pool on one processor for many seconds, each waiting for
// the other to be preempted, while it runs something else on the next: then half of the pool is lost. A thread that finds itself
// where a thread before it works moves to a processor of the process that the pool does not use.
#if defined(__linux__)
static void spread(ck_pool *pool, int index) {
    const int here = sched_getcpu();
    atomic_store_explicit(&pool->processors[index], here, memory_order_relaxed);
    for (int i = 0; i < index; i++) {
        if (here < 0 || atomic_load_explicit(&pool->processors[i], memory_order_relaxed) != here) continue;
        cpu_set_t free_ones = pool->allowed;
        for (int j = 0; j < pool->threads; j++) {
            const int used = atomic_load_explicit(&pool->processors[j], memory_order_relaxed);
            if (used >= 0 && used < CPU_SETSIZE) CPU_CLR(used, &free_ones);
        }
        if (CPU_COUNT(&free_ones) > 0 && sched_setaffinity(0, sizeof free_ones, &free_ones) == 0)
            atomic_store_explicit(&pool->processors[index], sched_getcpu(), memory_order_relaxed);
        return;
    }
}
#else
static void spread(ck_pool *pool, int index) { (void)pool, (void)index; }
#endif

static void *work(void *argument) {
    const ck_worker *self = argument;
    ck_pool *pool = self->pool;
    while (!atomic_load_explicit(&pool->stopping, memory_order_relaxed)) {
        for (int spin = 0; spin < spins && atomic_load_explicit(&pool->remaining, memory_order_relaxed) == 0; spin++)
            pause_briefly();
        if (atomic_load_explicit(&pool->remaining, memory_order_relaxed) == 0) {
            pthread_mutex_lock(&pool->lock);
            // Sequentially consistent with `remaining`: either we see the new call, or its caller sees us sleep.
            atomic_fetch_add(&pool->sleeping, 1);
            while (atomic_load(&pool->remaining) == 0 && !atomic_load(&pool->stopping))
                pthread_cond_wait(&pool->work, &pool->lock);
            atomic_fetch_sub(&pool->sleeping, 1);
            pthread_mutex_unlock(&pool->lock);
        }
        spread(pool, self->index);
        take_chunks(pool);
    }
    return NULL;
}

ck_pool *ck_pool_create(int threads) {
    ck_pool *pool = ck_allocate(sizeof *pool);
    if (!pool) return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->finished, NULL);
    pool->threads = 1;
    const int wanted = threads > 1 ? threads : 1;
    pool->workers = calloc(wanted, sizeof *pool->workers);
    pool->processors = malloc(wanted * sizeof *pool->processors);
    if (!pool->workers || !pool->processors) {
        ck_pool_destroy(pool);
        return NULL;
    }
    for (int i = 0; i < wanted; i++) {
        pool->workers[i] = (ck_worker){.pool = pool, .index = i};
        atomic_init(&pool->processors[i], -1);
    }
#if defined(__linux__)
    if (sched_getaffinity(0, sizeof pool->allowed, &pool->allowed) != 0) CPU_ZERO(&pool->allowed);
#endif
    // Fewer threads than asked for are no failure: results do not depend on their number.
    while (pool->threads < wanted &&
           pthread_create(&pool->workers[pool->threads].thread, NULL, work, &pool->workers[pool->threads]) == 0)
        pool->threads++;
    return pool;
}

void ck_pool_destroy(ck_pool *pool) {
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stopping, true);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 1; i < pool->threads; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->finished);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool->processors);
    if (pool->scratch) ck_free(pool->scratch, pool->scratch_bytes);
    ck_free(pool, sizeof *pool);
}

int ck_pool_threads(const ck_pool *pool) { return pool->threads; }

void *ck_pool_scratch(ck_pool *pool, long bytes) {
    if (bytes > pool->scratch_bytes) {
        if (pool->scratch) ck_free(pool->scratch, pool->scratch_bytes);
        pool->scratch = ck_allocate(bytes);
        if (!pool->scratch) abort();  // a few megabytes: the process is lost anyway
        pool->scratch_bytes = bytes;
    }
    return pool->scratch;
}

void ck_parallel(ck_pool *pool, long chunks, ck_task task, void *context) {
    if (chunks <= 0) return;
    if (!pool || pool->threads == 1 || chunks == 1) {
        for (long chunk = 0; chunk < chunks; chunk++) task(context, chunk);
        return;
    }
    spread(pool, 0);
    pool->task = task;
    pool->context = context;
    pool->chunks = chunks;
    atomic_store_explicit(&pool->unfinished, chunks, memory_order_relaxed);
    atomic_store(&pool->remaining, chunks);
    if (atomic_load(&pool->sleeping) > 0) {
        pthread_mutex_lock(&pool->lock);
        const int sleeping = atomic_load(&pool->sleeping);
        if (sleeping < chunks) pthread_cond_broadcast(&pool->work);
        else
            for (long chunk = 1; chunk < chunks; chunk++) pthread_cond_signal(&pool->work);
        pthread_mutex_unlock(&pool->lock);
    }
    take_chunks(pool);
    // All chunks are taken; others may still compute theirs.
    for (int spin = 0; spin < spins && atomic_load_explicit(&pool->unfinished, memory_order_acquire) > 0; spin++) pause_briefly();
    if (atomic_load_explicit(&pool->unfinished, memory_order_acquire) == 0) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->caller_sleeps, true);
    while (atomic_load(&pool->unfinished) > 0) pthread_cond_wait(&pool->finished, &pool->lock);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->lock);
}
