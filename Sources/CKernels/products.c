// Matrix products: packing, and cutting the work into chunks of register tiles.
#include <stdlib.h>

#include "kernels.h"
#include "pool.h"
#include "variants/bfloat16.h"
#include "variants/table.h"

// ---- Packing. Panel p holds columns 16p ..< 16p + 16: in float32 as k rows of 16, in bf16 as (k + 1) / 2 rows of 16 pairs.

static long panels(long n) { return (n + ck_panel - 1) / ck_panel; }
static long min(long a, long b) { return a < b ? a : b; }

/// Elements of 4 bytes in one panel.
static long panel_size(ck_format format, long k) { return (format == ck_bf16_panels ? (k + 1) / 2 : k) * ck_panel; }

long ck_packed_bytes(ck_format format, long k, long n) { return panels(n) * panel_size(format, k) * 4; }

typedef struct {
    ck_format format;
    long k, first_panel;
    ck_block block;
    void *packed;
} pack_args;

static void pack_panel(void *context, long chunk) {
    const pack_args *p = context;
    const ck_block *block = &p->block;
    const long panel = p->first_panel + chunk, first = panel * ck_panel;
    const long begin = first > block->first_n ? first : block->first_n, end = min(first + ck_panel, block->first_n + block->n);
    float *floats = (float *)p->packed + panel * panel_size(p->format, p->k);
    uint16_t *halves = (uint16_t *)floats;
    for (long i = 0; i < block->k; i++) {
        const long k = block->first_k + i;
        for (long n = begin; n < end; n++) {
            const float value = block->source[i * block->k_stride + (n - block->first_n) * block->n_stride];
            if (p->format == ck_bf16_panels) halves[(k / 2 * ck_panel + n - first) * 2 + k % 2] = bf16_round(value);
            else floats[k * ck_panel + n - first] = value;
        }
    }
}

void ck_pack(ck_pool *pool, ck_format format, long k, ck_block block, void *packed) {
    if (block.n <= 0) return;
    pack_args args = {format, k, block.first_n / ck_panel, block, packed};
    ck_parallel(pool, (block.first_n + block.n - 1) / ck_panel - args.first_panel + 1, pack_panel, &args);
}

void ck_gather(long count, const int32_t *ids, long k, long n, ck_operand table, float *out) {
    const long size = panel_size(table.format, k);
    for (long r = 0; r < count; r++, out += n)
        for (long first = 0; first < n; first += ck_panel) {
            const float *floats = (const float *)table.data + first / ck_panel * size + (long)ids[r] * ck_panel;
            const uint16_t *halves = (const uint16_t *)((const float *)table.data + first / ck_panel * size);
            halves += ids[r] / 2 * ck_panel * 2 + ids[r] % 2;
            for (long j = 0; j < ck_panel && first + j < n; j++)
                out[first + j] = table.format == ck_bf16_panels ? bf16_widen(halves[2 * j]) : floats[j];
        }
}

// ---- Products

// Rows of a block stay in the second-level cache while the panels pass by: so many bytes of them.
static const long block_bytes = 160 << 10;
// A chunk takes at least some 4 microseconds on one core, the time of so many multiply-adds or of reading so many bytes of weights:
// enough to forget the hand-out. Where there is more work, it is cut into so many chunks for each thread: few enough that a thread
// reads panels in a row, many enough to share evenly with a busy neighbour.
static const long chunk_multiplies = 200000, chunk_weight_bytes = 80000, chunks_per_thread = 8;
enum { products_at_once = 64 };

typedef struct {
    const ck_product *product;
    long first_chunk, row_blocks, rows_per_block, panels_per_chunk;
    const uint32_t *pairs;  // the rows of a, rounded to bf16 pairs, where the variant multiplies those
} planned;

typedef struct {
    const ck_variant *variant;
    long count;
    planned items[products_at_once];
} plan;

/// Rows of the next tile when `rows` are left: as even as possible, since 4 + 4 is faster than 6 + 2.
static int tile_rows(long rows) {
    const long tiles = (rows + most_tile_rows - 1) / most_tile_rows;
    return (int)((rows + tiles - 1) / tiles);
}

static void compute_tile(const ck_variant *variant, const planned *item, int rows, int count, const ck_tile *tile) {
    if (item->pairs) variant->dot_tile(rows, count, tile);
    else variant->product_tile(rows, count, tile);
}

// A last panel of fewer than 16 columns: computed into a padded tile, so that every column is summed alike.
static void narrow_tile(const ck_variant *variant, const planned *item, int rows, long width, ck_tile tile) {
    const ck_product *p = item->product;
    float padded[most_tile_rows * ck_panel];
    float *c = tile.c;
    if (p->b.format != ck_float_rows) {
        tile.c = padded;
        tile.c_stride = ck_panel;
        tile.accumulate = false;
        compute_tile(variant, item, rows, 1, &tile);
    } else {
        const float *a = tile.a, *b = tile.b;
        for (int r = 0; r < rows; r++)
            for (long j = 0; j < width; j++) {
                float sum = 0;
                for (long i = 0; i < p->k; i++) sum += a[r * p->a_row + i * p->a_column] * b[i * tile.b_step + j];
                padded[r * ck_panel + j] = sum * p->alpha;
            }
    }
    for (int r = 0; r < rows; r++)
        for (long j = 0; j < width; j++) {
            float *out = c + r * p->c_stride + j;
            *out = p->accumulate ? *out + padded[r * ck_panel + j] : padded[r * ck_panel + j];
        }
}

