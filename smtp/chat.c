#include "smtp/chat.h"

#include <stdio.h>

#include "base/log.h"
#include "base/time.h"
#include "smtp/auth.h"

struct chat {
	struct site *site;
	const struct nexthop *hop;
	const struct tls_policy *policy;
	struct answer *answer;
	int64_t until;
	bool says_ehlo;
};

/* A reply within seconds, and before all of this has lasted too long. */
static int
reply(struct chat *chat, int seconds, const char *doing)
{
	int64_t left = (chat->until - time_mono()) / TIME_SECOND;

	if (left < seconds)
		seconds = left < 0 ? 0 : (int)left;
	return site_reply(chat->site, seconds, doing, chat->answer);
}

static int
refused(struct chat *chat, const char *command)
{
	return answer_remote(chat->answer, &chat->site->reply, command);
}

static int
greeting(struct chat *chat, bool *greeted)
{
	const struct smtp_conf *conf = &chat->site->smtp->conf;

	if (reply(chat, conf->timeout_helo,
		"receiving the initial server greeting") < 0)
		return -1;
	*greeted = true;
	chat->says_ehlo = !conf->never_ehlo &&
	    (conf->always_ehlo ||
		str_find(buf_str(&chat->site->reply.text), STR("ESMTP")) >= 0);
	if (smtp_reply_class(&chat->site->reply) == 2)
		return 0;
	(void)refused(chat, "greeting");
	if (conf->skip_5xx)
		answer_soften(chat->answer);
	return -1;
}

/*
 * EHLO, and HELO where that is not known (RFC 5321 section 3.2): any 5yz is
 * taken for that, as old hosts and firewalls say 550, too.
 */
static int
hello(struct chat *chat)
{
	const struct smtp_conf *conf = &chat->site->smtp->conf;
	struct site *site = chat->site;

	site->ehlo = (struct smtp_ehlo){ 0 };
	if (chat->says_ehlo) {
		site_put(site, "EHLO %s", conf->helo_name);
		if (reply(chat, conf->timeout_helo,
			"performing the EHLO handshake") < 0)
			return -1;
		if (smtp_reply_class(&site->reply) == 2) {
			smtp_ehlo_parse(&site->ehlo, buf_str(&site->reply.text),
			    str_of(conf->ignored));
			return 0;
		}
		if (smtp_reply_class(&site->reply) != 5)
			return refused(chat, "EHLO");
	}
	site_put(site, "HELO %s", conf->helo_name);
	if (reply(chat, conf->timeout_helo, "performing the HELO handshake") <
	    0)
		return -1;
	return smtp_reply_class(&site->reply) == 2 ? 0 : refused(chat, "HELO");
}

/* What goes on when TLS is not to be had. */
static enum chat_result
no_tls(struct chat *chat)
{
	return chat->policy->level == SMTP_TLS_MAY ? CHAT_NO_TLS : CHAT_FAILED;
}

static enum chat_result
handshake(struct chat *chat)
{
	struct site *site = chat->site;
	bool literal = chat->hop->addr.family != ADDR_NONE;
	int seconds = site->smtp->conf.timeout_starttls;
	struct err err = { 0 };
	char text[sizeof(err.text)];

	/* Bytes that came in the clear are nobody's (RFC 3207 section 6). */
	if (site->wire.in.len > 0) {
		site->is_broken = true;
		(void)answer_set(chat->answer, 451, "4.7.5",
		    "Cannot start TLS: %s sent more behind its reply to "
		    "STARTTLS",
		    site->label);
		return no_tls(chat);
	}
	wire_limit_until(&site->wire, seconds, chat->until);
	if (wire_start_tls(&site->wire, site->smtp->tls,
		literal ? NULL : site->host.name, site->relay, &err) < 0) {
		site->is_broken = true;
		log_info("Cannot start TLS: handshake failure with %s: %s",
		    site->relay,
		    log_escape(text, sizeof(text), str_of(err.text)));
		(void)answer_set(chat->answer, 451, "4.7.5",
		    "Cannot start TLS: handshake failure: %s", text);
		return no_tls(chat);
	}
	site->has_tls = true;
	if (policy_check(chat->policy, site, chat->hop, chat->answer) < 0)
		return CHAT_FAILED;
	return hello(chat) < 0 ? CHAT_FAILED : CHAT_OK;
}

static enum chat_result
start_tls(struct chat *chat)
{
	const struct smtp *smtp = chat->site->smtp;
	bool must = chat->policy->level >= SMTP_TLS_ENCRYPT;

	if (chat->policy->level == SMTP_TLS_NONE)
		return CHAT_OK;
	if (smtp->tls == NULL || !site_has(chat->site, SMTP_EXT_STARTTLS)) {
		if (!must)
			return CHAT_OK;
		(void)answer_set(chat->answer, 451, "4.7.4",
		    smtp->tls == NULL ?
			"TLS is required, but our TLS engine is unavailable" :
			"TLS is required, but was not offered by host %s",
		    chat->site->label);
		return CHAT_FAILED;
	}
	site_put(chat->site, "STARTTLS");
	if (reply(chat, smtp->conf.timeout_starttls,
		"performing the STARTTLS handshake") < 0)
		return no_tls(chat);
	if (smtp_reply_class(&chat->site->reply) == 2)
		return handshake(chat);
	/* 454 and the like: the session goes on as it was (section 4.1) */
	if (!must && !chat->site->is_broken)
		return CHAT_OK;
	(void)refused(chat, "STARTTLS");
	answer_soften(chat->answer);
	return CHAT_FAILED;
}

static int
connect_to(struct site *site, int64_t until, struct answer *answer)
{
	const struct smtp *smtp = site->smtp;
	struct err err = { 0 };

	wire_limit_until(&site->wire, smtp->conf.timeout_connect, until);
	if (wire_connect(&site->wire, &site->host.addr,
		site->host.addr.family == ADDR_IPV6 ? &smtp->bind6 :
						      &smtp->bind4,
		&err) == 0)
		return 0;
	answer->relay[0] = '\0';
	site->is_broken = true;
	return answer_set(answer, 451, "4.4.1", "connect to %s: %s",
	    site->relay, err.text);
}

enum chat_result
chat_talk(struct site *site, const struct nexthop *hop,
    const struct tls_policy *policy, int64_t until, bool *greeted,
    struct answer *answer)
{
	struct chat chat = { site, hop, policy, answer, until, true };
	enum chat_result result;

	if (greeting(&chat, greeted) < 0 || hello(&chat) < 0)
		return CHAT_FAILED;
	result = start_tls(&chat);
	if (result != CHAT_OK)
		return result;
	return auth_run(site, hop, until, answer) < 0 ? CHAT_FAILED : CHAT_OK;
}

enum chat_result
chat_open(struct site *site, const struct nexthop *hop,
    const struct tls_policy *policy, int64_t until, bool *greeted,
    struct answer *answer)
{
	*greeted = false;
	(void)snprintf(answer->relay, sizeof(answer->relay), "%s", site->relay);
	if (connect_to(site, until, answer) < 0)
		return CHAT_FAILED;
	return chat_talk(site, hop, policy, until, greeted, answer);
}
