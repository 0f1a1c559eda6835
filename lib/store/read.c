#include "store/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/time.h"
#include "kv/pin.h"
#include "store/row.h"

enum { POLL_MS = 20 };

struct store_reader {
	struct kv *kv;
	struct kv_pin *pin;
	struct store_who who;
	struct arena *arena; /* of who; NULL before the hello */
};

static int
check_version(struct kv_txn *txn, void *arg, struct err *err)
{
	struct store_meta *meta = arg;
	int ret = store_row_meta(txn, meta, err);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return err_set(err, ERR_NOENT, "index is not made yet");
	if (meta->version != STORE_FORMAT_VERSION)
		return err_set(err, ERR_CORRUPT,
		    "index has format %u, we know %d", meta->version,
		    STORE_FORMAT_VERSION);
	return 0;
}

static int
try_open(struct store_reader *reader, const char *path, struct err *err)
{
	struct kv_conf conf = { .path = path,
		.mode = KV_READER,
		.tables = store_tables };
	struct store_meta meta;

	if (kv_open(&reader->kv, &conf, err) < 0)
		return -1;
	if (kv_view(reader->kv, check_version, &meta, err) == 0)
		return 0;
	kv_close(reader->kv);
	reader->kv = NULL;
	return -1;
}

static void
sleep_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&time, NULL);
}

int
store_reader_open(struct store_reader **out, const char *path, int wait_ms,
    struct err *err)
{
	int64_t end = time_mono() + (int64_t)wait_ms * 1000;
	struct store_reader *reader = xcalloc(1, sizeof(*reader));
	char index[4096];

	*out = NULL;
	if ((size_t)snprintf(index, sizeof(index), "%s/index", path) >=
	    sizeof(index)) {
		free(reader);
		return err_set(err, ERR_LIMIT, "path of the partition");
	}
	while (try_open(reader, index, err) < 0) {
		/* While stored makes the index, it may be half there. */
		bool is_made = err->kind == ERR_DENIED;

		if (is_made || time_mono() >= end) {
			free(reader);
			return -1;
		}
		sleep_ms(POLL_MS);
	}
	*out = reader;
	return 0;
}

void
store_reader_close(struct store_reader *reader)
{
	if (reader == NULL)
		return;
	kv_close(reader->kv);
	kv_pin_detach(reader->pin);
	arena_free(reader->arena);
	free(reader);
}

bool
store_reader_is_stale(const struct store_reader *reader)
{
	return kv_is_stale(reader->kv);
}

static int
set_who(struct store_reader *reader, const struct store_who *who,
    struct err *err)
{
	arena_free(reader->arena);
	reader->arena = arena_new(0);
	return store_who_copy(&reader->who, reader->arena, who, err);
}

int
store_reader_attach(struct store_reader *reader, const struct store_who *who,
    struct str incarnation, int epoch_fd, int pin_fd, struct err *err)
{
	struct store_meta meta;

	kv_set_pin(reader->kv, NULL);
	kv_pin_detach(reader->pin);
	reader->pin = NULL;
	if (epoch_fd < 0 || pin_fd < 0) {
		if (epoch_fd >= 0)
			(void)close(epoch_fd);
		if (pin_fd >= 0)
			(void)close(pin_fd);
		return err_set(err, ERR_TEMP, "stored gave no pin");
	}
	if (kv_pin_attach(&reader->pin, epoch_fd, pin_fd, err) < 0)
		return -1;
	kv_set_pin(reader->kv, reader->pin);
	if (kv_view(reader->kv, check_version, &meta, err) < 0)
		return -1;
	if (!str_eq(incarnation,
		str_make(meta.incarnation, sizeof(meta.incarnation))))
		return err_set(err, ERR_CORRUPT, "index was rebuilt");
	return set_who(reader, who, err);
}

uint32_t
store_reader_user(const struct store_reader *reader)
{
	return reader->who.user;
}

const struct store_who *
store_reader_who(const struct store_reader *reader)
{
	return &reader->who;
}

uint64_t
store_reader_newest(const struct store_reader *reader)
{
	return kv_newest(reader->kv);
}

uint64_t
store_reader_work(const struct store_reader *reader)
{
	return kv_looks(reader->kv);
}

int
store_reader_view(struct store_reader *reader, kv_fn *fn, void *arg,
    struct err *err)
{
	return kv_view(reader->kv, fn, arg, err);
}
