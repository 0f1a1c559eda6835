/*
 * lmdb - tables that Postfix's postmap(1) made: "lmdb:path" is path.lmdb.
 * Keys are in lower case; with some programs keys and values end in a NUL,
 * which is looked for when the plain key is not there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dict/dict_internal.h"
#include "kv/map.h"

enum { PATH_MAX_LEN = 4096, KEY_MAX = 512 };

static void *
lmdb_open(const char *name, struct err *err)
{
	char path[PATH_MAX_LEN];
	struct kv_map *map;

	if (snprintf(path, sizeof(path), "%s.lmdb", name) >=
	    (int)sizeof(path)) {
		(void)err_set(err, ERR_LIMIT, "path too long");
		return NULL;
	}
	return kv_map_open(&map, path, err) < 0 ? NULL : map;
}

static int
lmdb_lookup(void *table, struct str key, struct buf *out, struct err *err)
{
	size_t before = out->len;
	char folded[KEY_MAX];
	int found;

	if (key.len >= sizeof(folded))
		return err_set(err, ERR_NOENT, "no such key");
	for (size_t i = 0; i < key.len; i++)
		folded[i] = lower(key.p[i]);
	folded[key.len] = '\0';
	found = kv_map_get(table, str_make(folded, key.len), out, err);
	if (found == 0)
		found =
		    kv_map_get(table, str_make(folded, key.len + 1), out, err);
	if (found < 0) {
		if (err->kind != ERR_LIMIT)
			err->kind = ERR_TEMP;
		return -1;
	}
	if (found == 0)
		return err_set(err, ERR_NOENT, "no such key");
	if (out->len > before && out->p[out->len - 1] == '\0')
		buf_truncate(out, out->len - 1);
	return 0;
}

static void
lmdb_close(void *table)
{
	kv_map_close(table);
}

const struct dict_type dict_type_lmdb = {
	.name = "lmdb",
	.open = lmdb_open,
	.lookup = lmdb_lookup,
	.close = lmdb_close,
};
