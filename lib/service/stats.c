#include "service/stats.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

int
stats_create(const char *name, struct err *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return err_sys(err, "memfd %s", name);
	/* Sealed, as a daemon that shrinks it would kill its reader. */
	if (ftruncate(fd, sizeof(struct stats_page)) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) <
		0) {
		err_sys(err, "memfd %s", name);
		(void)close(fd);
		return -1;
	}
	return fd;
}

struct stats_page *
stats_map(int fd, struct err *err)
{
	struct stat st;
	void *page;

	if (fstat(fd, &st) < 0) {
		err_sys(err, "fstat counters");
		return NULL;
	}
	if (st.st_size < (off_t)sizeof(struct stats_page)) {
		err_set(err, ERR_CORRUPT, "the page of counters is too short");
		return NULL;
	}
	page = mmap(NULL, sizeof(struct stats_page), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (page == MAP_FAILED) {
		err_sys(err, "map counters");
		return NULL;
	}
	return page;
}

struct stats_page *
stats_private(void)
{
	void *page = mmap(NULL, sizeof(struct stats_page),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		panic("no memory for counters");
	return page;
}

void
stats_unmap(struct stats_page *page)
{
	if (page != NULL)
		(void)munmap(page, sizeof(*page));
}

void
stats_name(struct stats_page *page, const struct stats_item *items)
{
	uint32_t len = 0;

	for (; items != NULL && items[len].kind != STATS_END; len++) {
		struct stats_slot *slot = &page->slot[len];

		if (len == STATS_ITEMS_MAX)
			panic("more than %d counters", STATS_ITEMS_MAX);
		if (strlen(items[len].name) >= STATS_NAME_MAX)
			panic("counter %s: name too long", items[len].name);
		if (strcmp(slot->name, items[len].name) != 0)
			memset(slot, 0, sizeof(*slot));
		strcpy(slot->name, items[len].name); /* fits: checked */
		slot->kind = items[len].kind;
	}
	page->len = len;
	memcpy(page->magic, STATS_MAGIC, sizeof(page->magic));
}

void
stats_add(struct stats_page *page, int item, int64_t n)
{
	__atomic_fetch_add(&page->slot[item].value, (uint64_t)n,
	    __ATOMIC_RELAXED);
}

void
stats_set(struct stats_page *page, int item, int64_t value)
{
	__atomic_store_n(&page->slot[item].value, (uint64_t)value,
	    __ATOMIC_RELAXED);
}

void
stats_observe(struct stats_page *page, int item, int64_t microseconds)
{
	struct stats_slot *slot = &page->slot[item];
	uint64_t us = microseconds < 0 ? 0 : (uint64_t)microseconds;
	int bucket = us == 0 ? 0 : 64 - __builtin_clzll(us);

	if (bucket > STATS_BUCKETS - 1)
		bucket = STATS_BUCKETS - 1;
	__atomic_fetch_add(&slot->value, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&slot->sum, us, __ATOMIC_RELAXED);
	__atomic_fetch_add(&slot->bucket[bucket], 1, __ATOMIC_RELAXED);
}
