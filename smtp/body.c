#include "smtp/body.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "mime/convert.h"

enum { FLUSH_AT = 64 << 10 };

struct pass {
	struct session *s;
	struct site *site;
	enum body_way way;
	struct dot_reader reader;
	struct dot_writer writer;
	struct buf held;  /* BDAT: the chunk */
	unsigned replies; /* BDAT: due */
	/* What the site cannot take as it is; NULL: it can take all of it. */
	struct mime_convert *convert;
	bool may_fail;  /* and it may turn out that it cannot be made fit */
	struct buf fit; /* what came out of it and is not sent */
	bool started;   /* the site has been asked for the message */
	bool stopped;   /* nothing more goes out; t.answer says why */
	uint64_t bytes;
	int64_t begun;
};

enum body_way
body_way(const struct session *s)
{
	return site_has(s->t.site, SMTP_EXT_CHUNKING) ? BODY_BDAT : BODY_DATA;
}

static bool
takes_binary(const struct site *site)
{
	return site_has(site, SMTP_EXT_BINARYMIME) &&
	    site_has(site, SMTP_EXT_CHUNKING);
}

bool
body_conversion(const struct session *s, struct mime_convert_opts *opts)
{
	const struct site *site = s->t.site;
	const struct smtp_mail_params *mail = &s->t.mail;
	bool is_plain = mail->body == SMTP_BODY_7BIT && !mail->smtputf8;

	*opts = (struct mime_convert_opts){
		.to_seven = !site_has(site, SMTP_EXT_8BITMIME),
		.to_lines =
		    mail->body == SMTP_BODY_BINARY && !takes_binary(site),
		.ascii_header =
		    mail->smtputf8 && !site_has(site, SMTP_EXT_SMTPUTF8),
		.lenient = is_plain,
	};
	if (s->smtp->conf.no_conversion && !opts->to_lines)
		opts->to_seven = false;
	opts->ascii_header |=
	    opts->to_seven && !site_has(site, SMTP_EXT_SMTPUTF8);
	return opts->to_seven || opts->to_lines || opts->ascii_header;
}

static int
stop(struct pass *pass)
{
	pass->stopped = true;
	return -1;
}

/*
 * The site broke while it was sent to. What it said before that counts, but
 * not as a success: it has not got the whole message.
 */
static int
broke(struct pass *pass, const char *doing)
{
	struct answer *answer = &pass->s->t.answer;
	struct smtp_reply *reply = &pass->site->reply;

	if (wire_reply(&pass->site->wire, reply) < 0) {
		(void)site_lost(pass->site, doing, answer);
		return stop(pass);
	}
	if (smtp_reply_class(reply) == 2)
		reply->code = 451;
	(void)answer_remote(answer, reply, "end");
	pass->site->is_broken = true;
	return stop(pass);
}

static int
flush(struct pass *pass)
{
	wire_limit(&pass->site->wire, pass->s->smtp->conf.timeout_xfer);
	if (wire_flush(&pass->site->wire) < 0)
		return broke(pass, "sending message body");
	return 0;
}

/* A reply to a chunk. Anything but 2xx ends it. */
static int
chunk_reply(struct pass *pass, int seconds, const char *doing)
{
	struct answer *answer = &pass->s->t.answer;

	if (site_reply(pass->site, seconds, doing, answer) < 0)
		return stop(pass);
	pass->replies--;
	if (answer_remote(answer, &pass->site->reply, "BDAT") == 0)
		return 0;
	/* other replies are on their way: it would take them for ours */
	if (pass->replies > 0)
		pass->site->is_broken = true;
	return stop(pass);
}

/*
 * Send the chunk. One reply may be outstanding, so that the line is never
 * idle where commands may be sent in one go.
 */
static int
send_chunk(struct pass *pass, bool is_last)
{
	const struct smtp_conf *conf = &pass->s->smtp->conf;
	struct site *site = pass->site;
	unsigned due = site_has(site, SMTP_EXT_PIPELINING) ? 1 : 0;

	site_put(site, "BDAT %zu%s", pass->held.len, is_last ? " LAST" : "");
	(void)buf_add_str(&site->wire.out, buf_str(&pass->held));
	buf_reset(&pass->held);
	pass->replies++;
	if (flush(pass) < 0)
		return -1;
	while (pass->replies > (is_last ? 1 : due)) {
		if (chunk_reply(pass, conf->timeout_xfer,
			"sending message body") < 0)
			return -1;
	}
	return 0;
}

