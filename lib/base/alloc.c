#include "base/alloc.h"

#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void *
or_panic(void *p, size_t size)
{
	if (p == NULL)
		panic("out of memory (%zu bytes wanted)", size);
	return p;
}

void *
xmalloc(size_t size)
{
	return or_panic(malloc(size > 0 ? size : 1), size);
}

void *
xcalloc(size_t count, size_t size)
{
	if (count == 0 || size == 0)
		count = size = 1;
	return or_panic(calloc(count, size), count * size);
}

void *
xreallocarray(void *old, size_t count, size_t size)
{
	if (count == 0 || size == 0)
		count = size = 1;
	return or_panic(reallocarray(old, count, size), count * size);
}

char *
xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

void *
xmemdup(const void *bytes, size_t len)
{
	void *copy = xmalloc(len);

	if (len > 0)
		memcpy(copy, bytes, len);
	return copy;
}

char *
xstrndup(const char *text, size_t len)
{
	char *copy = xmalloc(len + 1);

	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

void
free_secret(void *secret, size_t len)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, len);
	free(secret);
}

void
alloc_keep(size_t bytes)
{
	int keep = bytes > INT_MAX ? INT_MAX : (int)bytes;

	(void)mallopt(M_MMAP_THRESHOLD, keep / 2);
	(void)mallopt(M_TRIM_THRESHOLD, keep);
}
