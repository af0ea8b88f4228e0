// Zeroed memory that begins on a cache line, so that 16 columns of a packed row are one line, and on huge pages where it is
// large: weights are streamed at every decoding step, and small pages would cost a page table walk every 4 kB.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernels.h"

static const size_t cache_line = 64, huge_page = 2 << 20;

static size_t rounded(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

void *ck_allocate(long count) {
    const size_t bytes = rounded(count > 0 ? (size_t)count : 1, cache_line);
    if (bytes < huge_page) {
        void *memory = NULL;
        return posix_memalign(&memory, cache_line, bytes) ? NULL : memset(memory, 0, bytes);
    }
    // Pages of a fresh mapping are zero, and take no memory before they are first touched.
    const size_t size = rounded(bytes, 4096);
    char *mapping = mmap(NULL, size + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return NULL;
    const size_t before = (huge_page - (uintptr_t)mapping % huge_page) % huge_page;
    if (before > 0) munmap(mapping, before);
    munmap(mapping + before + size, huge_page - before);
#ifdef MADV_HUGEPAGE
    madvise(mapping + before, size, MADV_HUGEPAGE);  // refused where the kernel has none: small pages serve as well
#endif
    return mapping + before;
}

void ck_free(void *memory, long count) {
    const size_t bytes = rounded(count > 0 ? (size_t)count : 1, cache_line);
    if (bytes < huge_page) free(memory);
    else munmap(memory, rounded(bytes, 4096));
}