static int
send_run(struct pass *pass, struct str run)
{
	struct buf *out = &pass->site->wire.out;

	if (pass->way == BODY_DATA) {
		(void)dot_write(&pass->writer, out, run);
		return out->len >= FLUSH_AT ? flush(pass) : 0;
	}
	while (run.len > 0) {
		struct str part = str_sub(run, 0, BODY_CHUNK - pass->held.len);

		(void)buf_add_str(&pass->held, part);
		str_skip(&run, part.len);
		if (pass->held.len == BODY_CHUNK && send_chunk(pass, false) < 0)
			return -1;
	}
	return 0;
}

/* DATA, if that was not sent with the envelope. */
static int
ask_data(struct pass *pass)
{
	struct session *s = pass->s;
	struct transaction *t = &s->t;

	if (t->data_sent || pass->way != BODY_DATA)
		return pass->way != BODY_DATA || t->go_ahead ? 0 : stop(pass);
	t->data_sent = true;
	site_put(t->site, "DATA");
	if (site_reply(t->site, s->smtp->conf.timeout_data,
		"sending DATA command", &t->answer) < 0)
		return stop(pass);
	t->go_ahead = t->site->reply.code == 354;
	if (t->go_ahead)
		return 0;
	if (smtp_reply_class(&t->site->reply) == 2)
		t->site->reply.code = 451;
	(void)answer_remote(&t->answer, &t->site->reply, "DATA");
	return stop(pass);
}

/* The end of the message, and what the site says to it. */
static void
finish(struct pass *pass)
{
	struct session *s = pass->s;
	const int seconds = s->smtp->conf.timeout_done;
	static const char doing[] = "sending end of data -- message may be "
				    "sent more than once";

	if (pass->way == BODY_BDAT) {
		if (send_chunk(pass, true) == 0 &&
		    chunk_reply(pass, seconds, doing) == 0)
			pass->site->needs_rset = false;
		return;
	}
	(void)dot_write_end(&pass->writer, &pass->site->wire.out);
	if (flush(pass) < 0 ||
	    site_reply(pass->site, seconds, doing, &s->t.answer) < 0)
		return;
	(void)answer_remote(&s->t.answer, &pass->site->reply, "end");
	/* whatever it said, the transaction is over (section 4.1.1.4) */
	pass->site->needs_rset = false;
}

/* The message cannot be made fit for the site. */
static int
refuse(struct pass *pass, enum mime_fault fault)
{
	const struct transaction *t = &pass->s->t;
	const struct site *site = pass->site;
	struct answer *answer = &pass->s->t.answer;

	if (fault == MIME_FAULT_HEADER && t->mail.smtputf8)
		(void)answer_set(answer, 554, "5.6.7",
		    "SMTPUTF8 is required, but was not offered by host %s",
		    site->label);
	else
		(void)answer_set(answer, 554,
		    fault == MIME_FAULT_SIGNED ? "5.6.2" : "5.6.3",
		    "%s is required, but was not offered by host %s, and the "
		    "message cannot be converted: %s",
		    fault == MIME_FAULT_LINES ? "BINARYMIME" : "8BITMIME",
		    site->label, mime_fault_text(fault));
	pass->site->is_broken |= pass->started;
	return stop(pass);
}

/*
 * What has become fit goes out. Before the first of it there is time to find
 * a fault: so much is held back that hardly a message needs to be broken off.
 */
static int
send_fit(struct pass *pass, bool at_end)
{
	if (!at_end && pass->fit.len < (pass->started ? FLUSH_AT : BODY_CHUNK))
		return 0;
	if (!pass->started && ask_data(pass) < 0)
		return -1;
	pass->started = true;
	if (send_run(pass, buf_str(&pass->fit)) < 0)
		return -1;
	buf_reset(&pass->fit);
	return 0;
}

static void
put_run(struct session *s, struct str run)
{
	struct pass *pass = s->t.pass;
	enum mime_fault fault;

	pass->bytes += run.len;
	if (pass->stopped)
		return;
	if (pass->convert == NULL) {
		(void)send_run(pass, run);
		return;
	}
	fault = mime_convert_put(pass->convert, &pass->fit, run);
	if (fault != MIME_FAULT_NONE)
		(void)refuse(pass, fault);
	else
		(void)send_fit(pass, false);
}

