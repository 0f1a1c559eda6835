#include "conf/master_cf.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/fsutil.h"
#include "base/num.h"
#include "conf/lines.h"
#include "conf/main_cf.h"

enum { WORDS_MAX = 256 };

/* Where a message about the line at hand goes. */
struct place {
	struct problems *problems;
	const char *file;
	int line;
};

/* 1*VCHAR, or "{" text "}" as one word without the braces. */
static bool
take_word(struct str *in, struct str *word)
{
	*in = str_trim(*in);
	if (in->len == 0)
		return false;
	if (str_take(in, '{')) {
		ptrdiff_t at = str_chr(*in, '}');

		word->p = in->p;
		word->len = at < 0 ? in->len : (size_t)at;
		str_skip(in, word->len + (at >= 0));
		*word = str_trim(*word);
		return true;
	}
	word->p = in->p;
	for (word->len = 0; in->len > 0 && in->p[0] != ' ' && in->p[0] != '\t';)
		str_skip(in, 1), word->len++;
	return true;
}

static int
parse_type(struct str word, struct master_cf_entry *entry)
{
	if (str_eqz(word, "inet"))
		entry->type = MASTER_CF_INET;
	else if (str_eqz(word, "unix"))
		entry->type = MASTER_CF_UNIX;
	else
		return -1;
	return 0;
}

/* "y", "n" or "-" for a wish that is granted whatever it says. */
static int
parse_wish(struct str word, const char *column, const struct place *place)
{
	if (str_eqz(word, "-") || str_eqz(word, "y"))
		return 0;
	if (!str_eqz(word, "n"))
		return -1;
	problem_warn(place->problems, place->file, place->line,
	    "%s is \"n\", but every daemon is unprivileged and jailed", column);
	return 0;
}

static int
parse_wakeup(struct str word, struct master_cf_entry *entry)
{
	uint64_t seconds = 0;

	if (str_eqz(word, "-"))
		return 0;
	if (!num_take(&word, 604800, &seconds))
		return -1;
	entry->wakeup = (int)seconds;
	entry->wakeup_if_used = str_take(&word, '?');
	return word.len == 0 ? 0 : -1;
}

static int
parse_maxproc(struct str word, struct master_cf_entry *entry)
{
	uint64_t max = MASTER_CF_DEFAULT_MAXPROC;

	if (!str_eqz(word, "-") && !num_parse(word, 1000000, &max))
		return -1;
	entry->maxproc = (int)max;
	return 0;
}

/* The eight columns up to the command. */
static int
parse_columns(struct arena *arena, struct str *in,
    struct master_cf_entry *entry, const struct place *place)
{
	static const char *const names[] = { "service", "type", "private",
		"unpriv", "chroot", "wakeup", "maxproc", "command" };
	struct str word[NELEMS(names)];
	size_t i;

	for (i = 0; i < NELEMS(names) && take_word(in, &word[i]); i++)
		;
	if (i < NELEMS(names)) {
		problem_error(place->problems, place->file, place->line,
		    "the line ends before its %s column", names[i]);
		return -1;
	}
	i = 1;
	if (parse_type(word[1], entry) < 0)
		goto bad;
	i = 2;
	if (!str_eqz(word[2], "-") && !str_eqz(word[2], "y") &&
	    !str_eqz(word[2], "n"))
		goto bad;
	i = 3;
	if (parse_wish(word[3], names[3], place) < 0)
		goto bad;
	i = 4;
	if (parse_wish(word[4], names[4], place) < 0)
		goto bad;
	i = 5;
	if (parse_wakeup(word[5], entry) < 0)
		goto bad;
	i = 6;
	if (parse_maxproc(word[6], entry) < 0)
		goto bad;
	entry->name = arena_cstr(arena, word[0]);
	entry->command = arena_cstr(arena, word[7]);
	return 0;
bad:
	problem_error(place->problems, place->file, place->line,
	    "%s: \"%.40s\" is no %s", names[i],
	    (const char *)arena_cstr(arena, word[i]), names[i]);
	return -1;
}

