#include "t/crash/model.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/fsutil.h"
#include "base/hash.h"
#include "base/log.h"

enum { SECTOR = 512, DEPTH_MAX = 16 };

/* A change that is not durable yet. */
struct change {
	struct change *next;
	struct journal_head head;
	struct str name, data;
	uint64_t number; /* of the record */
};

struct changes {
	struct change *first, **last;
};

/* A folder's names. */
struct entry {
	struct entry *next;
	struct str name;
	uint64_t ino;
};

/* A file or folder: what is durable, and for a file what is pending. */
struct node {
	uint64_t ino;
	bool is_folder;
	char *bytes;
	size_t size, cap;
	struct entry *entries;
	struct changes pending;
	uint64_t sync_from; /* number of the record where a sync began */
};

struct model {
	enum model_kind kind;
	uint64_t root, number;
	struct hash *nodes;     /* by inode */
	struct changes folders; /* pending changes of all folders, in order */
};

static void
changes_init(struct changes *changes)
{
	changes->first = NULL;
	changes->last = &changes->first;
}

static void
changes_add(struct changes *changes, struct change *change)
{
	change->next = NULL;
	*changes->last = change;
	changes->last = &change->next;
}

struct model *
model_new(enum model_kind kind)
{
	struct model *model = xcalloc(1, sizeof(*model));

	model->kind = kind;
	model->nodes = hash_new();
	changes_init(&model->folders);
	return model;
}

static void
node_free(struct node *node)
{
	while (node->entries != NULL) {
		struct entry *entry = node->entries;

		node->entries = entry->next;
		free(entry);
	}
	while (node->pending.first != NULL) {
		struct change *change = node->pending.first;

		node->pending.first = change->next;
		free(change);
	}
	free(node->bytes);
	free(node);
}

void
model_free(struct model *model)
{
	void *value;
	size_t it = 0;
	struct str key;

	while (hash_next(model->nodes, &it, &key, &value))
		node_free(value);
	hash_free(model->nodes);
	while (model->folders.first != NULL) {
		struct change *change = model->folders.first;

		model->folders.first = change->next;
		free(change);
	}
	free(model);
}

static struct node *
find(const struct model *model, uint64_t ino)
{
	return hash_get(model->nodes, str_make(&ino, sizeof(ino)));
}

static struct node *
find_or_make(struct model *model, uint64_t ino)
{
	struct node *node = find(model, ino);

	if (node != NULL)
		return node;
	node = xcalloc(1, sizeof(*node));
	node->ino = ino;
	changes_init(&node->pending);
	(void)hash_put(model->nodes, str_make(&ino, sizeof(ino)), node);
	return node;
}

static void
set_size(struct node *node, size_t size)
{
	if (size > node->cap) {
		node->cap = size + size / 2;
		node->bytes = xreallocarray(node->bytes, node->cap, 1);
	}
	if (size > node->size)
		memset(node->bytes + node->size, 0, size - node->size);
	node->size = size;
}

static void
put_bytes(struct node *node, uint64_t at, struct str bytes)
{
	if (at + bytes.len > node->size)
		set_size(node, at + bytes.len);
	memcpy(node->bytes + at, bytes.p, bytes.len);
}

static void
remove_name(struct node *folder, struct str name)
{
	for (struct entry **at = &folder->entries; *at != NULL;
	     at = &(*at)->next) {
		struct entry *entry = *at;

		if (str_eq(entry->name, name)) {
			*at = entry->next;
			free(entry);
			return;
		}
	}
}

static void
set_name(struct node *folder, struct str name, uint64_t ino)
{
	struct entry *entry = xmalloc(sizeof(*entry));

	remove_name(folder, name);
	*entry = (struct entry){ folder->entries, name, ino };
	folder->entries = entry;
}

/* A change of folders, in those that nodes has. */
static void
apply_to_folders(struct model *model, const struct change *change)
{
	const struct journal_head *head = &change->head;
	struct node *parent = find_or_make(model, head->parent);

	parent->is_folder = true;
	switch (head->op) {
	case JOURNAL_UNLINK:
		remove_name(parent, change->name);
		break;
	case JOURNAL_RENAME:
		remove_name(find_or_make(model, head->at), change->data);
		set_name(parent, change->name, head->ino);
		break;
	default:
		set_name(parent, change->name, head->ino);
		break;
	}
}

