// Each measurement starts threads of its own, so that all of them have work for the whole time (a pool may hand two chunks to one
// thread), and takes the best of several short tries: a neighbour can only make a try slower.
#include "peak.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define UNROLLED _Pragma("clang loop unroll(full)")
enum { rounds = 2000, tries = 8, most_threads = 1024 };

/// Results go here, so that no loop can be left out.
static volatile float sink;

// ---- Arithmetic: each loop gives the operations it has done.

typedef double (*arithmetic)(long n);

// Twelve sums in flight cover the latency (4 cycles) of two units and fit 16 registers; multiplying by a little less than 1 keeps
// them finite.
#define ARITHMETIC(NAME, ATTRIBUTES, BYTES, STEP)                                                                            \
    ATTRIBUTES static double NAME(long n) {                                                                                  \
        typedef float vector __attribute__((vector_size(BYTES)));                                                            \
        vector a = {0}, b = {0}, sum[12] = {{0}};                                                                            \
        a += 0.999f;                                                                                                         \
        b += 0.001f;                                                                                                         \
        for (long i = 0; i < n; i++)                                                                                         \
            UNROLLED for (int j = 0; j < 12; j++) sum[j] = STEP;                                                             \
        for (int j = 0; j < 12; j++) sink = sum[j][0];                                                                       \
        return 2.0 * 12 * (BYTES / sizeof(float)) * (double)n;                                                               \
    }

#if defined(__x86_64__)
ARITHMETIC(fma_avx512, __attribute__((target("avx512f"))), 64, __builtin_elementwise_fma(sum[j], a, b))
ARITHMETIC(fma_avx2, __attribute__((target("avx2,fma"))), 32, __builtin_elementwise_fma(sum[j], a, b))
ARITHMETIC(portable, , 16, sum[j] * a + b)

// Longer latency than a multiply-add: 24 sums of the 32 registers.
__attribute__((target("avx512f,avx512bf16"))) static double dot_bf16(long n) {
    __m512bh a = (__m512bh)_mm512_set1_epi16(0x3a83), b = (__m512bh)_mm512_set1_epi16(0x3a83);  // about 0.001
    __m512 sum[24];
    UNROLLED for (int j = 0; j < 24; j++) sum[j] = _mm512_setzero_ps();
    for (long i = 0; i < n; i++)
        UNROLLED for (int j = 0; j < 24; j++) sum[j] = _mm512_dpbf16_ps(sum[j], a, b);
    UNROLLED for (int j = 0; j < 24; j++) sink = _mm512_cvtss_f32(sum[j]);
    return 2.0 * 24 * 32 * (double)n;
}
#elif defined(__aarch64__)
ARITHMETIC(portable, , 16, __builtin_elementwise_fma(sum[j], a, b))
#else
ARITHMETIC(portable, , 16, sum[j] * a + b)
#endif

static arithmetic fp32_loop(const char **name) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return *name = "avx512", fma_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return *name = "avx2", fma_avx2;
#endif
    return *name = "portable", portable;
}

// ---- Memory

// Whole cache lines; integer sums, because the compiler may add them in any order.
static double read_all(const uint64_t *p, size_t words) {
    typedef uint64_t vector __attribute__((vector_size(32), aligned(8), may_alias));
    vector sum[8] = {{0}};
    for (size_t i = 0; i + 32 <= words; i += 32)
        UNROLLED for (int j = 0; j < 8; j++) sum[j] += *(const vector *)(p + i + 4 * j);
    for (int j = 0; j < 8; j++) sink = (float)sum[j][0];
    return 8.0 * (double)words;
}

static size_t larger_than_caches(size_t bytes) {
    long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
    return cache > 0 && 4 * (size_t)cache > bytes ? 4 * (size_t)cache : bytes;
}

// ---- Threads

typedef struct {
    arithmetic work;         // arithmetic, or
    const uint64_t *memory;  // this thread's part of the buffer
    size_t words;
    double start, seconds;  // of the first try, and of each
    double rate[tries];     // result: operations or bytes by nanosecond
} job;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// All threads work in the same slots of time: no barrier has to know how many of them could be started.
static void *run(void *argument) {
    job *p = argument;
    for (int i = 0; i < tries; i++) {
        double begin, end = p->start + (i + 1) * p->seconds, done = 0, time;
        while (now() < end - p->seconds);
        time = begin = now();
        while (time < end) {
            done += p->work ? p->work(rounds) : read_all(p->memory, p->words);
            time = now();
        }
        if (time > begin) p->rate[i] = done / (time - begin) * 1e-9;
    }
    return NULL;
}

// The sum of the threads' rates in the best slot.
static double best(int threads, double seconds, arithmetic work, const uint64_t *memory, size_t words) {
    if (threads < 1 || threads > most_threads) return 0;
    pthread_t *handles = calloc((size_t)threads, sizeof *handles);
    job *jobs = calloc((size_t)threads, sizeof *jobs);
    double result = 0;
    if (handles && jobs) {
        int started = 0;
        for (double start = now() + 0.005; started < threads; started++) {
            size_t part = words / (size_t)threads;
            jobs[started] = (job){work, memory ? memory + (size_t)started * part : NULL, part, start, seconds / tries, {0}};
            if (pthread_create(&handles[started], NULL, run, &jobs[started]) != 0) break;
        }
        for (int i = 0; i < started; i++) pthread_join(handles[i], NULL);
        for (int t = 0; t < tries && started == threads; t++) {
            double sum = 0;
            for (int i = 0; i < threads; i++) sum += jobs[i].rate[t];
            if (sum > result) result = sum;
        }
    }
    free(handles);
    free(jobs);
    return result;
}

double ck_peak_fp32(int threads, double seconds) {
    const char *name;
    return best(threads, seconds, fp32_loop(&name), NULL, 0);
}

double ck_peak_bf16(int threads, double seconds) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bf16")) return best(threads, seconds, dot_bf16, NULL, 0);
#endif
    return 0;
}

double ck_peak_read(int threads, size_t bytes, double seconds) {
    bytes = larger_than_caches(bytes);
    uint64_t *memory = malloc(bytes);
    if (!memory) return 0;
    memset(memory, 1, bytes);  // until written, all pages are one page of zeros
    double result = best(threads, seconds, NULL, memory, bytes / sizeof *memory);
    free(memory);
    return result;
}

const char *ck_peak_instructions(void) {
    const char *name;
    fp32_loop(&name);
    return name;
}