static void product_chunk(void *context, long chunk) {
    const plan *all = context;
    const planned *item = all->items;
    while (item + 1 < all->items + all->count && chunk >= item[1].first_chunk) item++;
    const ck_variant *variant = all->variant;
    const ck_product *p = item->product;
    chunk -= item->first_chunk;
    // Threads work on the same panels at about the same time, so that these come from memory once.
    const long first_row = chunk % item->row_blocks * item->rows_per_block;
    const long end_row = min(first_row + item->rows_per_block, p->m);
    const long first_panel = chunk / item->row_blocks * item->panels_per_chunk;
    const long end_panel = min(first_panel + item->panels_per_chunk, panels(p->n)), full_panels = p->n / ck_panel;
    ck_tile tile = {.k = p->k, .a_row = p->a_row, .a_column = p->a_column, .c_stride = p->c_stride, .alpha = p->alpha,
                    .accumulate = p->accumulate, .is_bf16 = p->b.format == ck_bf16_panels};
    tile.b_step = p->b.format == ck_float_rows ? p->b.stride : ck_panel;
    tile.b_panel = p->b.format == ck_float_rows ? ck_panel : panel_size(p->b.format, p->k);
    if (item->pairs) tile.a_row = (p->k + 1) / 2;
    // Tiles of all row counts take one panel, those of this one `widest`: more than one only where a single tile holds all rows,
    // or where tiles of all row counts do.
    const int widest = (item->pairs ? variant->dot_panels : variant->product_panels)[tile_rows(end_row - first_row)];
    for (long panel = first_panel, count; panel < end_panel; panel += count) {
        count = panel + widest <= min(end_panel, full_panels) ? widest : 1;
        tile.b = (const float *)p->b.data + panel * tile.b_panel;
        tile.b_ahead = panel + count < end_panel ? count * tile.b_panel : 0;
        for (long row = first_row, rows; row < end_row; row += rows) {
            rows = tile_rows(end_row - row);
            tile.a = item->pairs ? (const float *)(item->pairs + row * tile.a_row) : p->a + row * p->a_row;
            tile.c = p->c + row * p->c_stride + panel * ck_panel;
            if (panel < full_panels) compute_tile(variant, item, (int)rows, (int)count, &tile);
            else narrow_tile(variant, item, (int)rows, p->n - panel * ck_panel, tile);
        }
    }
}

static planned plan_product(const ck_variant *variant, int threads, const ck_product *p, long first_chunk) {
    planned item = {.product = p, .first_chunk = first_chunk};
    const long row_bytes = p->k > 0 ? 4 * p->k : 4, most = block_bytes / row_bytes / most_tile_rows * most_tile_rows;
    item.rows_per_block = most > 4 * most_tile_rows ? most : 4 * most_tile_rows;
    item.row_blocks = (p->m + item.rows_per_block - 1) / item.rows_per_block;
    item.rows_per_block = (p->m + item.row_blocks - 1) / item.row_blocks;
    const long multiplies = ck_panel * p->k * item.rows_per_block + 1;
    const long weight_bytes = 4 * panel_size(p->b.format, p->k) + 1;
    const bool dots = variant->dot_tile && p->b.format == ck_bf16_panels;
    const long step = (dots ? variant->dot_panels : variant->product_panels)[tile_rows(item.rows_per_block)];
    const long least = min(chunk_multiplies / multiplies, chunk_weight_bytes / weight_bytes);
    const long share = panels(p->n) * item.row_blocks / (chunks_per_thread * threads);
    const long wanted = least > share ? least : share;
    item.panels_per_chunk = wanted < step ? step : wanted / step * step;
    return item;
}

static long chunk_count(const planned *item) {
    return item->row_blocks * ((panels(item->product->n) + item->panels_per_chunk - 1) / item->panels_per_chunk);
}

// ---- Rows rounded to bf16 pairs, once for each call

enum { rounded_rows_per_chunk = 8 };

static void round_chunk(void *context, long chunk) {
    const plan *all = context;
    for (const planned *item = all->items; item < all->items + all->count; item++) {
        const ck_product *p = item->product;
        const long first = chunk * rounded_rows_per_chunk, end = min(first + rounded_rows_per_chunk, p->m);
        if (!item->pairs) continue;
        for (long row = first; row < end; row++)
            all->variant->round_pairs(p->k, p->a + row * p->a_row, p->a_column, (uint32_t *)item->pairs + row * ((p->k + 1) / 2));
    }
}

static void round_rows(ck_pool *pool, plan *all) {
    long size = 0, rows = 0;
    for (planned *item = all->items; item < all->items + all->count; item++) {
        const ck_product *p = item->product;
        if (p->b.format != ck_bf16_panels) continue;
        size += p->m * ((p->k + 1) / 2);
        rows = p->m > rows ? p->m : rows;
    }
    if (size == 0) return;
    uint32_t *next = ck_pool_scratch(pool, size * 4);
    for (planned *item = all->items; item < all->items + all->count; item++) {
        const ck_product *p = item->product;
        if (p->b.format != ck_bf16_panels) continue;
        item->pairs = next;
        next += p->m * ((p->k + 1) / 2);
    }
    ck_parallel(pool, (rows + rounded_rows_per_chunk - 1) / rounded_rows_per_chunk, round_chunk, all);
}

void ck_multiply(ck_pool *pool, long count, const ck_product *products) {
    plan all = {.variant = ck_active()};
    long chunks = 0;
    for (; count > 0; count--, products++) {
        if (products->m > 0 && products->n > 0) {
            all.items[all.count] = plan_product(all.variant, ck_pool_threads(pool), products, chunks);
            chunks += chunk_count(&all.items[all.count++]);
        }
        if (all.count == products_at_once || count == 1) {
            if (all.variant->dot_tile) round_rows(pool, &all);
            ck_parallel(pool, chunks, product_chunk, &all);
            all.count = chunks = 0;
        }
    }
}
