#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/time.h"
#include "qmgr/agent_impl.h"
#include "qmgr/result.h"
#include "qmgr/words.h"
#include "smtpproto/param.h"

static void
send_line(struct agent *agent, struct buf *line)
{
	(void)buf_addz(line, "\r\n");
	(void)bufferevent_write(agent->bev, line->p, line->len);
	buf_reset(line);
}

static void
send_text(struct agent *agent, const char *text)
{
	(void)bufferevent_write(agent->bev, text, strlen(text));
}

/* May it stand in a command's parameter: esmtp-value (RFC 5321 section 4.1.2)?
 */
static bool
is_value(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < 33 || s.p[i] > 126 || s.p[i] == '=')
			return false;
	}
	return s.len > 0;
}

static void
put_mail(const struct agent *agent, struct buf *line)
{
	const struct message *message = agent->job->message;
	const struct queue_record *record = &message->record;
	struct str nexthop = str_of(agent->job->dest->nexthop);
	struct str own = message_rcpt(message, agent->job->rcpt[0])->sender;
	char id[QUEUE_ID_SIZE];

	(void)buf_addf(line, "MAIL FROM:<%" STR_F ">",
	    STR_A(own.len > 0 ? own : record->sender));
	if (agent->size)
		(void)buf_addf(line, " SIZE=%" PRIu64, message_size(message));
	if (agent->is_binary)
		(void)buf_addz(line, " BODY=BINARYMIME");
	else if (agent->eightbit && record->body_type != 0)
		(void)buf_addz(line, " BODY=8BITMIME");
	if (agent->smtputf8 && record->smtputf8)
		(void)buf_addz(line, " SMTPUTF8");
	if (agent->dsn && record->ret != 0)
		(void)buf_addf(line, " RET=%s",
		    record->ret == 1 ? "FULL" : "HDRS");
	if (agent->dsn && record->envid.len > 0) {
		(void)buf_addf(line, " ENVID=%" STR_F, STR_A(record->envid));
	}
	if (!agent->xchancery)
		return;
	(void)buf_addf(line, " XCHANCERY=%s",
	    queue_id_format(id, &message->id));
	if (is_value(nexthop))
		(void)buf_addf(line, ",%" STR_F, STR_A(nexthop));
}

static void
put_notify(const struct queue_recipient *rcpt, bool utf8, struct buf *line)
{
	static const char *const words[] = { "NEVER", "SUCCESS", "FAILURE",
		"DELAY" };
	const char *before = " NOTIFY=";

	for (unsigned i = 0; i < NELEMS(words); i++) {
		if (rcpt->notify & 1U << i) {
			(void)buf_addf(line, "%s%s", before, words[i]);
			before = ",";
		}
	}
	if (rcpt->orcpt.len == 0)
		return;
	(void)buf_addz(line, " ORCPT=");
	if (utf8)
		(void)buf_add_str(line, rcpt->orcpt);
	else
		(void)smtp_orcpt_put_ascii(line, rcpt->orcpt);
}

static void
put_rcpt(const struct agent *agent, size_t i, struct buf *line)
{
	uint32_t number = agent->job->rcpt[i];
	const struct queue_recipient *rcpt =
	    message_rcpt(agent->job->message, number);

	(void)buf_addf(line, "RCPT TO:<%" STR_F ">", STR_A(rcpt->address));
	if (agent->dsn)
		put_notify(rcpt,
		    agent->smtputf8 && agent->job->message->record.smtputf8,
		    line);
	if (agent->xchancery)
		(void)buf_addf(line, " XCHANCERY=%" PRIu32, number);
}

static void
put_bdat(const struct agent *agent, struct buf *line)
{
	(void)buf_addf(line, "BDAT %" PRIu64 " LAST", agent_body_len(agent));
}

/*
 * The next command of the envelope: MAIL is number 0, the RCPTs follow, DATA
 * is the last. Without pipelining each waits for the reply before. A BDAT in
 * the place of DATA is sent once it is known that somebody takes the message,
 * unless that is at hand and short: then it follows at once (RFC 3030 section
 * 4.2), and nobody waits for a 354.
 */
static void
send_envelope(struct agent *agent)
{
	size_t last = agent->job->count + 1;
	struct buf line;

	buf_init(&line, 0);
	while (agent->sent <= last &&
	    (agent->pipelining || agent->sent == agent->answered)) {
		if (agent->sent == last && !agent->is_at_once &&
		    (agent->is_binary ||
			(!agent->pipelining && agent->accepted == 0)))
			break; /* BDAT comes later, or there is nobody */
		if (agent->sent == 0)
			put_mail(agent, &line);
		else if (agent->sent < last)
			put_rcpt(agent, agent->sent - 1, &line);
		else if (agent->is_at_once)
			put_bdat(agent, &line);
		else
			(void)buf_addz(&line, "DATA");
		send_line(agent, &line);
		if (agent->sent++ == last && agent->is_at_once)
			agent_body_put(agent);
	}
	buf_clear(&line);
}

