#include "verb/print.h"

#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/utf8.h"

enum {
	DEPTH_MAX = 8,
	COLUMNS_MAX = 32,
	CELL_MAX = 4096,
	HELD_MAX = 1 << 20, /* bytes of rows that wait for wider ones */
};

enum level_kind {
	LEVEL_RECORD, /* "name: value" lines */
	LEVEL_LIST,   /* of records, a line each, or of strings */
	LEVEL_ROW,    /* a record in a list */
	LEVEL_CELL,   /* a list in a row: commas between */
};

struct level {
	enum level_kind kind;
	size_t members;
	const char *name;
};

struct print {
	FILE *out;
	bool json;
	struct level level[DEPTH_MAX];
	int depth;
	/* the list at hand, as text */
	size_t width[COLUMNS_MAX];
	char *names[COLUMNS_MAX]; /* of the first row, printed above it */
	struct buf cells[COLUMNS_MAX];
	size_t columns;
	struct buf held; /* rows not printed yet: cells with a NUL each */
	bool is_flowing; /* too many to hold: print them as they come */
};

struct print *
print_new(FILE *out, bool json)
{
	struct print *p = xcalloc(1, sizeof(*p));

	p->out = out;
	p->json = json;
	p->level[0].kind = LEVEL_RECORD;
	for (size_t i = 0; i < COLUMNS_MAX; i++)
		buf_init(&p->cells[i], CELL_MAX);
	buf_init(&p->held, 0);
	if (json)
		(void)fputs("{", out);
	return p;
}

static void
forget_columns(struct print *p)
{
	for (size_t i = 0; i < COLUMNS_MAX; i++) {
		buf_clear(&p->cells[i]);
		buf_init(&p->cells[i], CELL_MAX);
		free(p->names[i]);
		p->names[i] = NULL;
		p->width[i] = 0;
	}
	p->columns = 0;
	buf_clear(&p->held);
	p->is_flowing = false;
}

int
print_free(struct print *p)
{
	int ret;

	while (p->depth > 0)
		print_close(p);
	if (p->json)
		(void)fputs("}\n", p->out);
	ret = fflush(p->out) == 0 && !ferror(p->out) ? 0 : -1;
	forget_columns(p);
	free(p);
	return ret;
}

bool
print_is_json(const struct print *p)
{
	return p->json;
}

