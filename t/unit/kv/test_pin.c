/*
 * Readers in processes of their own scan a table of which every commit
 * rewrites every row with one number: a scan that sees two numbers has lost
 * its pages.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fsutil.h"
#include "base/num.h"
#include "kv/cursor.h"
#include "kv/key.h"
#include "kv/pin.h"

/* A reader scans so often, and until that many commits were seen. */
enum { READERS = 4, ROWS = 400, SCANS = 400, COMMITS = 12 };

static const char *const tables[] = { "rows", NULL };

struct fixture {
	char dir[64];
	struct kv *kv;
	struct kv_pins *pins;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct kv_conf conf = { .mode = KV_WRITER,
		.tables = tables,
		.size = 64 << 20,
		.nosync = true };
	struct err err;

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/chancery-pin-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	conf.path = f->dir;
	assert_int_equal(kv_open(&f->kv, &conf, &err), 0);
	assert_int_equal(kv_pins_open(&f->pins, f->kv, &err), 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	struct err err;
	int ret;

	kv_pins_close(f->pins);
	kv_close(f->kv);
	ret = fs_remove_tree(AT_FDCWD, f->dir, &err);
	free(f);
	return ret;
}

static int
write_all(struct kv_txn *txn, void *arg, struct err *err)
{
	unsigned char value[200] = { 0 };
	struct kv_key key;

	num_put_u64(value, *(uint64_t *)arg);
	for (uint32_t i = 0; i < ROWS; i++) {
		kv_key_init(&key);
		kv_key_u32(&key, i);
		if (kv_put(txn, 0, kv_key_get(&key),
			str_make(value, sizeof(value)), err) < 0)
			return -1;
	}
	return 0;
}

/* arg: where the one number goes. Returns -1 when there were two. */
static int
scan(struct kv_txn *txn, void *arg, struct err *err)
{
	uint64_t *out = arg, rows = 0;
	struct kv_range range;
	struct str key, value;
	int ret;

	if (kv_range_open(&range, txn, 0, STR(""), STR(""), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		if (rows++ == 0)
			*out = num_get_u64(value.p);
		if (value.len != 200 || num_get_u64(value.p) != *out) {
			ret = err_set(err, ERR_CORRUPT, "torn");
			break;
		}
	}
	kv_range_close(&range);
	return ret < 0 || rows == ROWS ? ret :
					 err_set(err, ERR_CORRUPT, "missing");
}

/* Exit status: 0 every scan saw one number, and they never went back. */
static int
reader_main(const char *dir, int epoch_fd, int pin_fd)
{
	struct kv_conf conf = { .path = dir,
		.mode = KV_READER,
		.tables = tables };
	struct kv_pin *pin;
	uint64_t last = 0, now;
	struct kv *kv;
	struct err err;

	if (kv_open(&kv, &conf, &err) < 0 ||
	    kv_pin_attach(&pin, epoch_fd, pin_fd, &err) < 0)
		return 2;
	kv_set_pin(kv, pin);
	for (int i = 0; i < SCANS || last < COMMITS; i++) {
		if (kv_view(kv, scan, &now, &err) < 0 || now < last)
			return 1;
		last = now;
	}
	kv_close(kv);
	kv_pin_detach(pin);
	return 0;
}

static pid_t
start_reader(struct fixture *f, struct kv_pin_slot **slot)
{
	struct err err;
	int fd;
	pid_t pid;

	assert_int_equal(kv_pins_add(f->pins, NULL, slot, &fd, &err), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(reader_main(f->dir, dup(kv_pins_epoch_fd(f->pins)), fd));
	(void)close(fd);
	return pid;
}

static void
readers_never_see_a_torn_state(void **state)
{
	struct fixture *f = *state;
	struct kv_pin_slot *slot[READERS];
	uint64_t number = 1, commits = 0;
	unsigned left = READERS;
	pid_t pid[READERS];
	struct err err;

	assert_int_equal(kv_update(f->kv, write_all, &number, &err), 0);
	for (int i = 0; i < READERS; i++)
		pid[i] = start_reader(f, &slot[i]);
	while (left > 0) {
		int status;

		number++;
		assert_int_equal(kv_update(f->kv, write_all, &number, &err), 0);
		if (++commits % 3 == 0)
			assert_int_equal(
			    kv_pins_step(f->pins, (int64_t)commits, &err), 0);
		for (int i = 0; i < READERS; i++) {
			if (pid[i] == 0 ||
			    waitpid(pid[i], &status, WNOHANG) <= 0)
				continue;
			assert_true(WIFEXITED(status));
			assert_int_equal(WEXITSTATUS(status), 0);
			kv_pins_remove(slot[i]);
			pid[i] = 0;
			left--;
		}
	}
	assert_true(commits > 10);
	/* Nobody reads: one epoch is left. */
	assert_int_equal(kv_pins_step(f->pins, 1, &err), 0);
	assert_int_equal(kv_pins_step(f->pins, 2, &err), 0);
	assert_int_equal(kv_pins_epochs(f->pins), 1);
}

static void
note_age(void *ctx, int64_t age)
{
	*(int64_t *)ctx = age;
}

static void
commit_and_step(struct fixture *f, uint64_t number, int64_t now)
{
	struct err err;

	assert_int_equal(kv_update(f->kv, write_all, &number, &err), 0);
	assert_int_equal(kv_pins_step(f->pins, now, &err), 0);
}

static void
over_age_is_from_the_replacement_of_the_epoch(void **state)
{
	struct fixture *f = *state;
	struct kv_pin_slot *slot;
	int64_t age = -1;
	struct kv_pin *pin;
	struct err err;
	int fd;

	commit_and_step(f, 1, 100);
	assert_int_equal(kv_pins_add(f->pins, &age, &slot, &fd, &err), 0);
	assert_int_equal(
	    kv_pin_attach(&pin, dup(kv_pins_epoch_fd(f->pins)), fd, &err), 0);
	kv_pin_take(pin);
	kv_pin_take(pin);
	kv_pin_drop(pin); /* still the outer one's */

	/* The current epoch has no age, however long it stands. */
	assert_int_equal(kv_pins_check(f->pins, 900, 50, note_age), 0);
	commit_and_step(f, 2, 1000);
	commit_and_step(f, 3, 1020);
	assert_int_equal(kv_pins_epochs(f->pins), 2);
	assert_int_equal(kv_pins_check(f->pins, 1050, 50, note_age), 0);
	assert_int_equal(kv_pins_check(f->pins, 1051, 50, note_age), 1);
	assert_int_equal(age, 51);

	kv_pin_drop(pin);
	assert_int_equal(kv_pins_check(f->pins, 1051, 50, note_age), 0);
	assert_int_equal(kv_pins_step(f->pins, 1060, &err), 0);
	assert_int_equal(kv_pins_epochs(f->pins), 1);
	kv_pin_detach(pin);
	kv_pins_remove(slot);
}

static void
epochs_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct kv_pin_slot *slot;
	struct kv_pin *pin[KV_PIN_EPOCHS + 10];
	struct err err;
	int fd;

	for (int i = 0; i < KV_PIN_EPOCHS + 10; i++) {
		commit_and_step(f, (uint64_t)i + 1, i + 1);
		assert_int_equal(kv_pins_add(f->pins, NULL, &slot, &fd, &err),
		    0);
		assert_int_equal(kv_pin_attach(&pin[i],
				     dup(kv_pins_epoch_fd(f->pins)), fd, &err),
		    0);
		kv_pin_take(pin[i]);
	}
	assert_int_equal(kv_pins_epochs(f->pins), KV_PIN_EPOCHS);
	for (int i = 0; i < KV_PIN_EPOCHS + 10; i++)
		kv_pin_detach(pin[i]);
	commit_and_step(f, 9999, 9999);
	assert_int_equal(kv_pins_step(f->pins, 9999, &err), 0);
	assert_int_equal(kv_pins_epochs(f->pins), 1);
}

static void
pages_are_sealed(void **state)
{
	struct fixture *f = *state;
	int epoch_fd = kv_pins_epoch_fd(f->pins), fd;
	struct kv_pin_slot *slot;
	struct err err;

	assert_int_equal(kv_pins_add(f->pins, NULL, &slot, &fd, &err), 0);
	assert_int_equal(pwrite(epoch_fd, "x", 1, 0), -1);
	assert_ptr_equal(
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, epoch_fd, 0),
	    MAP_FAILED);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 1 << 20), -1);
	/* A reader may write what it likes into its own page. */
	assert_int_equal(pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 0),
	    8);
	commit_and_step(f, 1, 1);
	commit_and_step(f, 2, 2);
	assert_int_equal(kv_pins_epochs(f->pins), 1);
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(readers_never_see_a_torn_state,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    over_age_is_from_the_replacement_of_the_epoch, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(epochs_are_bounded, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(pages_are_sealed, setup,
		    teardown),
	};

	return cmocka_run_group_tests_name("kv/pin", tests, NULL, NULL);
}
