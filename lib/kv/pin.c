#include "kv/pin.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/list.h"
#include "kv/internal.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

enum { PAGE = 4096 };

struct page {
	uint64_t epoch; /* only by atomic operations; 0 in a pin: none */
};

struct epoch {
	uint64_t number;
	MDB_txn *txn;     /* owned */
	int64_t replaced; /* when a newer one was published, 0: current */
};

struct kv_pins {
	struct kv *kv; /* borrowed */
	int fd;
	struct page *page;
	uint64_t last_txn; /* what the current epoch's transaction sees */
	struct list slots;
	unsigned epochs; /* in epoch[], oldest first, the current one last */
	struct epoch epoch[KV_PIN_EPOCHS];
};

struct kv_pin_slot {
	struct list link;
	struct page *page;
	void *ctx; /* borrowed */
};

struct kv_pin {
	const struct page *epoch;
	struct page *page;
	unsigned depth;
};

/* A sealed memory file of one page, mapped; *fd is left open. */
static struct page *
make_page(const char *name, int seals, int *fd, struct err *err)
{
	struct page *page;

	*fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0) {
		(void)err_sys(err, "memory file %s", name);
		return NULL;
	}
	if (ftruncate(*fd, PAGE) < 0)
		goto fail;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (page == MAP_FAILED)
		goto fail;
	seals |= F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	if (fcntl(*fd, F_ADD_SEALS, seals) == 0)
		return page;
	(void)munmap(page, PAGE);
fail:
	(void)err_sys(err, "memory file %s", name);
	(void)close(*fd);
	*fd = -1;
	return NULL;
}

/* Hold what is committed now, then publish it as the epoch. */
static int
publish(struct kv_pins *pins, int64_t now, struct err *err)
{
	struct epoch *epoch = &pins->epoch[pins->epochs];
	uint64_t number = 1;
	int rc;

	rc = mdb_txn_begin(pins->kv->env, NULL, MDB_RDONLY, &epoch->txn);
	if (rc != MDB_SUCCESS)
		return kv_set_err(pins->kv, rc, err);
	if (pins->epochs > 0) {
		number = epoch[-1].number + 1;
		epoch[-1].replaced = now;
	}
	epoch->number = number;
	epoch->replaced = 0;
	pins->epochs++;
	pins->last_txn = mdb_txn_id(epoch->txn);
	__atomic_store_n(&pins->page->epoch, number, __ATOMIC_SEQ_CST);
	return 0;
}

int
kv_pins_open(struct kv_pins **out, struct kv *kv, struct err *err)
{
	struct kv_pins *pins = xcalloc(1, sizeof(*pins));

	*out = NULL;
	pins->kv = kv;
	list_init(&pins->slots);
	pins->page = make_page("epoch", F_SEAL_FUTURE_WRITE, &pins->fd, err);
	if (pins->page == NULL || publish(pins, 0, err) < 0) {
		kv_pins_close(pins);
		return -1;
	}
	*out = pins;
	return 0;
}

void
kv_pins_close(struct kv_pins *pins)
{
	if (pins == NULL)
		return;
	LIST_FOREACH(link, &pins->slots)
	kv_pins_remove(LIST_ITEM(link, struct kv_pin_slot, link));
	for (unsigned i = 0; i < pins->epochs; i++)
		mdb_txn_abort(pins->epoch[i].txn);
	if (pins->page != NULL) {
		(void)munmap(pins->page, PAGE);
		(void)close(pins->fd);
	}
	free(pins);
}

int
kv_pins_epoch_fd(const struct kv_pins *pins)
{
	return pins->fd;
}

int
kv_pins_add(struct kv_pins *pins, void *ctx, struct kv_pin_slot **out, int *fd,
    struct err *err)
{
	struct page *page = make_page("pin", 0, fd, err);
	struct kv_pin_slot *slot;

	*out = NULL;
	if (page == NULL)
		return -1;
	slot = xcalloc(1, sizeof(*slot));
	slot->page = page;
	slot->ctx = ctx;
	list_push(&pins->slots, &slot->link);
	*out = slot;
	return 0;
}

void
kv_pins_remove(struct kv_pin_slot *slot)
{
	list_remove(&slot->link);
	(void)munmap(slot->page, PAGE);
	free(slot);
}