static void
apply_to_file(struct node *node, const struct change *change)
{
	if (change->head.op == JOURNAL_TRUNCATE)
		set_size(node, change->head.at);
	else
		put_bytes(node, change->head.at, change->data);
}

/* Does a sync of ino make this folder change durable? */
static bool
concerns(const struct change *change, uint64_t ino)
{
	return change->head.parent == ino ||
	    (change->head.op == JOURNAL_RENAME && change->head.at == ino);
}

/* Folder changes before number: all of them, or those of one folder. */
static void
settle_folders(struct model *model, uint64_t ino, bool all, uint64_t number)
{
	struct change *change = model->folders.first;
	struct change *next;

	changes_init(&model->folders);
	for (; change != NULL; change = next) {
		next = change->next;
		if (change->number < number && (all || concerns(change, ino))) {
			apply_to_folders(model, change);
			free(change);
		} else {
			changes_add(&model->folders, change);
		}
	}
}

/* Returns whether the file's length changed by it. */
static bool
settle_file(struct node *node, uint64_t number)
{
	struct change *change = node->pending.first;
	size_t size = node->size;
	struct change *next;

	changes_init(&node->pending);
	for (; change != NULL; change = next) {
		next = change->next;
		if (change->number < number) {
			apply_to_file(node, change);
			free(change);
		} else {
			changes_add(&node->pending, change);
		}
	}
	return node->size != size;
}

/* A sync has returned: what was pending when it began is durable. */
static void
settle(struct model *model, uint64_t ino, bool data_only)
{
	struct node *node = find_or_make(model, ino);
	bool grown = settle_file(node, node->sync_from);

	if (model->kind == MODEL_STRICT) {
		settle_folders(model, ino, false, node->sync_from);
		return;
	}
	/* fdatasync commits the journal only for a change of length */
	if (!data_only || grown)
		settle_folders(model, 0, true, node->sync_from);
}

static void
settle_all(struct model *model)
{
	struct str key;
	void *value;
	size_t it = 0;

	while (hash_next(model->nodes, &it, &key, &value))
		(void)settle_file(value, UINT64_MAX);
	settle_folders(model, 0, true, UINT64_MAX);
}

void
model_add(struct model *model, const struct journal_head *head, struct str name,
    struct str data)
{
	struct change *change;

	model->number++;
	switch (head->op) {
	case JOURNAL_ROOT:
		model->root = head->ino;
		find_or_make(model, head->ino)->is_folder = true;
		return;
	case JOURNAL_SYNC_BEGIN:
		find_or_make(model, head->ino)->sync_from = model->number;
		return;
	case JOURNAL_SYNC_END:
		settle(model, head->ino, head->at != 0);
		return;
	case JOURNAL_DURABLE:
		settle_all(model);
		return;
	case JOURNAL_MARK:
		return;
	default:
		break;
	}
	change = xmalloc(sizeof(*change));
	*change = (struct change){ NULL, *head, name, data, model->number };
	if (head->op == JOURNAL_MKDIR)
		find_or_make(model, head->ino)->is_folder = true;
	if (head->op == JOURNAL_WRITE || head->op == JOURNAL_TRUNCATE)
		changes_add(&find_or_make(model, head->ino)->pending, change);
	else
		changes_add(&model->folders, change);
}