/* A JSON string; bytes that are not UTF-8 become U+FFFD. */
static void
put_json(struct print *p, struct str s)
{
	(void)fputc('"', p->out);
	while (s.len > 0) {
		unsigned char c = (unsigned char)s.p[0];
		size_t len = c < 0x80 ? 1 : utf8_char_len(s);

		if (len == 0)
			(void)fputs("\xef\xbf\xbd", p->out);
		else if (c == '"' || c == '\\')
			(void)fprintf(p->out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			(void)fprintf(p->out, "\\u%04x", c);
		else
			(void)fwrite(s.p, 1, len, p->out);
		str_skip(&s, len == 0 ? 1 : len);
	}
	(void)fputc('"', p->out);
}

/* Comma and name, as JSON needs them at this place. */
static void
begin_json(struct print *p, const char *name)
{
	struct level *level = &p->level[p->depth];

	if (level->members++ > 0)
		(void)fputc(',', p->out);
	if (name != NULL) {
		put_json(p, str_of(name));
		(void)fputc(':', p->out);
	}
}

/* Columns count characters, not bytes. */
static size_t
width_of(struct str s)
{
	size_t width = 0;

	for (size_t i = 0; i < s.len; i++)
		width += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return width;
}

/* A row's cells, NULs between them: padded but for the last. */
static void
put_line(struct print *p, struct str row)
{
	struct str cell;

	for (size_t column = 0; str_split(&row, '\0', &cell); column++) {
		(void)fwrite(cell.p, 1, cell.len, p->out);
		if (row.p == NULL)
			break;
		for (size_t at = width_of(cell); at < p->width[column] + 2;
		     at++)
			(void)fputc(' ', p->out);
	}
	(void)fputc('\n', p->out);
}

/* The names and every row that waited, now that we know how wide they are. */
static void
put_held(struct print *p)
{
	struct str rest = buf_str(&p->held), row;
	struct buf names;

	if (rest.len == 0)
		return;
	buf_init(&names, 0);
	for (size_t i = 0; i < p->columns; i++)
		(void)buf_addf(&names, "%s%c", p->names[i], '\0');
	put_line(p, str_sub(buf_str(&names), 0, names.len - 1));
	buf_clear(&names);
	while (str_split(&rest, '\n', &row) && rest.p != NULL)
		put_line(p, row);
	buf_clear(&p->held);
}

static void
put_row(struct print *p, size_t columns)
{
	struct buf *row = &p->held;

	if (columns > COLUMNS_MAX)
		columns = COLUMNS_MAX;
	for (size_t i = 0; i < columns; i++) {
		struct str text = buf_str(&p->cells[i]);
		size_t width = width_of(text);

		if (p->width[i] < width)
			p->width[i] = width;
		if (i > 0)
			(void)buf_addc(row, '\0');
		(void)buf_add_str(row, text);
		buf_reset(&p->cells[i]);
	}
	if (p->is_flowing) {
		put_line(p, buf_str(row));
		buf_reset(row);
		return;
	}
	(void)buf_addc(row, '\n');
	if (row->len > HELD_MAX) {
		put_held(p);
		p->is_flowing = true;
	}
}

/* The next cell of a row, empty. NULL when there are too many. */
static struct buf *
open_cell(struct print *p, const char *name)
{
	size_t column = p->level[p->depth].members++;

	if (column >= COLUMNS_MAX)
		return NULL;
	if (column >= p->columns) {
		p->columns = column + 1;
		p->names[column] = xstrdup(name == NULL ? "" : name);
		for (char *c = p->names[column]; *c != '\0'; c++)
			*c = upper(*c);
		p->width[column] = strlen(p->names[column]);
	}
	buf_reset(&p->cells[column]);
	return &p->cells[column];
}

static void
put_text(struct print *p, const char *name, struct str value)
{
	struct level *level = &p->level[p->depth];
	char escaped[CELL_MAX];
	struct buf *cell;

	(void)log_escape(escaped, sizeof(escaped), value);
	switch (level->kind) {
	case LEVEL_RECORD:
		(void)fprintf(p->out, "%s: %s\n", name, escaped);
		break;
	case LEVEL_LIST:
		(void)fprintf(p->out, "%s\n", escaped);
		break;
	case LEVEL_ROW:
		if ((cell = open_cell(p, name)) != NULL)
			(void)buf_addz(cell, escaped);
		break;
	case LEVEL_CELL:
		cell = &p->cells[p->level[p->depth - 1].members - 1];
		if (level->members++ > 0)
			(void)buf_addc(cell, ',');
		(void)buf_addz(cell, escaped);
		break;
	}
}

static void
descend(struct print *p, enum level_kind kind, const char *name)
{
	if (p->depth + 1 == DEPTH_MAX)
		panic("print: nested too deep");
	p->level[++p->depth] = (struct level){ kind, 0, name };
}

void
print_open_record(struct print *p, const char *name)
{
	enum level_kind above = p->level[p->depth].kind;

	if (p->json) {
		begin_json(p, name);
		(void)fputc('{', p->out);
	} else if (above == LEVEL_RECORD && name != NULL) {
		(void)fprintf(p->out, "%s:\n", name);
	}
	descend(p, above == LEVEL_RECORD ? LEVEL_RECORD : LEVEL_ROW, name);
}

void
print_open_list(struct print *p, const char *name)
{
	enum level_kind above = p->level[p->depth].kind;

	if (p->json) {
		begin_json(p, name);
		(void)fputc('[', p->out);
	} else if (above == LEVEL_ROW) {
		(void)open_cell(p, name);
	} else if (above == LEVEL_RECORD && p->depth > 0) {
		(void)fprintf(p->out, "%s:\n", name);
	}
	descend(p, above == LEVEL_ROW ? LEVEL_CELL : LEVEL_LIST, name);
}

void
print_close(struct print *p)
{
	struct level *level = &p->level[p->depth];
	bool list = level->kind == LEVEL_LIST || level->kind == LEVEL_CELL;

	if (p->depth == 0)
		panic("print: closed too often");
	p->depth--;
	if (p->json)
		(void)fputc(list ? ']' : '}', p->out);
	else if (level->kind == LEVEL_ROW &&
	    p->level[p->depth].kind == LEVEL_LIST)
		put_row(p, level->members);
	else if (level->kind == LEVEL_LIST) {
		put_held(p);
		forget_columns(p);
	}
}

void
print_str(struct print *p, const char *name, struct str value)
{
	if (p->json) {
		begin_json(p, name);
		put_json(p, value);
	} else {
		put_text(p, name, value);
	}
}

void
print_strz(struct print *p, const char *name, const char *value)
{
	print_str(p, name, str_of(value));
}

static void
put_bare(struct print *p, const char *name, const char *json, const char *text)
{
	if (p->json) {
		begin_json(p, name);
		(void)fputs(json, p->out);
	} else {
		put_text(p, name, str_of(text));
	}
}

void
print_int(struct print *p, const char *name, int64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%lld", (long long)value);
	put_bare(p, name, text, text);
}

void
print_bool(struct print *p, const char *name, bool value)
{
	put_bare(p, name, value ? "true" : "false", value ? "yes" : "no");
}

void
print_time(struct print *p, const char *name, int64_t seconds)
{
	char number[32], text[40] = "";
	time_t when = (time_t)seconds;
	struct tm tm;

	(void)snprintf(number, sizeof(number), "%lld", (long long)seconds);
	if (localtime_r(&when, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	put_bare(p, name, number, text);
}

void
print_line(struct print *p, const char *fmt, ...)
{
	va_list ap;

	if (p->json)
		return;
	va_start(ap, fmt);
	(void)vfprintf(p->out, fmt, ap);
	va_end(ap);
	(void)fputc('\n', p->out);
}
