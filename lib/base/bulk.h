/*
 * bulk - memory for the arrays that one large piece of work fills and throws
 * away.
 *
 * A fresh page costs more than what is mostly done with its bytes. So a large
 * bulk asks the kernel for huge pages, of which one is had for the price of
 * fifty small ones; where there are none it is memory like any other. What is
 * never written to costs nothing, so that it may be asked for amply.
 *
 * Ownership: the caller owns the struct, the bulk what was taken from it.
 */
#ifndef BASE_BULK_H
#define BASE_BULK_H

#include <stddef.h>

struct bulk {
	char *p; /* where it begins */
	size_t size, used;
	void *memory;  /* owned */
	size_t mapped; /* bytes at memory; 0: it is of the heap */
};

/* What one of these takes of a bulk's size. */
static inline size_t
bulk_room(size_t count, size_t size)
{
	return (count * size + 15) & ~(size_t)15;
}

/* size: of all that will be taken, the sum of bulk_room(). Never fails. */
void bulk_open(struct bulk *bulk, size_t size);
void bulk_close(struct bulk *bulk); /* { 0 } is fine */

/*
 * An array, aligned for anything, its bytes undefined. To take more than the
 * size is a mistake of ours.
 */
void *bulk_take(struct bulk *bulk, size_t count, size_t size);

#endif
