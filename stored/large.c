/*
 * large - the files of bodies too long for a pack: the part of engine.h
 * about folder "large".
 *
 * A client writes into a file named "new.N". The batch that takes the
 * message gives it the blob's name before the commit; recovery removes what
 * no blob owns.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/rand.h"
#include "seglog/seglog.h"
#include "store/pack.h"
#include "stored/engine.h"

static void
large_path(const struct engine *engine, char out[ENGINE_PATH], const char *name)
{
	(void)snprintf(out, ENGINE_PATH, "%s/large/%s", engine->conf.path,
	    name);
}

int
engine_open_large(struct engine *engine, char name[ENGINE_LARGE_NAME],
    struct err *err)
{
	char path[ENGINE_PATH];
	int fd;

	(void)snprintf(name, ENGINE_LARGE_NAME, "new.%016llx",
	    (unsigned long long)rand_u64());
	large_path(engine, path, name);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? err_sys(err, "create %s", path) : fd;
}

void
engine_drop_large(struct engine *engine, const char *name)
{
	char path[ENGINE_PATH];

	large_path(engine, path, name);
	if (unlink(path) < 0 && errno != ENOENT)
		log_warn("cannot remove %s", path);
}

static int
move(struct engine *engine, const char *from, const char *to, struct err *err)
{
	char old[ENGINE_PATH], new[ENGINE_PATH];

	large_path(engine, old, from);
	large_path(engine, new, to);
	return rename(old, new) == 0 ? 0 : err_sys(err, "name %s", new);
}

int
engine_name_large(struct engine *engine, const char *name, uint64_t blob,
    struct err *err)
{
	struct large *large = xcalloc(1, sizeof(*large));
	char folder[ENGINE_PATH];

	store_large_name(large->name, blob);
	(void)snprintf(large->from, sizeof(large->from), "%s", name);
	if (move(engine, name, large->name, err) < 0) {
		free(large);
		err->kind = ERR_TEMP;
		return -1;
	}
	list_push(&engine->named, &large->link);
	engine_path(engine, folder, "large");
	if (fs_sync_dir(AT_FDCWD, folder, err) == 0)
		return 0;
	err->kind = ERR_TEMP;
	return -1;
}

void
engine_end_large(struct engine *engine, enum engine_fate fate)
{
	struct list *link;
	struct err err;

	while ((link = list_pop(&engine->named)) != NULL) {
		struct large *large = LIST_ITEM(link, struct large, link);

		if (fate == ENGINE_IN_DOUBT) {
			list_push(&engine->doubted, &large->link);
			continue;
		}
		if (fate == ENGINE_NEVER &&
		    move(engine, large->name, large->from, &err) < 0)
			log_warn("%s", err.text);
		free(large);
	}
	while (fate == ENGINE_COMMITTED &&
	    (link = list_pop(&engine->doubted)) != NULL) {
		struct large *large = LIST_ITEM(link, struct large, link);

		engine_drop_large(engine, large->name);
		free(large);
	}
	while ((link = list_pop(&engine->unlink)) != NULL) {
		struct large *large = LIST_ITEM(link, struct large, link);

		if (fate == ENGINE_COMMITTED)
			engine_drop_large(engine, large->name);
		free(large);
	}
}

int
engine_open_pack(struct engine *engine, uint32_t pack, uint64_t blob,
    struct err *err)
{
	char path[ENGINE_PATH], name[STORE_LARGE_NAME];
	int fd;

	if (pack != 0)
		return seglog_segment_open(engine->log, pack, err);
	store_large_name(name, blob);
	large_path(engine, path, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "open %s", path) : fd;
}
