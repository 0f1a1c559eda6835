#include "conf/main_cf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/fsutil.h"
#include "base/hash.h"
#include "conf/expand.h"
#include "conf/lines.h"

struct main_cf {
	struct arena *arena;
	struct hash *by_name;  /* struct main_cf_entry */
	struct hash *defaults; /* const char * */
	struct main_cf_entry **list;
	size_t len, cap;
	const char **known; /* NULL: none yet */
	size_t known_len;
};

struct main_cf *
main_cf_new(void)
{
	struct main_cf *cf = xcalloc(1, sizeof(*cf));

	cf->arena = arena_new(0);
	cf->by_name = hash_new();
	cf->defaults = hash_new();
	return cf;
}

void
main_cf_free(struct main_cf *cf)
{
	if (cf == NULL)
		return;
	hash_free(cf->by_name);
	hash_free(cf->defaults);
	arena_free(cf->arena);
	free(cf->list);
	free(cf->known);
	free(cf);
}

bool
main_cf_is_name(struct str s)
{
	if (s.len == 0 || s.len > 200)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!is_alpha(s.p[i]) && !is_digit(s.p[i]) && s.p[i] != '_' &&
		    (i == 0 || (s.p[i] != '-' && s.p[i] != '.')))
			return false;
	}
	return true;
}

/* Returns the entry that was there before, if any. */
static const struct main_cf_entry *
set(struct main_cf *cf, struct str name, struct str value, const char *file,
    int line, int *old_line)
{
	struct main_cf_entry *entry = hash_get(cf->by_name, name);
	bool is_new = entry == NULL;

	*old_line = is_new ? 0 : entry->line;
	if (is_new) {
		entry = arena_calloc(cf->arena, 1, sizeof(*entry));
		entry->name = arena_cstr(cf->arena, name);
		(void)hash_put(cf->by_name, name, entry);
		if (cf->len == cf->cap) {
			cf->cap = cf->cap == 0 ? 64 : cf->cap * 2;
			cf->list = xreallocarray(cf->list, cf->cap,
			    sizeof(struct main_cf_entry *));
		}
		cf->list[cf->len++] = entry;
	}
	entry->value = arena_cstr(cf->arena, value);
	entry->file = file;
	entry->line = line;
	return is_new ? NULL : entry;
}

/* name *WSP "=" *WSP value */
static int
split_assignment(struct str text, struct str *name, struct str *value,
    struct err *err)
{
	ptrdiff_t at = str_chr(text, '=');

	if (at < 0)
		return err_set(err, ERR_SYNTAX, "\"name = value\" is expected");
	*name = str_trim(str_sub(text, 0, (size_t)at));
	*value = str_trim(str_sub(text, (size_t)at + 1, text.len));
	if (!main_cf_is_name(*name))
		return err_set(err, ERR_SYNTAX,
		    "there is no parameter's name before \"=\"");
	for (size_t i = 0; i < value->len; i++) {
		if ((unsigned char)value->p[i] < ' ' && value->p[i] != '\t')
			return err_set(err, ERR_SYNTAX,
			    "a control character in the value");
	}
	return 0;
}

void
main_cf_parse(struct main_cf *cf, const char *file, struct str text,
    struct problems *problems)
{
	const char *kept = arena_cstr(cf->arena, str_of(file));
	struct lines lines = { text, 0 };
	struct str name, value;
	struct buf logical;
	struct err err;
	int line, old_line;

	buf_init(&logical, MAIN_CF_VALUE_MAX);
	while (lines_next(&lines, &logical, &line)) {
		if (logical.full) {
			problem_error(problems, file, line,
			    "longer than %d bytes", MAIN_CF_VALUE_MAX);
			continue;
		}
		if (split_assignment(buf_str(&logical), &name, &value, &err) <
		    0) {
			problem_error(problems, file, line, "%s", err.text);
			continue;
		}
		if (set(cf, name, value, kept, line, &old_line) != NULL)
			problem_warn(problems, file, line,
			    "%" STR_F " was set in line %d already",
			    STR_A(name), old_line);
	}
	buf_clear(&logical);
}

