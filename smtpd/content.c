#include "smtpd/content.h"

#include "base/fsutil.h"
#include "base/log.h"
#include "base/time.h"

/* In the order in which they run: what must not come in goes first. */
static const struct content_check *const checks[] = {
	&check_clamd,
	&check_spamd,
};

int
content_check_list(const char *list, struct err *err)
{
	struct str rest = str_of(list), word;

	while (str_take_word(&rest, &word)) {
		size_t i = 0;

		while (i < NELEMS(checks) && !str_ieqz(word, checks[i]->name))
			i++;
		if (i == NELEMS(checks))
			return err_set(err, ERR_SYNTAX,
			    "\"%" STR_F "\" is no check", STR_A(word));
	}
	return 0;
}

void
content_init(struct content *c, struct session *s, struct str prefix)
{
	*c = (struct content){ .s = s, .prefix = prefix };
	buf_init(&c->fields, CONTENT_FIELDS_MAX);
}

void
content_clear(struct content *c)
{
	buf_clear(&c->fields);
}

static bool
is_wanted(const struct content_check *check, const struct session *s)
{
	return str_list_has(str_of(s->conf->content_checks),
		   str_of(check->name)) &&
	    check->is_wanted(s->conf, s);
}

bool
content_owns_spam_fields(const struct session *s)
{
	return is_wanted(&check_spamd, s);
}

uint64_t
content_len(const struct content *c)
{
	return c->prefix.len + c->s->t.body.len;
}

int
content_read(const struct content *c, uint64_t *at, char piece[CONTENT_PIECE],
    struct str *out, struct err *err)
{
	const struct body *body = &c->s->t.body;
	uint64_t from = *at, left;

	if (from < c->prefix.len) {
		*out = str_sub(c->prefix, (size_t)from,
		    (size_t)from + CONTENT_PIECE);
		*at += out->len;
		return 0;
	}
	from -= c->prefix.len;
	left = body->len - from;
	if (left > CONTENT_PIECE)
		left = CONTENT_PIECE;
	*at += left;
	if (body->fd < 0) {
		*out = str_sub(buf_str(&body->bytes), (size_t)from,
		    (size_t)(from + left));
		return 0;
	}
	*out = str_make(piece, (size_t)left);
	return left == 0 ?
	    0 :
	    fs_pread_all(body->fd, piece, (size_t)left, (off_t)from, err);
}

/* The check could not be made. */
static int
settle_failure(struct content *c, const struct content_check *check,
    const struct err *err)
{
	struct session *s = c->s;
	bool passes = s->conf->content_fail == SMTPD_FAIL_ACCEPT;

	session_count(s, SMTPD_CHECK_FAILURES, 1);
	log_warn("warning: %s: %s: %s%s", s->t.id, check->name, err->text,
	    passes ? "; taken unchecked" : "");
	if (passes)
		return 0;
	return session_reject(s, "DATA", s->t.first_rcpt, 451, "4.7.1",
	    "Service unavailable - try again later");
}

static int
run_one(struct content *c, const struct content_check *check)
{
	struct session *s = c->s;
	uint64_t limit = check->size_limit(s->conf);
	int64_t began = time_mono();
	struct err err;
	int ret;

	if (limit > 0 && content_len(c) > limit) {
		log_info("%s: %s: not checked: %llu bytes are over the limit",
		    s->t.id, check->name, (unsigned long long)content_len(c));
		return 0;
	}
	ret = check->run(c, &err);
	session_observe(s, SMTPD_CHECK_TIME, time_mono() - began);
	return ret < 0 ? settle_failure(c, check, &err) : 0;
}

int
content_run(struct content *c)
{
	struct session *s = c->s;

	for (size_t i = 0; i < NELEMS(checks); i++) {
		if (!is_wanted(checks[i], s))
			continue;
		if (run_one(c, checks[i]) < 0)
			return -1;
		if (c->action == CONTENT_REFUSE)
			return session_reject(s, "DATA", s->t.first_rcpt,
			    c->code, c->status, "%s", c->text);
		if (c->action == CONTENT_QUARANTINE)
			break;
	}
	return 0;
}
