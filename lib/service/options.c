#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "service/impl.h"

static void
usage(const struct daemon *d)
{
	(void)fprintf(stderr,
	    "usage: %s [-jv] [-C main.cf] [-J folder] [-m processes]\n"
	    "\t[-n service] [-o name=value] [-u uid:gid]\n"
	    "       %s -L | -P | -S | -T [-v] [-C main.cf] [-o name=value]\n",
	    d->ops->name, d->ops->name);
	exit(2);
}

static void
parse_user(struct daemon *d, const char *text)
{
	struct str in = str_of(text);
	uint64_t uid, gid = 0;

	if (!num_take(&in, UINT32_MAX - 1, &uid) || !str_take(&in, ':') ||
	    !num_take(&in, UINT32_MAX - 1, &gid) || in.len > 0)
		usage(d);
	d->uid = (uid_t)uid;
	d->gid = (gid_t)gid;
}

static void
parse_max(struct daemon *d, const char *text)
{
	uint64_t max;

	if (!num_parse(str_of(text), 1000000, &max))
		usage(d);
	d->max_processes = (int)max;
}

void
options_parse(struct daemon *d, int argc, char **argv)
{
	enum log_level level = LOG_LEVEL_INFO;
	int letter;

	while ((letter = getopt(argc, argv, "C:J:LPSTjm:n:o:u:v")) != -1) {
		switch (letter) {
		case 'C':
			d->main_cf_path = optarg;
			break;
		case 'J':
			d->folder = optarg;
			break;
		case 'L':
			d->mode = MODE_CALLS;
			break;
		case 'P':
			d->mode = MODE_PARAMS;
			break;
		case 'S':
			d->mode = MODE_STDIN;
			break;
		case 'T':
			d->mode = MODE_CHECK;
			break;
		case 'j':
			d->may_probe = true;
			break;
		case 'm':
			parse_max(d, optarg);
			break;
		case 'n':
			/* for whoever lists processes */
			break;
		case 'o':
			if (d->overrides_len == DAEMON_OPTIONS_MAX)
				usage(d);
			d->overrides[d->overrides_len++] = optarg;
			break;
		case 'u':
			parse_user(d, optarg);
			break;
		case 'v':
			level = LOG_LEVEL_DEBUG;
			break;
		default:
			usage(d);
		}
	}
	if (optind != argc)
		usage(d);
	(void)snprintf(d->ident, sizeof(d->ident), "chancery/%s", d->ops->name);
	log_init(d->ident, level);
}