/* *( "-o" name=value ) */
static int
parse_options(struct arena *arena, struct str *in,
    struct master_cf_entry *entry, const struct place *place)
{
	const char *options[MASTER_CF_OPTIONS_MAX];
	struct str word, value, name;
	ptrdiff_t at;

	while (take_word(in, &word)) {
		if (!str_take_str(&word, STR("-o")))
			goto bad;
		value = word;
		if (value.len == 0 && !take_word(in, &value))
			goto bad;
		at = str_chr(value, '=');
		name = str_trim(str_sub(value, 0, at < 0 ? 0 : (size_t)at));
		if (!main_cf_is_name(name))
			goto bad;
		if (entry->options_len == MASTER_CF_OPTIONS_MAX) {
			problem_error(place->problems, place->file, place->line,
			    "more than %d options", MASTER_CF_OPTIONS_MAX);
			return -1;
		}
		options[entry->options_len++] = arena_cstr(arena, value);
	}
	entry->options =
	    arena_calloc(arena, entry->options_len + 1, sizeof(char *));
	for (size_t i = 0; i < entry->options_len; i++)
		entry->options[i] = options[i];
	return 0;
bad:
	problem_error(place->problems, place->file, place->line,
	    "\"-o name=value\" is expected behind the command");
	return -1;
}

/* A program's name, not a path: they are all in one folder. */
static int
check_command(const struct master_cf_entry *entry, const struct place *place)
{
	if (main_cf_is_name(str_of(entry->command)))
		return 0;
	problem_error(place->problems, place->file, place->line,
	    "command \"%.60s\" is no program's name", entry->command);
	return -1;
}

static int
check_unique(const struct master_cf *cf, const struct master_cf_entry *entry,
    const struct place *place)
{
	for (size_t i = 0; i < cf->len; i++) {
		if (cf->list[i].type == entry->type &&
		    str_eqz(str_of(cf->list[i].name), entry->name)) {
			problem_error(place->problems, place->file, place->line,
			    "service %.60s stands in line %d already",
			    entry->name, cf->list[i].line);
			return -1;
		}
	}
	return 0;
}

static void
parse_line(struct master_cf *cf, struct str text, const struct place *place)
{
	struct master_cf_entry entry = { .line = place->line };

	if (parse_columns(cf->arena, &text, &entry, place) < 0 ||
	    parse_options(cf->arena, &text, &entry, place) < 0 ||
	    check_command(&entry, place) < 0 ||
	    check_unique(cf, &entry, place) < 0)
		return;
	if (cf->len == MASTER_CF_SERVICES_MAX) {
		problem_error(place->problems, place->file, place->line,
		    "more than %d services", MASTER_CF_SERVICES_MAX);
		return;
	}
	cf->list[cf->len++] = entry;
}

void
master_cf_parse(struct master_cf *cf, const char *file, struct str text,
    struct problems *problems)
{
	struct place place = { problems, file, 0 };
	struct lines lines = { text, 0 };
	struct buf logical;

	if (cf->arena == NULL) {
		cf->arena = arena_new(0);
		cf->list = xcalloc(MASTER_CF_SERVICES_MAX, sizeof(*cf->list));
	}
	buf_init(&logical, MASTER_CF_LINE_MAX);
	while (lines_next(&lines, &logical, &place.line)) {
		if (logical.full)
			problem_error(problems, file, place.line,
			    "longer than %d bytes", MASTER_CF_LINE_MAX);
		else
			parse_line(cf, buf_str(&logical), &place);
	}
	buf_clear(&logical);
}

void
master_cf_read(struct master_cf *cf, int dirfd, const char *path,
    struct problems *problems)
{
	struct buf text;
	struct err err;

	buf_init(&text, MASTER_CF_MAX);
	if (fs_read_file(dirfd, path, &text, &err) < 0)
		problem_error(problems, NULL, 0, "%s", err.text);
	else
		master_cf_parse(cf, path, buf_str(&text), problems);
	buf_clear(&text);
}

void
master_cf_clear(struct master_cf *cf)
{
	free(cf->list);
	arena_free(cf->arena);
	*cf = (struct master_cf){ 0 };
}
