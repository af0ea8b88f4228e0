// The engine's arithmetic. Every routine sums in an order that depends on the shapes of one output alone, never on how many
// rows are computed together or by how many threads: a row has the same bits in any batch. That is the promise of batch
// invariance (design decision 3); keep it when you make anything here faster.
//
// Matrices are row-major float32, and frozen weights bf16 if wanted; sums are always float32. "Rows" are tokens: sequences laid one
// after another without padding.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// ---- Memory --------------------------------------------------------------------------------------------------------------

/// Zeroed memory that begins on a cache line, on huge pages where it is large; NULL when there is none left.
void *ck_allocate(long bytes);
/// Frees what was allocated with so many bytes.
void ck_free(void *memory, long bytes);

// ---- Threads -------------------------------------------------------------------------------------------------------------

typedef struct ck_pool ck_pool;

/// A pool of `threads` threads, the caller's included; NULL when none can be started.
ck_pool *ck_pool_create(int threads);
void ck_pool_destroy(ck_pool *pool);
int ck_pool_threads(const ck_pool *pool);

typedef void (*ck_task)(void *context, long chunk);
/// Runs task(context, 0 ..< chunks) on all threads, handing out chunks as threads become free, and returns when all are done.
void ck_parallel(ck_pool *pool, long chunks, ck_task task, void *context);

/// The instruction set in use: "avx512bf16", "avx2", "neon" or "portable".
const char *ck_instruction_set(void);
/// For tests: compute with this variant from now on, or with the best one again (NULL). False if this machine has not got it.
/// "avx512bf16-emulated" does in plain C what "avx512bf16" does.
bool ck_use_instruction_set(const char *name);

// ---- Matrix products -----------------------------------------------------------------------------------------------------

/// Columns of a packed panel.
enum { ck_panel = 16 };

/// How a matrix [k x n] lies in memory: plain rows of float32, or panels of 16 columns, zero-padded, of float32 or of bf16. Panels
/// hold k rows of 16 numbers, those of bf16 (k + 1) / 2 rows of 16 pairs: the numbers of an even k and of the next.
typedef enum { ck_float_rows, ck_float_panels, ck_bf16_panels } ck_format;

/// The right-hand side of a product.
typedef struct {
    const void *data;
    long stride;  // floats from row to row of ck_float_rows
    ck_format format;
} ck_operand;

/// A block of a matrix: its element (i, j) is source[i * k_stride + j * n_stride] and stands at (first_k + i, first_n + j).
typedef struct {
    long first_k, k, first_n, n;
    const float *source;
    long k_stride, n_stride;
} ck_block;

/// Bytes that a packed [k x n] matrix takes.
long ck_packed_bytes(ck_format format, long k, long n);
/// Packs a block of a matrix of k rows into memory that was zero; bf16 is rounded to nearest even. Without a pool on this thread.
void ck_pack(ck_pool *pool, ck_format format, long k, ck_block block, void *packed);
/// out[r] = row ids[r] of a packed [k x n] matrix, rows of n floats.
void ck_gather(long count, const int32_t *ids, long k, long n, ck_operand table, float *out);

/// c = alpha * a b, or c += alpha * a b with `accumulate`; a is [m x k] with element (i, j) at a[i * a_row + j * a_column], c is
/// [m x n] with rows of c_stride floats. Each element is one sum over k in ascending order. With bf16 weights a is float32, too,
/// except on machines with dot products of bf16 pairs: there it is rounded to bf16, once for each call.
typedef struct {
    long m, n, k;
    const float *a;
    long a_row, a_column;
    ck_operand b;
    float *c;
    long c_stride;
    float alpha;
    bool accumulate;
} ck_product;

/// Computes products that do not depend on each other, side by side.
void ck_multiply(ck_pool *pool, long count, const ck_product *products);

// ---- Pieces of the transformer ---------------------------------------------------------------------------------------------

/// out = x / rms(x) * weight by row; inverse_rms [rows] is kept for the backward pass.
void ck_rms_norm(ck_pool *pool, long rows, long width, float eps, const float *x, const float *weight, float *out,
                 float *inverse_rms);
/// dx += the gradient of the norm's input, given that of its output.
void ck_rms_norm_backward(ck_pool *pool, long rows, long width, const float *x, const float *weight, const float *inverse_rms,
                          const float *dout, float *dx);

/// Rotates adjacent pairs of each head in place: `heads` heads of `head` floats at x[row * stride]. table holds cos and sin of
/// each position and pair: [positions x head / 2 x 2]. direction -1 rotates back (the backward pass).
void ck_rope(ck_pool *pool, long rows, long heads, long head, long stride, const int32_t *positions, const float *table,
             float direction, float *x);

