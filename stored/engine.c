#include "stored/engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "stored/quota.h"
#include "stored/start.h"
#include "stored/settle.h"
#include "stored/snapshot.h"

enum { PREPARE_BYTES = 1 << 20, LOCK_PATIENCE = 60000 /* ms */ };

void
engine_path(const struct engine *engine, char out[ENGINE_PATH],
    const char *name)
{
	(void)snprintf(out, ENGINE_PATH, "%s/%s", engine->conf.path, name);
}

static int
make_folders(struct engine *engine, struct err *err)
{
	static const char *const names[] = { "packs", "large" };
	char path[ENGINE_PATH];

	if (fs_mkdir(AT_FDCWD, engine->conf.path, 0700, err) < 0)
		return -1;
	for (size_t i = 0; i < NELEMS(names); i++) {
		engine_path(engine, path, names[i]);
		if (fs_mkdir(AT_FDCWD, path, 0700, err) < 0)
			return -1;
	}
	return 0;
}

/* Names survive a power cut only once their folder is flushed. */
static int
sync_folders(struct engine *engine, struct err *err)
{
	char path[ENGINE_PATH];

	engine_path(engine, path, "index");
	if (fs_sync_dir(AT_FDCWD, path, err) < 0)
		return -1;
	return fs_sync_dir(AT_FDCWD, engine->conf.path, err);
}

static int
take_lock(struct engine *engine, struct err *err)
{
	char path[ENGINE_PATH];

	engine_path(engine, path, "lock");
	engine->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (engine->lock_fd < 0)
		return err_sys(err, "open %s", path);
	/* The stored of a master that was killed may have a batch to end. */
	if (fs_lock(engine->lock_fd, LOCK_PATIENCE, err) < 0)
		return err_prefix(err, "%s", path);
	return 0;
}

int
engine_open(struct engine **out, const struct engine_conf *conf,
    struct err *err)
{
	struct engine *engine = xcalloc(1, sizeof(*engine));

	*out = NULL;
	engine->conf = *conf;
	engine->lock_fd = -1;
	list_init(&engine->changed);
	list_init(&engine->unlink);
	list_init(&engine->named);
	list_init(&engine->doubted);
	engine->full = hash_new();
	engine->told = hash_new();
	engine->tasks = hash_new();
	engine->tasks_left = true;
	if (make_folders(engine, err) < 0 || take_lock(engine, err) < 0 ||
	    start_index(engine, err) < 0 || sync_folders(engine, err) < 0 ||
	    start_snapshot(engine, err) < 0 || start_log(engine, err) < 0 ||
	    start_large(engine, err) < 0 || quota_start(engine, err) < 0) {
		engine_close(engine);
		return -1;
	}
	*out = engine;
	return 0;
}

static void
free_files(struct list *list)
{
	struct list *link;

	while ((link = list_pop(list)) != NULL)
		free(LIST_ITEM(link, struct large, link));
}

void
engine_close(struct engine *engine)
{
	if (engine == NULL)
		return;
	engine_clear_changed(engine);
	free_files(&engine->unlink);
	free_files(&engine->named);
	free_files(&engine->doubted);
	settle_free(engine->settle);
	quota_clear(engine);
	hash_free(engine->tasks);
	snapshot_free_live(engine);
	seglog_close(engine->log);
	kv_close(engine->kv);
	if (engine->lock_fd >= 0)
		(void)close(engine->lock_fd);
	free(engine);
}

void
engine_clear_changed(struct engine *engine)
{
	struct list *link;

	while ((link = list_pop(&engine->changed)) != NULL)
		free(LIST_ITEM(link, struct notice, link));
}

void
engine_prepare(struct engine *engine, bool *more)
{
	struct err err;

	if (seglog_prepare(engine->log, PREPARE_BYTES, more, &err) < 0) {
		*more = false;
		log_warn("cannot work ahead: %s", err.text);
	}
}

int
engine_ask_rebuild(struct engine *engine, struct err *err)
{
	char path[ENGINE_PATH];

	engine_path(engine, path, "rebuild");
	return fs_write_file(AT_FDCWD, path, STR("rebuild\n"), 0600, err);
}
