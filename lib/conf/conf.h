/*
 * conf - a daemon's parameters: one table that fills one struct.
 *
 *	static const struct conf_param params[] = {
 *		CONF(INT, lmtpd, conf.max_rcpts, "lmtpd_recipient_limit",
 *		    "1000", 1, 100000),
 *		CONF(TIME, lmtpd, conf.timeout, "lmtpd_timeout", "300s", 1, 0),
 *		CONF(STR, lmtpd, conf.hostname, "myhostname", "", 0, 255),
 *		CONF_TABLE(lmtpd, rewrite.conf, rewrite_client_params),
 *		{ 0 },
 *	};
 *
 * The member's type must be the kind's (checked when compiled): INT int,
 * SIZE size_t (bytes), TIME int (seconds), BOOL bool, STR const char *
 * (never NULL), WORD int (which of a list of words). min and max bound numbers,
 *and a string's length; max 0 means no bound but the type's.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/main_cf.h"
#include "conf/problem.h"

enum conf_kind {
	CONF_END,
	CONF_INT,
	CONF_SIZE,
	CONF_TIME,
	CONF_BOOL,
	CONF_STR,
	CONF_WORD,
	CONF_SUBTABLE
};

struct conf_param {
	enum conf_kind kind;
	const char *name;
	const char *value; /* the default, in main.cf's syntax */
	int64_t min, max;
	size_t offset;                  /* of the member */
	const struct conf_param *table; /* CONF_SUBTABLE only */
	const char *const *words;       /* CONF_WORD only; ends with NULL */
};

#define CONF_TYPE_INT  int
#define CONF_TYPE_SIZE size_t
#define CONF_TYPE_TIME int
#define CONF_TYPE_BOOL bool
#define CONF_TYPE_STR  const char *

/* offsetof, and an array of negative size where the types differ. */
#define CONF_OFFSET(kind, owner, member)                                       \
	(offsetof(struct owner, member) +                                      \
	    0 *                                                                \
		sizeof(char[1 -                                                \
		    2 *                                                        \
			!__builtin_types_compatible_p(CONF_TYPE_##kind,        \
			    __typeof__(((struct owner *)0)->member))]))

#define CONF(kind, owner, member, name, value, min, max)                       \
	{                                                                      \
		CONF_##kind, name, value, min, max,                            \
		    CONF_OFFSET(kind, owner, member), NULL, NULL               \
	}

/* One of a list of words, either case; min and max are not used. */
#define CONF_CHOICE(owner, member, name, value, words)                         \
	{                                                                      \
		CONF_WORD, name, value, 0, 0, CONF_OFFSET(INT, owner, member), \
		    NULL, words                                                \
	}

/* The parameters of a library, whose struct is a member of ours. */
#define CONF_TABLE(owner, member, table)                                       \
	{                                                                      \
		CONF_SUBTABLE, NULL, NULL, 0, 0,                               \
		    offsetof(struct owner, member), table, NULL                \
	}

/*
 * Fill base from cf. Problems are added; if there is an error among them
 * nothing was changed. Strings are borrowed from cf: it must stay.
 */
int conf_fill(struct main_cf *cf, const struct conf_param *table, void *base,
    struct problems *problems);

/* Only look for problems. */
void conf_check(struct main_cf *cf, const struct conf_param *table,
    struct problems *problems);

/*
 * Add the problem err describes, of what name is set to: with file and line.
 */
void conf_report(struct main_cf *cf, const char *name, const struct err *err,
    struct problems *problems);

/* Call fn for each parameter, also those in tables inside tables. */
typedef void conf_each_fn(const struct conf_param *param, void *arg);
void conf_each(const struct conf_param *table, conf_each_fn *fn, void *arg);

const char *conf_kind_name(enum conf_kind kind);

#endif
