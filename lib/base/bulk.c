#include "base/bulk.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/log.h"

enum {
	HUGE_PAGE = 2 << 20,
	HUGE_FROM = 384 << 10, /* less is cheaper in small pages */
};

/* The huge pages are aligned, so there must be room to move up. */
static void
map(struct bulk *bulk)
{
	size_t size = (bulk->size + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
	uintptr_t begin;

	bulk->mapped = size + HUGE_PAGE;
	bulk->memory = mmap(NULL, bulk->mapped, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bulk->memory == MAP_FAILED)
		panic("out of memory: %zu bytes", bulk->mapped);
	begin = ((uintptr_t)bulk->memory + HUGE_PAGE - 1) &
	    ~(uintptr_t)(HUGE_PAGE - 1);
	bulk->p = (char *)begin;
	/* Refused where there are none: then pages come one by one. */
	(void)madvise(bulk->p, size, MADV_HUGEPAGE);
}

void
bulk_open(struct bulk *bulk, size_t size)
{
	*bulk = (struct bulk){ .size = size };
	if (size >= HUGE_FROM) {
		map(bulk);
		return;
	}
	bulk->memory = xmalloc(size);
	bulk->p = bulk->memory;
}

void
bulk_close(struct bulk *bulk)
{
	if (bulk->mapped > 0)
		(void)munmap(bulk->memory, bulk->mapped);
	else
		free(bulk->memory);
	*bulk = (struct bulk){ 0 };
}

void *
bulk_take(struct bulk *bulk, size_t count, size_t size)
{
	size_t room = bulk_room(count, size);
	char *p = bulk->p + bulk->used;

	if (room > bulk->size - bulk->used)
		panic("bulk of %zu bytes: %zu more than there are", bulk->size,
		    room);
	bulk->used += room;
	return p;
}
