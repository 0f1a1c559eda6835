#include "smtp/auth.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "base/log.h"
#include "base/time.h"
#include "smtp/sasl.h"

enum {
	SECRET_MAX = 2000,    /* user, colon, password */
	RESPONSE_MAX = 12288, /* RFC 4954 section 4: a line */
	STEPS_MAX = 20,       /* of a server that never has enough */
};

/* Is the table of that name a file that is nobody else's business? */
static int
check_file(const char *name, struct err *err)
{
	const char *path = strchr(name, ':') + 1;
	struct stat st;

	if (str_starts(str_of(name), STR("inline:")) ||
	    str_starts(str_of(name), STR("static:")))
		return 0; /* as private as main.cf is */
	if (stat(path, &st) < 0)
		return err_sys(err, "%s", path);
	if (st.st_mode & (S_IRWXO | S_IWGRP))
		return err_set(err, ERR_DENIED,
		    "%s: others can read or write it: chmod 600", path);
	return 0;
}

int
auth_open(struct smtp *smtp, struct err *err)
{
	const struct smtp_conf *conf = &smtp->conf;

	if (sasl_options_parse(conf->sasl_options, &smtp->sasl_flags, err) <
		0 ||
	    sasl_options_parse(conf->sasl_tls_options, &smtp->sasl_tls_flags,
		err) < 0)
		return -1;
	if (!conf->sasl)
		return 0;
	if (dict_list_open(&smtp->passwords, conf->sasl_password_maps, err) < 0)
		return err_prefix(err, "smtp_sasl_password_maps");
	for (size_t i = 0; i < smtp->passwords.len; i++) {
		if (check_file(dict_name(smtp->passwords.table[i]), err) < 0)
			return err_prefix(err, "smtp_sasl_password_maps");
	}
	return sasl_setup(err);
}

/* 1: secret holds "user\0password\0"; 0: nothing for this one. */
static int
find_password(const struct site *site, const struct nexthop *hop,
    struct buf *secret, const char **password, struct err *err)
{
	struct dict_list *maps = (struct dict_list *)&site->smtp->passwords;
	const char *names[] = { hop->key, hop->host, site->host.name };
	char *colon;

	for (size_t i = 0; i < NELEMS(names); i++) {
		if (dict_list_lookup(maps, str_of(names[i]), secret, err) < 0) {
			if (err->kind != ERR_NOENT)
				return -1;
			continue;
		}
		if (buf_addc(secret, '\0') < 0 ||
		    (colon = memchr(secret->p, ':', secret->len)) == NULL)
			return err_set(err, ERR_SYNTAX,
			    "the entry of %s is not user:password", names[i]);
		*colon = '\0';
		*password = colon + 1;
		return 1;
	}
	return 0;
}

/* Of what the host offers, what smtp_sasl_mechanism_filter lets through. */
static void
filter_mechanisms(const struct site *site, char out[SMTP_EHLO_AUTH])
{
	struct str offered = str_of(site->ehlo.auth), one;
	struct str allowed = str_of(site->smtp->conf.sasl_mechanisms);
	size_t len = 0;

	out[0] = '\0';
	while (str_split(&offered, ' ', &one)) {
		if (allowed.len > 0 && !str_list_has(allowed, one))
			continue;
		len += (size_t)snprintf(out + len, SMTP_EHLO_AUTH - len,
		    "%s%" STR_F, len > 0 ? " " : "", STR_A(one));
	}
}

struct exchange {
	struct site *site;
	struct sasl_talk *talk;
	int64_t until;
	struct answer *answer;
};

static int
failed(struct exchange *x, const char *why)
{
	char text[200];

	return answer_set(x->answer, 451, "4.7.0",
	    "SASL authentication failed; cannot authenticate to server %s: %s",
	    x->site->label, log_escape(text, sizeof(text), str_of(why)));
}

