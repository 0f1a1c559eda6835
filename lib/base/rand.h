/*
 * rand - bytes nobody can guess, from the kernel. Good after chroot and
 * fork; never fails (panics where the kernel has none).
 */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

void rand_bytes(void *out, size_t len);
uint64_t rand_u64(void);
uint32_t rand_below(uint32_t bound); /* 0 .. bound-1, even; bound > 0 */

#endif