/* Nothing can be sent: the same for all recipients. */
static void
give_up(struct agent *agent, enum verdict verdict, int code, const char *status,
    const char *text)
{
	struct job *job = agent->job;

	for (size_t i = 0; i < job->count; i++)
		result_set(&job->outcome[i], verdict, code, status,
		    str_of(text));
	agent_transaction_done(agent);
}

void
agent_begin(struct agent *agent)
{
	struct job *job = agent->job;
	struct err err;

	agent->state = AGENT_ENVELOPE;
	agent->sent = agent->answered = agent->accepted = agent->final_at = 0;
	agent->unwanted = 0;
	agent->site_text[0] = '\0';
	job->connected = time_mono();
	if (agent_body_open(agent, &err) < 0) {
		log_error("queue: %s", err.text);
		if (err.kind == ERR_CORRUPT || err.kind == ERR_NOENT)
			result_hold(agent->transport->q, job->message,
			    err.text);
		give_up(agent, VERDICT_DEFERRED, 0, "4.3.0", err.text);
		return;
	}
	/* RFC 3030 section 3: converted or returned; we do not convert. */
	if (agent->is_binary && !(agent->chunking && agent->binary)) {
		give_up(agent, VERDICT_FAILED, 554, "5.6.3",
		    "a BINARYMIME message cannot be sent there");
		return;
	}
	/* Others than our own may mean something else by it. */
	agent->is_at_once = agent->xchancery && agent->chunking &&
	    agent->pipelining && !agent->transport->remote &&
	    !agent->is_binary && agent_body_is_short(agent);
	send_envelope(agent);
}

/* The words of a LHLO reply (RFC 5321 section 4.1.1.1). */
static void
take_extensions(struct agent *agent)
{
	struct str rest = buf_str(&agent->reply.text), line, word;
	struct {
		const char *name;
		bool *has;
	} known[] = {
		{ "PIPELINING", &agent->pipelining },
		{ "8BITMIME", &agent->eightbit },
		{ "SMTPUTF8", &agent->smtputf8 },
		{ "SIZE", &agent->size },
		{ "DSN", &agent->dsn },
		{ "CHUNKING", &agent->chunking },
		{ "BINARYMIME", &agent->binary },
		{ "XCHANCERY", &agent->xchancery },
	};

	while (str_split(&rest, '\n', &line)) {
		(void)str_split(&line, ' ', &word);
		for (size_t i = 0; i < NELEMS(known); i++) {
			if (str_ieqz(word, known[i].name))
				*known[i].has = true;
		}
	}
}

static bool
greeting(struct agent *agent)
{
	struct qmgr *q = agent->transport->q;
	struct timeval wait = { q->conf.agent_timeout, 0 };
	char line[320];

	if (smtp_reply_class(&agent->reply) != 2) {
		agent_lost(agent, buf_cstr(&agent->reply.text));
		return false;
	}
	if (agent->state == AGENT_GREETING) {
		(void)snprintf(line, sizeof(line), "LHLO %s\r\n",
		    q->conf.hostname);
		send_text(agent, line);
		agent->state = AGENT_LHLO;
		return true;
	}
	take_extensions(agent);
	dest_transport_works(agent->transport);
	bufferevent_set_timeouts(agent->bev, &wait, &wait);
	agent_begin(agent);
	event_active(agent->transport->kick, EV_TIMEOUT, 0);
	return true;
}

static enum verdict
verdict_of(const struct smtp_reply *reply)
{
	switch (smtp_reply_class(reply)) {
	case 2:
		return VERDICT_SENT;
	case 5:
		return VERDICT_FAILED;
	default:
		return VERDICT_DEFERRED;
	}
}

/* What they say of the connection and the site. */
static void
note_words(struct agent *agent, const struct words *words, const char *status)
{
	const struct smtp_reply *reply = &agent->reply;
	struct buf text;

	if (words->relay.len > 0)
		log_escape(agent->relay, sizeof(agent->relay), words->relay);
	if (smtp_reply_class(reply) != 4 || !words->site)
		return;
	buf_init(&text, sizeof(agent->site_text) - 1);
	words_tell(&text, words, reply->code, status);
	(void)snprintf(agent->site_text, sizeof(agent->site_text), "%s",
	    buf_cstr(&text));
	buf_clear(&text);
}