/* splitmix64: a state must be the same for the same seed, everywhere. */
static uint64_t
draw(uint64_t *seed)
{
	uint64_t z = (*seed += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Some of a write's sectors, in the file's own 512-byte grid. */
static void
apply_torn(struct node *node, const struct change *change, uint64_t *seed)
{
	uint64_t at = change->head.at;
	struct str rest = change->data;

	while (rest.len > 0) {
		size_t len = SECTOR - at % SECTOR;

		if (len > rest.len)
			len = rest.len;
		if (draw(seed) & 1)
			put_bytes(node, at, str_sub(rest, 0, len));
		str_skip(&rest, len);
		at += len;
	}
}

/* A copy of node with some of what is pending. */
static struct node
file_state(const struct node *node, uint64_t *seed)
{
	/* nothing, all, or each for itself */
	uint64_t luck = draw(seed) % 4;
	struct node copy = { .ino = node->ino };

	put_bytes(&copy, 0, str_make(node->bytes, node->size));
	for (struct change *change = node->pending.first; change != NULL;
	     change = change->next) {
		uint64_t way = luck < 2 ? luck : draw(seed) % 3;

		if (way == 1)
			apply_to_file(&copy, change);
		else if (way == 2 && change->head.op == JOURNAL_WRITE)
			apply_torn(&copy, change, seed);
	}
	return copy;
}

static int
write_file(const char *path, const struct node *node, struct err *err)
{
	static const char zeros[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ret = 0;

	if (fd < 0)
		return err_sys(err, "create %s", path);
	if (ftruncate(fd, (off_t)node->size) < 0)
		ret = err_sys(err, "truncate %s", path);
	/* zeros are holes: most of a segment */
	for (size_t at = 0; ret == 0 && at < node->size; at += sizeof(zeros)) {
		size_t len = node->size - at;

		if (len > sizeof(zeros))
			len = sizeof(zeros);
		if (memcmp(node->bytes + at, zeros, len) != 0)
			ret = fs_pwrite_all(fd, node->bytes + at, len,
			    (off_t)at, err);
	}
	(void)close(fd);
	return ret;
}

static int
write_folder(const struct model *names, const struct model *model, uint64_t ino,
    const char *path, int depth, uint64_t *seed, struct err *err)
{
	const struct node *folder = find(names, ino);

	if (depth > DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "%s: too deep", path);
	if (fs_mkdir(AT_FDCWD, path, 0700, err) < 0)
		return -1;
	for (struct entry *entry = folder == NULL ? NULL : folder->entries;
	     entry != NULL; entry = entry->next) {
		const struct node *node = find(model, entry->ino);
		struct node none = { 0 }, copy;
		char name[4096];
		int ret;

		(void)snprintf(name, sizeof(name), "%s/%" STR_F, path,
		    STR_A(entry->name));
		if (node != NULL && node->is_folder) {
			if (write_folder(names, model, entry->ino, name,
				depth + 1, seed, err) < 0)
				return -1;
			continue;
		}
		copy = file_state(node == NULL ? &none : node, seed);
		ret = write_file(name, &copy, err);
		free(copy.bytes);
		if (ret < 0)
			return -1;
	}
	return 0;
}

/* The folders' names in one state: a model of names alone. */
static struct model *
folder_state(const struct model *model, uint64_t *seed)
{
	struct model *names = model_new(model->kind);
	uint64_t luck = draw(seed) % 4, count = 0, prefix;
	struct str key;
	void *value;
	size_t it = 0;

	while (hash_next(model->nodes, &it, &key, &value)) {
		const struct node *node = value;

		for (struct entry *entry = node->entries; entry != NULL;
		     entry = entry->next)
			set_name(find_or_make(names, node->ino), entry->name,
			    entry->ino);
	}
	for (struct change *change = model->folders.first; change != NULL;
	     change = change->next)
		count++;
	prefix = draw(seed) % (count + 1);
	for (struct change *change = model->folders.first; change != NULL;
	     change = change->next) {
		bool there =
		    model->kind == MODEL_STRICT ? draw(seed) & 1 : prefix-- > 0;

		if (luck < 2)
			there = luck;
		if (!there && model->kind == MODEL_EXT4)
			break;
		if (there)
			apply_to_folders(names, change);
	}
	return names;
}

int
model_write_state(const struct model *model, const char *path, uint64_t seed,
    struct err *err)
{
	struct model *names = folder_state(model, &seed);
	int ret = write_folder(names, model, model->root, path, 0, &seed, err);

	model_free(names);
	return ret;
}
