/*
 * The check for viruses: clamd's INSTREAM (clamd(8)), a connection a message:
 * "zINSTREAM" NUL, pieces with their length in front, a length of 0.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/time.h"
#include "smtpd/clamd_reply.h"
#include "smtpd/content.h"

static bool
is_wanted(const struct smtpd_conf *conf, const struct session *s)
{
	(void)s;
	return conf->clamav_socket[0] != '\0';
}

static uint64_t
size_limit(const struct smtpd_conf *conf)
{
	return conf->clamav_size_limit;
}

static int
send_message(struct content *c, struct outside *o, struct err *err)
{
	char piece[CONTENT_PIECE];
	unsigned char length[4];
	struct str bytes;
	uint64_t at = 0;

	if (outside_send(o, STR("zINSTREAM\0"), err) < 0)
		return -1;
	do {
		if (content_read(c, &at, piece, &bytes, err) < 0)
			return -1;
		length[0] = (unsigned char)(bytes.len >> 24);
		length[1] = (unsigned char)(bytes.len >> 16);
		length[2] = (unsigned char)(bytes.len >> 8);
		length[3] = (unsigned char)bytes.len;
		if (outside_send(o, str_make(length, 4), err) < 0 ||
		    outside_send(o, bytes, err) < 0)
			return -1;
	} while (bytes.len > 0 && !o->cut);
	return 0;
}

/* One line, ended by NUL, after which clamd closes. */
static int
read_reply(struct outside *o, char reply[CLAMD_REPLY_MAX], size_t *len,
    struct err *err)
{
	size_t done;

	*len = 0;
	do {
		if (*len == CLAMD_REPLY_MAX)
			return err_set(err, ERR_TEMP, "its answer is too long");
		if (outside_recv(o, reply + *len, CLAMD_REPLY_MAX - *len, &done,
			err) < 0)
			return -1;
		*len += done;
	} while (done > 0 && reply[*len - 1] != '\0');
	return 0;
}

static int
ask(struct content *c, struct outside *o, enum clamd_verdict *verdict,
    struct err *err)
{
	char reply[CLAMD_REPLY_MAX];
	struct str name;
	size_t len;

	if (send_message(c, o, err) < 0 || read_reply(o, reply, &len, err) < 0)
		return -1;
	if (clamd_reply_parse(str_make(reply, len), verdict, &name, err) < 0)
		return -1;
	(void)snprintf(c->found, sizeof(c->found), "%" STR_F,
	    STR_A(str_sub(name, 0, sizeof(c->found) - 1)));
	return 0;
}

static bool
has_rcpt_here(const struct session *s)
{
	for (size_t i = 0; i < s->t.rcpt_len; i++) {
		if (str_eqz(s->t.rcpts[i].transport, s->conf->local_transport))
			return true;
	}
	return false;
}

/*
 * Where no recipient is ours to be told, the message is refused in any case:
 * it would vanish without anybody's knowing.
 */
static void
settle_found(struct content *c)
{
	struct session *s = c->s;

	session_count(s, SMTPD_INFECTED, 1);
	log_info("%s: clamd: infected: %s; from=<%" STR_F "> client=%s",
	    s->t.id, c->found, STR_A(s->t.sender.address), session_client(s));
	if (s->conf->virus_action == SMTPD_VIRUS_QUARANTINE &&
	    has_rcpt_here(s)) {
		c->action = CONTENT_QUARANTINE;
		(void)snprintf(c->hold, sizeof(c->hold),
		    QUEUE_QUARANTINE "virus %s", c->found);
		return;
	}
	c->action = CONTENT_REFUSE;
	c->code = 550;
	c->status = "5.7.1";
	(void)snprintf(c->text, sizeof(c->text),
	    "Message content rejected: it contains a virus (%s)", c->found);
}

static int
run(struct content *c, struct err *err)
{
	const struct session *s = c->s;
	int64_t end =
	    time_mono() + (int64_t)s->conf->clamav_timeout * TIME_SECOND;
	enum clamd_verdict verdict;
	struct outside o;
	int ret;

	if (s->peers->ops->outside(s->peers->ctx, &o, "clamd", end, err) < 0)
		return -1;
	ret = ask(c, &o, &verdict, err);
	outside_close(&o);
	if (ret == 0 && verdict == CLAMD_FOUND)
		settle_found(c);
	return ret;
}

const struct content_check check_clamd = { "clamd", is_wanted, size_limit,
	run };