int
main_cf_read_fd(struct main_cf *cf, const char *file, int fd,
    struct problems *problems, struct err *err)
{
	char chunk[8192];
	struct buf text;
	ssize_t n;
	off_t at = 0;

	buf_init(&text, MAIN_CF_MAX);
	while ((n = pread(fd, chunk, sizeof(chunk), at)) > 0) {
		at += n;
		if (buf_add(&text, chunk, (size_t)n) < 0)
			break;
	}
	if (n < 0)
		err_sys(err, "read %s", file);
	else if (n > 0)
		err_set(err, ERR_LIMIT, "%s: larger than %d bytes", file,
		    MAIN_CF_MAX);
	else
		main_cf_parse(cf, file, buf_str(&text), problems);
	buf_clear(&text);
	return n == 0 ? 0 : -1;
}

int
main_cf_read(struct main_cf *cf, int dirfd, const char *path,
    struct problems *problems, struct err *err)
{
	struct buf text;
	int ret;

	buf_init(&text, MAIN_CF_MAX);
	ret = fs_read_file(dirfd, path, &text, err);
	if (ret == 0)
		main_cf_parse(cf, path, buf_str(&text), problems);
	buf_clear(&text);
	return ret;
}

int
main_cf_override(struct main_cf *cf, const char *origin, struct str assignment,
    struct err *err)
{
	struct str name, value;
	int old_line;

	if (split_assignment(assignment, &name, &value, err) < 0)
		return -1;
	(void)set(cf, name, value, arena_cstr(cf->arena, str_of(origin)), 0,
	    &old_line);
	return 0;
}

const char *
main_cf_keep_str(struct main_cf *cf, struct str text)
{
	return arena_cstr(cf->arena, text);
}

const char *
main_cf_keep(struct main_cf *cf, const char *text)
{
	return main_cf_keep_str(cf, str_of(text));
}

void
main_cf_default(struct main_cf *cf, const char *name, const char *value)
{
	if (hash_get(cf->defaults, str_of(name)) == NULL)
		(void)hash_put(cf->defaults, str_of(name),
		    (void *)(uintptr_t)value);
}

const struct main_cf_entry *
main_cf_find(const struct main_cf *cf, const char *name)
{
	return hash_get(cf->by_name, str_of(name));
}

static const char *
lookup(const void *ctx, struct str name)
{
	const struct main_cf *cf = ctx;
	const struct main_cf_entry *entry = hash_get(cf->by_name, name);

	if (entry != NULL)
		return entry->value;
	return hash_get(cf->defaults, name);
}

const char *
main_cf_get(struct main_cf *cf, const char *name, struct err *err)
{
	const char *text = lookup(cf, str_of(name)), *kept = NULL;
	struct buf out;

	if (text == NULL || strchr(text, '$') == NULL)
		return text == NULL ? "" : text;
	buf_init(&out, MAIN_CF_VALUE_MAX);
	if (expand(&out, str_of(text), lookup, cf, err) == 0)
		kept = arena_cstr(cf->arena, str_trim(buf_str(&out)));
	buf_clear(&out);
	return kept;
}

size_t
main_cf_len(const struct main_cf *cf)
{
	return cf->len;
}

const struct main_cf_entry *
main_cf_at(const struct main_cf *cf, size_t i)
{
	return cf->list[i];
}

void
main_cf_know(struct main_cf *cf, const char *name)
{
	cf->known =
	    xreallocarray(cf->known, cf->known_len + 1, sizeof(*cf->known));
	cf->known[cf->known_len++] = main_cf_keep(cf, name);
}

const char *
main_cf_known(const struct main_cf *cf, size_t i)
{
	return i < cf->known_len ? cf->known[i] : NULL;
}

bool
main_cf_is_used(const struct main_cf *cf, const char *name)
{
	for (size_t i = 0; i < cf->len; i++) {
		if (expand_mentions(str_of(cf->list[i]->value), str_of(name)))
			return true;
	}
	return false;
}
