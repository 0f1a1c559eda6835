/*
 * The check for spam: spamd's SYMBOLS (SpamAssassin's spamd/PROTOCOL), a
 * connection a message. spamd tells score and tests; the X-Spam fields are
 * ours to write, so nothing of what it was sent comes back from it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/time.h"
#include "smtpd/content.h"
#include "smtpd/spamd_reply.h"

enum {
	STARS_MAX = 50,   /* of X-Spam-Level */
	LINE_MAX_LEN = 76 /* before a list of tests is folded */
};

static bool
is_wanted(const struct smtpd_conf *conf, const struct session *s)
{
	return conf->spamd_socket[0] != '\0' &&
	    (s->user.len == 0 || conf->spamd_check_authenticated);
}

static uint64_t
size_limit(const struct smtpd_conf *conf)
{
	return conf->spamd_size_limit;
}

static int
send_message(struct content *c, struct outside *o, struct err *err)
{
	char piece[CONTENT_PIECE], head[100];
	struct str bytes;
	uint64_t at = 0;

	(void)snprintf(head, sizeof(head),
	    "SYMBOLS SPAMC/1.5\r\nContent-length: %llu\r\n\r\n",
	    (unsigned long long)content_len(c));
	if (outside_send(o, str_of(head), err) < 0)
		return -1;
	do {
		if (content_read(c, &at, piece, &bytes, err) < 0 ||
		    outside_send(o, bytes, err) < 0)
			return -1;
	} while (bytes.len > 0 && !o->cut);
	outside_end(o);
	return 0;
}

/* Up to the end. */
static int
read_reply(struct outside *o, struct buf *out, struct err *err)
{
	size_t done;

	do {
		char *room = buf_reserve(out, 4096);

		if (room == NULL)
			return err_set(err, ERR_TEMP, "its answer is too long");
		if (outside_recv(o, room, 4096, &done, err) < 0)
			return -1;
		out->len += done;
	} while (done > 0);
	return 0;
}

/* "-1.5": a score is shown with one decimal, as SpamAssassin does. */
static const char *
show(char out[32], int64_t score)
{
	int64_t tenths = (llabs(score) + 50) / 100;

	(void)snprintf(out, 32, "%s%lld.%lld",
	    score < 0 && tenths > 0 ? "-" : "", (long long)(tenths / 10),
	    (long long)(tenths % 10));
	return out;
}

/* The names after each other, folded behind commas. */
static void
put_tests(struct buf *out, struct str tests, size_t column)
{
	struct str name;

	while (str_split(&tests, ',', &name)) {
		if (column + name.len + 1 > LINE_MAX_LEN) {
			(void)buf_addz(out, "\r\n\t");
			column = 8;
		}
		(void)buf_add_str(out, name);
		column += name.len;
		if (tests.p != NULL && tests.len > 0) {
			(void)buf_addc(out, ',');
			column++;
		}
	}
}

static void
put_fields(struct buf *out, const struct spamd_reply *reply)
{
	char stars[STARS_MAX + 1] = "", score[32], required[32];
	int64_t level = reply->score / 1000;

	(void)show(score, reply->score);
	(void)show(required, reply->required);
	if (reply->is_spam)
		(void)buf_addz(out, "X-Spam-Flag: YES\r\n");
	(void)buf_addf(out, "X-Spam-Score: %s\r\n", score);
	for (int i = 0; i < STARS_MAX && i < level; i++)
		stars[i] = '*';
	if (level > 0)
		(void)buf_addf(out, "X-Spam-Level: %s\r\n", stars);
	(void)buf_addf(out,
	    "X-Spam-Status: %s, score=%s required=%s\r\n\ttests=",
	    reply->is_spam ? "Yes" : "No", score, required);
	if (reply->tests.len == 0)
		(void)buf_addz(out, "none");
	else
		put_tests(out, reply->tests, 14);
	(void)buf_addz(out, "\r\n");
}

static void
settle(struct content *c, const struct spamd_reply *reply)
{
	struct session *s = c->s;
	int64_t limit = (int64_t)s->conf->spam_reject_score * 1000;
	char score[32];

	(void)show(score, reply->score);
	if (reply->is_spam)
		session_count(s, SMTPD_SPAM, 1);
	log_info("%s: spamd: %s: score=%s tests=%" STR_F, s->t.id,
	    reply->is_spam ? "spam" : "ham", score,
	    STR_A(str_sub(reply->tests, 0, 300)));
	if (limit == 0 || reply->score < limit) {
		put_fields(&c->fields, reply);
		return;
	}
	c->action = CONTENT_REFUSE;
	c->code = 550;
	c->status = "5.7.1";
	(void)snprintf(c->text, sizeof(c->text),
	    "Message content rejected: it looks like spam (score %s)", score);
}

static int
run(struct content *c, struct err *err)
{
	const struct session *s = c->s;
	int64_t end =
	    time_mono() + (int64_t)s->conf->spamd_timeout * TIME_SECOND;
	struct spamd_reply reply;
	struct outside o;
	struct buf in;
	int ret = -1;

	if (s->peers->ops->outside(s->peers->ctx, &o, "spamd", end, err) < 0)
		return -1;
	buf_init(&in, SPAMD_REPLY_MAX);
	if (send_message(c, &o, err) == 0 && read_reply(&o, &in, err) == 0)
		ret = spamd_reply_parse(&reply, buf_str(&in), err);
	outside_close(&o);
	if (ret == 0)
		settle(c, &reply);
	buf_clear(&in);
	return ret;
}

const struct content_check check_spamd = { "spamd", is_wanted, size_limit,
	run };
