/*
 * map - one table in one file that somebody else wrote with LMDB, as Postfix's
 * postmap(1) does ("lmdb:" tables): read only, keys and values as bytes.
 *
 * It may be opened before chroot and fork, and be asked in the children; no
 * lock file is used. So the file should be replaced by a new one of its name
 * rather than be rewritten while it is read, and is the operator's to be
 * trusted.
 */
#ifndef KV_MAP_H
#define KV_MAP_H

#include "base/buf.h"
#include "base/err.h"

struct kv_map;

/* ERR_NOENT: no such file. ERR_CORRUPT: it is none of LMDB's. */
int kv_map_open(struct kv_map **out, const char *path, struct err *err);
void kv_map_close(struct kv_map *map); /* NULL is fine */

/* 1 found (the value is appended to out), 0 absent, -1 trouble. */
int kv_map_get(struct kv_map *map, struct str key, struct buf *out,
    struct err *err);

#endif