/* What the reply says of recipient i, or of all that have no outcome yet. */
static void
judge(struct agent *agent, size_t i, bool all)
{
	struct smtp_reply *reply = &agent->reply;
	struct job *job = agent->job;
	struct words words;
	char status[16] = "";

	if (reply->status.class != 0)
		(void)snprintf(status, sizeof(status), "%u.%u.%u",
		    reply->status.class, reply->status.subject,
		    reply->status.detail);
	if (agent->xchancery) {
		words_take(&words, buf_str(&reply->text));
	} else {
		/* another's: what is in brackets there is a stranger's text */
		words = (struct words){ .text = buf_str(&reply->text) };
		words.dsn = agent->dsn; /* then it has the duty */
	}
	note_words(agent, &words, status);
	for (size_t k = all ? 0 : i; k < (all ? job->count : i + 1); k++) {
		struct outcome *outcome = &job->outcome[k];

		if (outcome->verdict != VERDICT_NONE)
			continue;
		result_said(outcome, verdict_of(reply), reply->code, status,
		    &words);
	}
}

static void
reset(struct agent *agent)
{
	send_text(agent, "RSET\r\n");
	agent->state = AGENT_RSET;
}

/* The reply to DATA, the last of the envelope. false: the agent is gone. */
static bool
data_reply(struct agent *agent)
{
	bool go = agent->reply.code == 354;

	if (!go) {
		judge(agent, 0, true);
		reset(agent);
		return true;
	}
	agent->state = AGENT_BODY;
	if (agent->accepted == 0) {
		/* RFC 2920 section 3.1: 354 all the same; send nothing */
		send_text(agent, ".\r\n");
		agent->body_open = false;
		agent->state = AGENT_RSET;
		return true;
	}
	return agent_body_more(agent);
}

/* The whole message is one chunk, as its length is known. */
static bool
begin_chunk(struct agent *agent)
{
	struct buf line;

	buf_init(&line, 0);
	put_bdat(agent, &line);
	send_line(agent, &line);
	buf_clear(&line);
	agent->state = AGENT_BODY;
	return agent_body_more(agent);
}

/* All recipients are answered for, and the message is there already. */
static void
await_final(struct agent *agent)
{
	if (agent->accepted > 0) {
		agent->state = AGENT_FINAL;
		return;
	}
	reset(agent);
	agent->unwanted = 1; /* nobody wants it: 503, RFC 3030 section 2 */
}

/*
 * A recipient that was refused has its outcome; one that was accepted waits
 * for its reply behind the dot.
 */
static bool
envelope_reply(struct agent *agent)
{
	size_t number = agent->answered++, last = agent->job->count + 1;
	int class = smtp_reply_class(&agent->reply);

	if (number == last)
		return data_reply(agent);
	if (number == 0 && class != 2)
		judge(agent, 0, true);
	if (number > 0 && class == 2)
		agent->accepted++;
	else if (number > 0)
		judge(agent, number - 1, false);
	if (number == 0 && class != 2 && !agent->pipelining) {
		agent_transaction_done(agent);
		return true;
	}
	send_envelope(agent);
	if (agent->is_at_once) {
		if (agent->answered == last)
			await_final(agent);
		return true;
	}
	/* all refused, and DATA not sent: nothing more will come */
	if (agent->answered != last || agent->sent != last)
		return true;
	if (agent->is_binary && agent->accepted > 0)
		return begin_chunk(agent);
	reset(agent);
	return true;
}

/* RFC 2033 section 4.2: one reply for each accepted recipient, in order. */
static void
final_reply(struct agent *agent)
{
	struct job *job = agent->job;

	while (agent->final_at < job->count &&
	    job->outcome[agent->final_at].verdict != VERDICT_NONE)
		agent->final_at++;
	if (agent->final_at < job->count)
		judge(agent, agent->final_at++, false);
	if (--agent->accepted == 0)
		agent_transaction_done(agent);
}

/*
 * 421 ends the connection at any time (RFC 5321 section 3.8); what it answers
 * is put off like the rest.
 */
bool
agent_reply(struct agent *agent)
{
	if (agent->reply.code == 421 && agent->state > AGENT_LHLO) {
		agent_lost(agent, buf_cstr(&agent->reply.text));
		return false;
	}
	switch (agent->state) {
	case AGENT_GREETING:
	case AGENT_LHLO:
		return greeting(agent);
	case AGENT_ENVELOPE:
		return envelope_reply(agent);
	case AGENT_FINAL:
		final_reply(agent);
		return true;
	case AGENT_RSET:
		if (agent->unwanted > 0)
			agent->unwanted--;
		else
			agent_transaction_done(agent);
		return true;
	default:
		agent_lost(agent, "a reply that nothing asked for");
		return false;
	}
}