/* The end of what is made fit. */
static int
finish_fit(struct pass *pass)
{
	enum mime_fault fault;

	if (pass->convert == NULL)
		return 0;
	fault = mime_convert_end(pass->convert, &pass->fit);
	return fault != MIME_FAULT_NONE ? refuse(pass, fault) :
					  send_fit(pass, true);
}

static void
tell(struct pass *pass)
{
	struct session *s = pass->s;
	const struct answer *answer = &s->t.answer;
	bool ok = answer->code / 100 == 2;
	int64_t count = (int64_t)s->t.accepted;

	for (size_t i = 0; i < s->t.accepted; i++)
		(void)session_answer(s,
		    ok && site_has(pass->site, SMTP_EXT_DSN));
	smtp_count(s->smtp,
	    ok                          ? SMTP_DELIVERED :
		answer->code / 100 == 5 ? SMTP_REFUSED :
					  SMTP_DEFERRED,
	    count);
	if (!ok)
		return;
	smtp_count(s->smtp, SMTP_MESSAGES, 1);
	smtp_count(s->smtp, SMTP_BYTES, (int64_t)pass->bytes);
	if (s->smtp->daemon != NULL)
		daemon_observe(s->smtp->daemon, SMTP_SEND_TIME,
		    time_mono() - pass->begun);
}

static struct pass *
begin(struct session *s)
{
	struct pass *pass = xcalloc(1, sizeof(*pass));
	struct mime_convert_opts opts;

	pass->s = s;
	pass->site = s->t.site;
	pass->begun = time_mono();
	pass->way = body_way(s);
	dot_reader_init(&pass->reader);
	dot_writer_init(&pass->writer);
	buf_init(&pass->held, 0);
	buf_init(&pass->fit, 0);
	if (body_conversion(s, &opts))
		pass->convert = mime_convert_new(&opts);
	pass->may_fail = pass->convert != NULL && !opts.lenient;
	s->t.pass = pass;
	return pass;
}

static void
forget(struct session *s)
{
	mime_convert_free(s->t.pass->convert);
	buf_clear(&s->t.pass->held);
	buf_clear(&s->t.pass->fit);
	free(s->t.pass);
	s->t.pass = NULL;
}

/* Ask for the message at once, unless it may yet turn out to be unfit. */
static int
start(struct pass *pass)
{
	if (pass->may_fail)
		return 0;
	pass->started = true;
	return ask_data(pass);
}

/* All of it has come. */
static void
end(struct pass *pass)
{
	struct session *s = pass->s;

	if (pass->reader.fault != DOT_FAULT_NONE) {
		if (!pass->stopped)
			(void)answer_set(&s->t.answer, 554, "5.6.0",
			    "bare CR or LF in the message");
		pass->site->is_broken |= pass->started;
		pass->stopped = true;
	}
	if (!pass->stopped && finish_fit(pass) == 0)
		finish(pass);
	tell(pass);
	forget(s);
}

void
body_pass(struct session *s)
{
	struct pass *pass;

	if (s->t.lost) { /* since the last RCPT was accepted */
		(void)session_answer(s, false);
		return;
	}
	pass = begin(s);
	if (start(pass) < 0) {
		(void)session_answer(s, false);
		forget(s);
		return;
	}
	(void)session_reply(s, 354, NULL, "End data with <CR><LF>.<CR><LF>");
	if (smtp_server_data(&s->server, &pass->reader, put_run) == 0)
		end(pass);
	else /* half a message is none */
		body_drop(s);
}

int
body_chunk(struct session *s, const struct smtp_chunk *chunk)
{
	struct pass *pass = s->t.pass;
	int ret;

	if (pass == NULL) {
		pass = begin(s);
		dot_reader_init_chunks(&pass->reader,
		    s->t.mail.body == SMTP_BODY_BINARY);
		if (s->t.lost)
			pass->stopped = true;
		else
			(void)start(pass);
	}
	ret = smtp_server_chunk(&s->server, chunk, &pass->reader, put_run);
	if (ret > 0)
		end(pass);
	return ret;
}

void
body_drop(struct session *s)
{
	if (s->t.pass == NULL)
		return;
	s->t.pass->site->is_broken = true;
	forget(s);
}