/* The epoch a reader names, or NULL: none, or none that we hold. */
static struct epoch *
named(struct kv_pins *pins, const struct kv_pin_slot *slot)
{
	uint64_t number = __atomic_load_n(&slot->page->epoch, __ATOMIC_SEQ_CST);
	unsigned lo = 0, hi = pins->epochs;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (pins->epoch[mid].number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == pins->epochs || pins->epoch[lo].number != number)
		return NULL;
	return &pins->epoch[lo];
}

/* End the transactions of all epochs that nobody names, but the last. */
static void
drop_unnamed(struct kv_pins *pins)
{
	bool used[KV_PIN_EPOCHS] = { false };
	unsigned kept = 0;

	LIST_FOREACH(link, &pins->slots)
	{
		struct epoch *epoch =
		    named(pins, LIST_ITEM(link, struct kv_pin_slot, link));

		if (epoch != NULL)
			used[epoch - pins->epoch] = true;
	}
	used[pins->epochs - 1] = true;
	for (unsigned i = 0; i < pins->epochs; i++) {
		if (used[i])
			pins->epoch[kept++] = pins->epoch[i];
		else
			mdb_txn_abort(pins->epoch[i].txn);
	}
	pins->epochs = kept;
}

int
kv_pins_step(struct kv_pins *pins, int64_t now, struct err *err)
{
	MDB_envinfo info;

	if (pins->epochs > 1)
		drop_unnamed(pins);
	if (mdb_env_info(pins->kv->env, &info) != MDB_SUCCESS ||
	    info.me_last_txnid == pins->last_txn ||
	    pins->epochs == KV_PIN_EPOCHS)
		return 0;
	if (publish(pins, now, err) < 0)
		return -1;
	drop_unnamed(pins);
	return 0;
}

unsigned
kv_pins_check(struct kv_pins *pins, int64_t now, int64_t max_age,
    void (*fn)(void *ctx, int64_t age))
{
	unsigned count = 0;

	LIST_FOREACH(link, &pins->slots)
	{
		struct kv_pin_slot *slot =
		    LIST_ITEM(link, struct kv_pin_slot, link);
		struct epoch *epoch = named(pins, slot);

		if (epoch == NULL || epoch->replaced == 0 ||
		    now - epoch->replaced <= max_age)
			continue;
		fn(slot->ctx, now - epoch->replaced);
		count++;
	}
	return count;
}

unsigned
kv_pins_epochs(const struct kv_pins *pins)
{
	return pins->epochs;
}

int
kv_pin_attach(struct kv_pin **out, int epoch_fd, int pin_fd, struct err *err)
{
	struct kv_pin *pin;
	void *epoch, *page;

	*out = NULL;
	epoch = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, epoch_fd, 0);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, pin_fd, 0);
	if (epoch == MAP_FAILED || page == MAP_FAILED) {
		(void)err_sys(err, "map the pin pages");
		if (epoch != MAP_FAILED)
			(void)munmap(epoch, PAGE);
		if (page != MAP_FAILED)
			(void)munmap(page, PAGE);
	} else {
		pin = xcalloc(1, sizeof(*pin));
		pin->epoch = epoch;
		pin->page = page;
		*out = pin;
	}
	(void)close(epoch_fd);
	(void)close(pin_fd);
	return *out == NULL ? -1 : 0;
}

void
kv_pin_detach(struct kv_pin *pin)
{
	if (pin == NULL)
		return;
	__atomic_store_n(&pin->page->epoch, 0, __ATOMIC_SEQ_CST);
	(void)munmap((void *)(uintptr_t)pin->epoch, PAGE);
	(void)munmap(pin->page, PAGE);
	free(pin);
}

void
kv_pin_take(struct kv_pin *pin)
{
	uint64_t number;

	if (pin->depth++ > 0)
		return; /* the outer transaction's epoch covers ours */
	do {
		number = __atomic_load_n(&pin->epoch->epoch, __ATOMIC_SEQ_CST);
		__atomic_store_n(&pin->page->epoch, number, __ATOMIC_SEQ_CST);
	} while (
	    __atomic_load_n(&pin->epoch->epoch, __ATOMIC_SEQ_CST) != number);
}

void
kv_pin_drop(struct kv_pin *pin)
{
	if (--pin->depth == 0)
		__atomic_store_n(&pin->page->epoch, 0, __ATOMIC_SEQ_CST);
}