static int
read_reply(struct exchange *x)
{
	int64_t left = (x->until - time_mono()) / TIME_SECOND;
	int seconds = x->site->smtp->conf.timeout_helo;

	if (left < seconds)
		seconds = left < 0 ? 0 : (int)left;
	return site_reply(x->site, seconds, "performing the SASL handshake",
	    x->answer);
}

/* 334 and a challenge: answer it. -1: there is no answer. */
static int
step(struct exchange *x, struct err *err)
{
	struct buf challenge, response;
	int ret;

	buf_init(&challenge, RESPONSE_MAX);
	buf_init_secret(&response, RESPONSE_MAX);
	ret = base64_decode(&challenge, buf_str(&x->site->reply.text), err);
	if (ret == 0)
		ret = sasl_talk_step(x->talk, buf_str(&challenge), &response,
		    err);
	if (ret == 0) {
		(void)base64_encode(&x->site->wire.out, buf_str(&response));
		(void)buf_addz(&x->site->wire.out, "\r\n");
	}
	buf_clear(&challenge);
	buf_clear_secret(&response);
	return ret;
}

/* After the first line has been put. */
static int
converse(struct exchange *x)
{
	struct smtp_reply *reply = &x->site->reply;
	struct err err;

	for (int i = 0; i < STEPS_MAX; i++) {
		if (read_reply(x) < 0)
			return -1;
		if (smtp_reply_class(reply) == 2)
			return 0;
		if (reply->code != 334) {
			(void)answer_remote(x->answer, reply, "AUTH");
			answer_soften(x->answer);
			return -1;
		}
		if (step(x, &err) < 0) {
			site_put(x->site, "*"); /* section 4: cancel */
			return read_reply(x) < 0 ? -1 : failed(x, err.text);
		}
	}
	x->site->is_broken = true;
	return failed(x, "the server never has enough");
}

static int
begin(struct exchange *x, struct err *err)
{
	struct buf *out = &x->site->wire.out, initial;
	char mechanisms[SMTP_EHLO_AUTH];
	const char *mechanism;
	bool has_initial;
	int ret;

	filter_mechanisms(x->site, mechanisms);
	buf_init_secret(&initial, RESPONSE_MAX);
	ret = sasl_talk_begin(x->talk, mechanisms, &mechanism, &initial,
	    &has_initial, err);
	if (ret == 0) {
		(void)buf_addf(out, "AUTH %s", mechanism);
		if (has_initial) {
			(void)buf_addc(out, ' ');
			(void)(initial.len == 0 ?
				buf_addc(out, '=') :
				base64_encode(out, buf_str(&initial)));
		}
		(void)buf_addz(out, "\r\n");
	}
	buf_clear_secret(&initial);
	return ret;
}

static int
log_in(struct exchange *x, const char *user, const char *password)
{
	const struct smtp *smtp = x->site->smtp;
	struct err err;
	int ret;

	x->talk = sasl_talk_new(x->site->host.name, user, password,
	    x->site->has_tls ? smtp->sasl_tls_flags : smtp->sasl_flags, &err);
	if (x->talk == NULL)
		return failed(x, err.text);
	ret = begin(x, &err) < 0 ? failed(x, err.text) : converse(x);
	sasl_talk_free(x->talk);
	return ret;
}

int
auth_run(struct site *site, const struct nexthop *hop, int64_t until,
    struct answer *answer)
{
	struct exchange x = { site, NULL, until, answer };
	const char *password = NULL;
	struct buf secret;
	struct err err = { 0 };
	int ret;

	if (!site->smtp->conf.sasl || !site_has(site, SMTP_EXT_AUTH))
		return 0;
	buf_init_secret(&secret, SECRET_MAX);
	ret = find_password(site, hop, &secret, &password, &err);
	if (ret > 0) {
		ret = log_in(&x, secret.p, password);
	} else if (ret < 0) {
		log_warn("warning: smtp_sasl_password_maps: %s", err.text);
		(void)answer_set(answer, 451, "4.7.0",
		    "SASL authentication failed: local configuration problem");
	}
	buf_clear_secret(&secret);
	return ret;
}