/// h = silu(gate) * up; gate_up holds [gate | up] by row, h has `width` columns.
void ck_swiglu(ck_pool *pool, long rows, long width, const float *gate_up, float *h);
/// Replaces gate_up by its gradient, given that of h.
void ck_swiglu_backward(ck_pool *pool, long rows, long width, float *gate_up, const float *dh);

// ---- Attention -------------------------------------------------------------------------------------------------------------

/// A run of keys and values of one sequence. Those of head h in layer l begin at base + l * layer_stride + h * head_stride; value j
/// is at v_offset + j * stride from there, and key j at j * stride, or with `in_panels` column j % 16 of panel j / 16 [head x 16].
typedef struct {
    const float *base;
    long layer_stride;
    long head_stride;
    long stride;
    long v_offset;
    int32_t count;
    bool in_panels;
} ck_kv_segment;

/// Where the cache keeps a row's key and value: as position `position` of a segment in panels, whose values are `head` floats
/// apart. Without a base, nowhere.
typedef struct {
    float *base;
    long layer_stride;
    long head_stride;
    long v_offset;
    long position;
} ck_kv_place;

/// Keeps the keys and values of a layer: row r's [k | v], kv_heads * head each, at kv + r * stride.
void ck_keep_kv(ck_pool *pool, long rows, const ck_kv_place *places, long layer, long kv_heads, long head, const float *kv, long stride);

/// Adjacent query rows of one sequence: row first_row + i sees the first `length + i` keys of the segments.
typedef struct {
    const ck_kv_segment *segments;
    int32_t first_row, rows, length;
} ck_attention_block;

/// The most rows of a block: enough query heads to share a tile of keys, few enough for the cache.
static inline long ck_query_block(long heads, long kv_heads) {
    long rows = 48 * kv_heads / heads;
    return rows > 16 ? rows : 16;
}

typedef struct {
    long blocks, heads, kv_heads, head, layer;
    const ck_attention_block *block;
    const float *q;  // [rows x q_stride], heads * head used
    long q_stride;
    float *out;  // [rows x heads * head]
    float *lse;  // [rows x heads], the log of the softmax's denominator; may be NULL
} ck_attention;

/// Causal attention with grouped heads. Scores are never stored beyond a tile. Blocks are computed in parallel, the first ones
/// first; their order and sizes change no bit.
void ck_attend(ck_pool *pool, const ck_attention *args);

enum { ck_key_block_rows = 64 };
/// Adjacent keys of one node of a prefix tree, at most 64, and the end of the rows that see them: its own rows from each key on,
/// and those of the nodes below, which follow (rows stand in depth-first order).
typedef struct {
    int32_t first_row, count, end_row;
} ck_key_block;

/// The backward pass of ck_attend over whole trees of sequences, whose keys and values stand beside the queries: forward.q and
/// dqkv hold [q | k | v] by row. Sums over rows have the order of the rows.
typedef struct {
    ck_attention forward;  // with its results in out and lse
    long key_blocks;
    const ck_key_block *key_block;
    const float *dout;
    float *dqkv;
    long dqkv_stride;
} ck_attention_gradient;
void ck_attend_backward(ck_pool *pool, const ck_attention_gradient *args);

// ---- Vocabulary --------------------------------------------------------------------------------------------------------------

/// lse[r] = log of the sum of exp(logits[r]).
void ck_log_sum_exp(ck_pool *pool, long rows, long vocabulary, const float *logits, float *lse);
/// Replaces logits[r] by the gradient of sum_k g[r,k] * logprob(target[r,k]): sum_k g (onehot - softmax).
void ck_logits_gradient(ck_pool *pool, long rows, long vocabulary, long targets, const int32_t *target, const float *g,
                        const float *lse, float *logits);

typedef struct {
    float temperature;  // 0: the likeliest token, the lowest id among equals
    float top_p;
    int32_t top_k;  // below 1: all
    float uniform;  // in [0, 1)
    int32_t token;  // result; -1 if the logits have NaN or infinity, or only impossible tokens
    float logprob;  // result, at temperature 1
} ck_draw;
/// Draws one token for each row of logits: of the softmax at a temperature the top_k likeliest are kept, and of these, by their share
/// of what is kept, the fewest that reach top_p.
void ck_sample(ck_pool *pool, long rows, long vocabulary, const float *logits, ck_draw *draws);

// ---- Optimizer ---------------------------------------------------------------------------------------------------------------

typedef struct {
    float learning_rate, beta1, beta2, eps, decay;
    float correction1, correction2;  // 1 - beta^step
    float gradient_scale;            // from clipping
} ck_adam;
/// One AdamW step on n weights; clears the gradient.
void ck_adamw(ck_pool *pool, long n, const ck_adam *params, float *weights, float *gradient, float *m, float *v);
/// The sum of squares, in double, in ascending order of blocks.
double ck_sum_of_squares(long n, const float *x);
