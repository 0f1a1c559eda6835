#include <stdio.h>

#include "base/fsutil.h"
#include "verb/setup.h"

enum { CONFIG_MAX = 1 << 20 };

static int
write_from(const struct setup *setup, const char *template, const char *path,
    const struct setup_word *words, struct err *err)
{
	struct buf text;
	int ret;

	buf_init(&text, CONFIG_MAX);
	ret = setup_fill(setup, &text, template, words, err);
	if (ret == 0)
		ret = fs_write_file(setup->dirfd, path, buf_str(&text), 0644,
		    err);
	buf_clear(&text);
	return ret;
}

/* "front=990:990 auth=989:989 ..."; "" where all run as one. */
static void
list_users(const struct setup *setup, struct buf *out)
{
	for (size_t i = 0; setup->is_root && i < SETUP_USERS; i++)
		(void)buf_addf(out, "%s%s=%u:%u", i > 0 ? " " : "",
		    setup->users[i].role, setup->users[i].uid,
		    setup->users[i].gid);
}

int
setup_config(struct setup *setup, struct err *err)
{
	char port_base[16], operators[16] = "";
	struct buf users;
	const struct setup_word none[] = { { NULL, NULL } };
	int ret;

	(void)snprintf(port_base, sizeof(port_base), "%u", setup->port_base);
	if (setup->operators > 0)
		(void)snprintf(operators, sizeof(operators), "%u",
		    setup->operators);
	buf_init(&users, CONFIG_MAX);
	list_users(setup, &users);
	{
		const struct setup_word words[] = {
			{ "DOMAIN", setup->domain },
			{ "HOSTNAME", setup->hostname },
			{ "LISTEN", setup->listen },
			{ "PORT_BASE", port_base },
			{ "SYSTEM_USERS", buf_cstr(&users) },
			{ "OPERATOR_GROUP", operators },
			{ NULL, NULL },
		};

		ret = write_from(setup, "master.cf.in", "etc/master.cf", none,
		    err);
		if (ret == 0)
			ret = write_from(setup, "main.cf.in", "etc/main.cf",
			    words, err);
	}
	buf_clear(&users);
	return ret;
}
