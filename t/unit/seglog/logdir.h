/*
 * logdir - a folder for one test's log, and the short forms that tests of
 * lib/seglog share: records named by number, what recovery gave back.
 */
#ifndef TEST_SEGLOG_LOGDIR_H
#define TEST_SEGLOG_LOGDIR_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fsutil.h"
#include "base/log.h"
#include "seglog/seglog.h"

struct seen {
	int count;
	int number[4096]; /* in the order recovery gave them */
	uint64_t lsn[4096];
	struct seglog_place place[4096];
};

static inline int
logdir_setup(void **state)
{
	char path[] = "/tmp/chancery-seglog.XXXXXX";

	log_init("test", (enum log_level) - 1);
	*state = mkdtemp(path) == NULL ? NULL : strdup(path);
	return *state == NULL ? -1 : 0;
}

static inline int
logdir_teardown(void **state)
{
	struct err err;
	int ret = fs_remove_tree(AT_FDCWD, *state, &err);

	free(*state);
	return ret;
}

/* A record's bytes: "NUMBER:" and then x up to len. */
static inline void
fill_record(char *out, size_t len, int number)
{
	memset(out, 'x', len);
	(void)snprintf(out, len, "%d:", number);
	out[strlen(out)] = 'x';
}

static inline int
note_record(void *ctx, const struct seglog_found *found, struct err *err)
{
	struct seen *seen = ctx;

	(void)err;
	assert_true(seen->count < 4096);
	seen->number[seen->count] = atoi(found->bytes.p);
	seen->lsn[seen->count] = found->lsn;
	seen->place[seen->count] = found->place;
	seen->count++;
	return 0;
}

static inline bool
was_seen(const struct seen *seen, int number)
{
	for (int i = 0; i < seen->count; i++) {
		if (seen->number[i] == number)
			return true;
	}
	return false;
}

static inline struct seglog *
reopen(const char *path, const struct seglog_options *options,
    struct seen *seen, struct seglog_recovery *recovery)
{
	struct seglog_recovery own = { 0 };
	struct seglog *log;
	struct err err = { 0 };

	if (recovery == NULL)
		recovery = &own;
	seen->count = 0;
	recovery->record = note_record;
	recovery->ctx = seen;
	if (seglog_open(&log, path, options, recovery, &err) < 0)
		fail_msg("open: %s", err.text);
	return log;
}

/* Commit one batch of count records, numbered from first, of len bytes. */
static inline int
commit(struct seglog *log, int first, size_t count, size_t len,
    struct seglog_place *place, struct err *err)
{
	struct seglog_record record[16] = { 0 };
	struct iovec iov[16];
	int ret;

	for (size_t i = 0; i < count; i++) {
		iov[i].iov_base = malloc(len);
		iov[i].iov_len = len;
		fill_record(iov[i].iov_base, len, first + (int)i);
		record[i].iov = &iov[i];
		record[i].iov_count = 1;
	}
	ret = seglog_commit(log, record, count, NULL, err);
	for (size_t i = 0; i < count; i++) {
		if (place != NULL)
			place[i] = record[i].place;
		free(iov[i].iov_base);
	}
	return ret;
}

static inline void
must_commit(struct seglog *log, int first, size_t count, size_t len)
{
	struct err err = { 0 };

	if (commit(log, first, count, len, NULL, &err) < 0)
		fail_msg("commit: %s", err.text);
}

#endif
