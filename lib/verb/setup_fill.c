#include <fcntl.h>
#include <stdio.h>

#include "base/fsutil.h"
#include "verb/setup.h"

enum { TEMPLATE_MAX = 1 << 20 };

static const char *
find_word(const struct setup_word *words, struct str name)
{
	for (; words->name != NULL; words++) {
		if (str_eqz(name, words->name))
			return words->value;
	}
	return NULL;
}

/* Is this "attribute: @WORD@" with an empty word? */
static bool
is_left_out(struct str line, const struct setup_word *words)
{
	ptrdiff_t at = str_find(line, STR(": @"));
	const char *value;

	if (at < 0 || line.p[line.len - 1] != '@')
		return false;
	value = find_word(words, str_sub(line, (size_t)at + 3, line.len - 1));
	return value != NULL && value[0] == '\0';
}

static int
fill_line(struct buf *out, struct str line, const struct setup_word *words,
    struct err *err)
{
	struct str before, name;
	const char *value;

	while (str_split(&line, '@', &before)) {
		(void)buf_add_str(out, before);
		if (line.p == NULL)
			break;
		if (!str_split(&line, '@', &name) || line.p == NULL ||
		    (value = find_word(words, name)) == NULL)
			return err_set(err, ERR_CORRUPT,
			    "unknown word @%" STR_F "@", STR_A(name));
		(void)buf_addz(out, value);
	}
	return buf_addc(out, '\n');
}

int
setup_fill(const struct setup *setup, struct buf *out, const char *template,
    const struct setup_word *words, struct err *err)
{
	struct str rest, line;
	struct buf text;
	char path[4096];
	int ret;

	(void)snprintf(path, sizeof(path), "%s/%s", setup->env->share,
	    template);
	buf_init(&text, TEMPLATE_MAX);
	ret = fs_read_file(AT_FDCWD, path, &text, err);
	rest = buf_str(&text);
	while (ret == 0 && rest.len > 0 && str_split(&rest, '\n', &line)) {
		if (!is_left_out(line, words))
			ret = fill_line(out, line, words, err);
	}
	buf_clear(&text);
	return ret < 0 ? err_prefix(err, "%s", template) : 0;
}
