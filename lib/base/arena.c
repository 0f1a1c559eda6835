#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { ARENA_BLOCK = 4096, ARENA_ALIGN = 16 };

struct block {
	struct block *next;
	size_t size, used; /* of data[] */
	_Alignas(ARENA_ALIGN) char data[];
};

struct arena {
	struct block *head; /* the one we allocate from; the first is last */
	size_t max, used;   /* used: handed out since the last reset */
};

static void
block_push(struct arena *arena, size_t size)
{
	struct block *block = xmalloc(sizeof(*block) + size);

	block->next = arena->head;
	block->size = size;
	block->used = 0;
	arena->head = block;
}

struct arena *
arena_new(size_t max)
{
	struct arena *arena = xcalloc(1, sizeof(*arena));

	arena->max = max;
	return arena;
}

void
arena_reset(struct arena *arena)
{
	while (arena->head != NULL && arena->head->next != NULL) {
		struct block *block = arena->head;

		arena->head = block->next;
		free(block);
	}
	if (arena->head != NULL && arena->head->size > ARENA_BLOCK) {
		free(arena->head); /* one big command must not cost for ever */
		arena->head = NULL;
	}
	if (arena->head != NULL)
		arena->head->used = 0;
	arena->used = 0;
}

void
arena_free_secret(struct arena *arena)
{
	for (struct block *at = arena->head; at != NULL; at = at->next)
		explicit_bzero(at->data, at->used);
	arena_free(arena);
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	arena_reset(arena);
	free(arena->head);
	free(arena);
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	struct block *block = arena->head;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	if (size == 0)
		size = ARENA_ALIGN;
	if (arena->max > 0 && size > arena->max - arena->used)
		return NULL;
	if (block == NULL || size > block->size - block->used) {
		block_push(arena, size > ARENA_BLOCK ? size : ARENA_BLOCK);
		block = arena->head;
	}
	p = block->data + block->used;
	block->used += size;
	arena->used += size;
	return p;
}

void *
arena_calloc(struct arena *arena, size_t count, size_t size)
{
	void *p;

	if (size > 0 && count > SIZE_MAX / size)
		return NULL;
	p = arena_alloc(arena, count * size);
	if (p != NULL)
		memset(p, 0, count * size);
	return p;
}

char *
arena_cstr(struct arena *arena, struct str s)
{
	char *copy = arena_alloc(arena, s.len + 1);

	if (copy == NULL)
		return NULL;
	if (s.len > 0)
		memcpy(copy, s.p, s.len);
	copy[s.len] = '\0';
	return copy;
}

struct str
arena_str(struct arena *arena, struct str s)
{
	char *copy = arena_cstr(arena, s);

	return (struct str){ copy, copy == NULL ? 0 : s.len };
}

char *
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0 || (text = arena_alloc(arena, (size_t)len + 1)) == NULL)
		return NULL;
	va_start(ap, fmt);
	(void)vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}
