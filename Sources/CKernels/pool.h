// What other files of the kernels ask of a pool.
#pragma once
#include "kernels.h"

/// Memory of so many bytes that belongs to the pool and holds nothing from one call to the next.
void *ck_pool_scratch(ck_pool *pool, long bytes);
