/*
 * alloc - heap memory that is there or ends the process.
 *
 * Every buffer a peer can fill has a limit of its own, so running out here
 * means that we are wrong or the machine is: panic(), and master restarts us.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

/* Never NULL; a size of 0 is taken as 1. The caller frees with free(). */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size); /* zeroed; overflow checked */
void *xreallocarray(void *old, size_t count, size_t size);
char *xstrdup(const char *text);
void *xmemdup(const void *bytes, size_t len);
char *xstrndup(const char *text, size_t len); /* always ends in a NUL */

/*
 * For a process through whose heap large buffers come and go: up to so many
 * bytes that are free stay its own. The C library would give them back to the
 * kernel each time and get them anew, page by page and zeroed. Blocks of half
 * the size still come from the kernel and go back at once.
 */
void alloc_keep(size_t bytes);

/* free() after clearing len bytes that held a secret. NULL is fine. */
void free_secret(void *secret, size_t len);

#endif
