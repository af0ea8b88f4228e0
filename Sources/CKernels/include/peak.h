// What this machine can do at most: loops without memory traffic for its arithmetic, without arithmetic for its memory. The bench
// command divides by these figures.
#pragma once
#include <stddef.h>

/// GFLOP/s of fp32 multiply-adds on registers, with the widest instructions there are, on all threads at once: the best of
/// several tries within `seconds`. 0 when the threads cannot be started.
double ck_peak_fp32(int threads, double seconds);
/// The same of bf16 products added up in fp32; 0 where the processor has no AVX-512-BF16. (Tile instructions such as AMX are not
/// counted: nothing here uses them.)
double ck_peak_bf16(int threads, double seconds);
/// GB/s that all threads together read from memory, out of a buffer of at least `bytes` that no cache holds. 0 when there is no
/// memory for it.
double ck_peak_read(int threads, size_t bytes, double seconds);
/// The instructions that `ck_peak_fp32` uses: "avx512", "avx2" or "portable".
const char *ck_peak_instructions(void);
