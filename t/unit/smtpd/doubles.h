/*
 * doubles - rewrite, qmgr and authd as smtpd's tests want them, and a session
 * run over a script.
 *
 * At example.test live ada, bob and carol; "list" is ada and bob, "both" is
 * bob and carol, "off" is disabled, "loop" a circle, "down" asks a dead
 * directory; to other domains but nowhere.test there is a way. Whoever logs in
 * as ada or bob has the password "secret" and owns the address of that name.
 * What was committed is written down.
 */
#ifndef T_SMTPD_DOUBLES_H
#define T_SMTPD_DOUBLES_H

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "smtpd/session.h"

struct doubles {
	bool queue_down, disk_full, no_large, no_notice;
	int commits, began, auth_ended;
	int large_fd; /* our copy of the file given out; -1: none */
	/*
	 * A commit: "sender>rcpt(notify orcpt),rcpt|body type|user ret envid",
	 * what was not asked left out.
	 */
	struct buf said;
	struct buf prefix;         /* of the last commit */
	struct buf hold;           /* of the last commit */
	struct buf notice;         /* the last one, its recipients in front */
	const char *clamd, *spamd; /* what they answer; NULL: not there */
	struct buf message;        /* of the last commit */
	uint64_t header_len;
	bool binary;     /* BINARYMIME was committed */
	bool login_step; /* LOGIN: the name was asked for */
	char name[32];
};

/* There is a way to every domain. */
static int
double_foreign(struct str address, struct rewrite_rcpt_answer *answer,
    struct arena *arena)
{
	struct rewrite_target *target = arena_calloc(arena, 1, sizeof(*target));

	*target = (struct rewrite_target){
		.address = arena_str(arena, address),
		.transport = STR("smtp"),
		.nexthop = STR("other.test"),
		.sender = STR(""),
	};
	answer->targets = (struct ipc_list){ target, 1 };
	if (str_ends(address, STR("@nowhere.test")))
		answer->targets.count = 0;
	return 0;
}

static int
double_rcpt(void *ctx, struct str address, struct str sender,
    struct rewrite_rcpt_answer *answer, struct arena *arena, struct err *err)
{
	static const struct {
		const char *name;
		int status;
		const char *targets[2];
	} users[] = {
		{ "ada", REWRITE_OK, { "ada" } },
		{ "bob", REWRITE_OK, { "bob" } },
		{ "carol", REWRITE_OK, { "carol" } },
		{ "list", REWRITE_OK, { "ada", "bob" } },
		{ "both", REWRITE_OK, { "bob", "carol" } },
		{ "off", REWRITE_DISABLED, { NULL } },
		{ "loop", REWRITE_LOOP, { NULL } },
	};
	struct rewrite_target *targets;
	struct str local = address;

	(void)ctx, (void)sender;
	*answer = (struct rewrite_rcpt_answer){ .status = REWRITE_FOREIGN };
	if (str_eqz(address, "postmaster"))
		local = STR("ada");
	else if (!str_ends(address, STR("@example.test")))
		return double_foreign(address, answer, arena);
	else
		local.len -= strlen("@example.test");
	if (str_eqz(local, "down"))
		return err_set(err, ERR_TEMP, "directory is down");
	answer->status = REWRITE_UNKNOWN;
	for (size_t i = 0; i < NELEMS(users); i++) {
		if (!str_ieqz(local, users[i].name))
			continue;
		answer->status = (uint8_t)users[i].status;
		targets = arena_calloc(arena, 2, sizeof(*targets));
		answer->targets.items = targets;
		for (int n = 0; n < 2 && users[i].targets[n] != NULL; n++)
			targets[answer->targets.count++] =
			    (struct rewrite_target){
				    .address = str_of(
					arena_printf(arena, "%s@example.test",
					    users[i].targets[n])),
				    .transport = STR("lmtp"),
				    .nexthop = STR("default"),
				    .sender = STR(""),
			    };
	}
	return 0;
}

static int
double_sender(void *ctx, struct str user, struct str address, bool *allowed,
    struct arena *arena, struct err *err)
{
	(void)ctx, (void)arena, (void)err;
	*allowed = str_ieq(user, address);
	return 0;
}

/*
 * The DNS: net.test and what is below it has an MX and addresses, null.test
 * takes no mail, down.test does not answer; nothing else is there.
 */
static void
double_dns(void *ctx, struct str name, uint16_t type, struct dns_answer *answer,
    struct arena *arena)
{
	static const struct dns_record mx = { { "mx.net.test", 11 }, 10 };
	static const struct dns_record null = { { "", 0 }, 0 };
	static const struct dns_record a = { { "\300\0\2\1", 4 }, 0 };

	(void)ctx, (void)arena;
	*answer = (struct dns_answer){ .status = DNS_NO_NAME, .name = name };
	if (str_ends(name, STR("down.test"))) {
		answer->status = DNS_TEMP;
		answer->reason = STR("no answer");
	} else if (str_eqz(name, "null.test")) {
		answer->status = type == DNS_MX ? DNS_FOUND : DNS_NO_DATA;
		answer->records = (struct ipc_list){ (void *)(uintptr_t)&null,
			type == DNS_MX };
	} else if (str_ends(name, STR("net.test"))) {
		answer->status =
		    type == DNS_MX || type == DNS_A ? DNS_FOUND : DNS_NO_DATA;
		answer->records = (struct ipc_list){
			(void *)(uintptr_t)(type == DNS_MX ? &mx : &a),
			answer->status == DNS_FOUND
		};
	}
}

static int
double_begin(void *ctx, char id[QUEUE_SHORT_SIZE], struct err *err)
{
	struct doubles *doubles = ctx;

	if (doubles->queue_down)
		return err_set(err, ERR_TEMP, "no queue");
	(void)snprintf(id, QUEUE_SHORT_SIZE, "Q%d", ++doubles->began);
	return 0;
}

static int
double_large(void *ctx, uint64_t size_hint, int *fd, uint64_t *limit,
    struct err *err)
{
	struct doubles *doubles = ctx;

	(void)size_hint;
	if (doubles->no_large)
		return err_set(err, ERR_LIMIT, "no space");
	*limit = 1 << 20;
	*fd = memfd_create("large", 0);
	if (doubles->large_fd >= 0)
		(void)close(doubles->large_fd);
	doubles->large_fd = dup(*fd);
	return 0;
}

static int
double_commit(void *ctx, struct queue_commit *commit, struct err *err)
{
	const struct queue_rcpt *rcpts = commit->rcpts.items;
	struct doubles *doubles = ctx;
	char *room;

	if (doubles->queue_down || doubles->disk_full)
		return err_set(err, doubles->disk_full ? ERR_LIMIT : ERR_TEMP,
		    "no commit");
	doubles->commits++;
	doubles->binary |= commit->body_type == QUEUE_BINARYMIME;
	doubles->header_len = commit->header_len;
	(void)buf_addf(&doubles->said, "%" STR_F ">", STR_A(commit->sender));
	for (size_t i = 0; i < commit->rcpts.count; i++) {
		(void)buf_addf(&doubles->said, "%s%" STR_F, i > 0 ? "," : "",
		    STR_A(rcpts[i].address));
		if (rcpts[i].notify != 0)
			(void)buf_addf(&doubles->said, "(%u %" STR_F ")",
			    rcpts[i].notify, STR_A(rcpts[i].orcpt));
	}
	(void)buf_addf(&doubles->said, "|%d%s|%" STR_F, commit->body_type,
	    commit->smtputf8 ? "u" : "", STR_A(commit->sasl_user));
	if (commit->ret != 0)
		(void)buf_addf(&doubles->said, " %u%" STR_F, commit->ret,
		    STR_A(commit->envid));
	(void)buf_addz(&doubles->said, "\n");
	buf_reset(&doubles->prefix);
	(void)buf_add_str(&doubles->prefix, commit->prefix);
	buf_reset(&doubles->hold);
	(void)buf_add_str(&doubles->hold, commit->hold);
	buf_reset(&doubles->message);
	if (!commit->is_large)
		return buf_add_str(&doubles->message, commit->body);
	room = buf_reserve(&doubles->message, commit->large_len);
	if (pread(doubles->large_fd, room, commit->large_len, 0) !=
	    (ssize_t)commit->large_len)
		return err_set(err, ERR_TEMP, "short file");
	doubles->message.len = commit->large_len;
	return 0;
}

static void
double_answer(struct doubles *doubles, struct auth_step *step, bool right)
{
	step->status = right ? AUTH_OK : AUTH_FAIL;
	step->user = str_eqz(str_of(doubles->name), "ada") ?
	    STR("ada@example.test") :
	    STR("bob@example.test");
	if (!right)
		step->user = STR("");
}

static int
double_notice(void *ctx, struct queue_commit *commit, struct err *err)
{
	const struct queue_rcpt *rcpts = commit->rcpts.items;
	struct doubles *doubles = ctx;

	if (doubles->no_notice)
		return err_set(err, ERR_TEMP, "no notice");
	buf_reset(&doubles->notice);
	for (size_t i = 0; i < commit->rcpts.count; i++)
		(void)buf_addf(&doubles->notice, "<%" STR_F ">",
		    STR_A(rcpts[i].address));
	return buf_add_str(&doubles->notice, commit->body);
}

/* A service that has answered already and takes whatever it is sent. */
static int
double_outside(void *ctx, struct outside *o, const char *service,
    int64_t deadline, struct err *err)
{
	struct doubles *doubles = ctx;
	const char *answer =
	    strcmp(service, "clamd") == 0 ? doubles->clamd : doubles->spamd;
	int pair[2], size = 4 << 20;
	size_t len;

	if (answer == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, ERR_TEMP, "%s is not there", service);
	*o = (struct outside){ pair[1], pair[0], deadline, false };
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	len = strlen(answer);
	if (strcmp(service, "clamd") == 0)
		len++; /* its NUL */
	(void)send(pair[1], answer, len, MSG_NOSIGNAL);
	(void)shutdown(pair[1], SHUT_WR);
	return 0;
}

static int
double_auth_start(void *ctx, struct auth_start *start, struct auth_step *step,
    struct err *err)
{
	struct doubles *doubles = ctx;

	(void)err;
	*step = (struct auth_step){ .status = AUTH_CONTINUE };
	doubles->login_step = false;
	if (str_ieqz(start->mech, "SCRAM-SHA-256")) {
		/* at once, and with a last word of its own */
		(void)snprintf(doubles->name, sizeof(doubles->name), "ada");
		double_answer(doubles, step, true);
		step->challenge = STR("v=last");
	} else if (str_ieqz(start->mech, "LOGIN")) {
		step->challenge = STR("Username:");
	} else if (!start->has_initial) {
		step->challenge = STR("");
	} else {
		(void)snprintf(doubles->name, sizeof(doubles->name), "ada");
		double_answer(doubles, step,
		    str_eq(start->initial, STR("\0ada\0secret")));
	}
	return 0;
}

static int
double_auth_next(void *ctx, struct str response, struct auth_step *step,
    struct err *err)
{
	struct doubles *doubles = ctx;

	(void)err;
	*step = (struct auth_step){ .status = AUTH_CONTINUE };
	if (str_chr(response, '\0') >= 0) {
		(void)snprintf(doubles->name, sizeof(doubles->name), "ada");
		double_answer(doubles, step,
		    str_eq(response, STR("\0ada\0secret")));
	} else if (!doubles->login_step) {
		doubles->login_step = true;
		(void)snprintf(doubles->name, sizeof(doubles->name), "%" STR_F,
		    STR_A(response));
		step->challenge = STR("Password:");
	} else {
		double_answer(doubles, step, str_eqz(response, "secret"));
	}
	return 0;
}

static int
double_auth_cancel(void *ctx, struct auth_step *step, struct err *err)
{
	(void)ctx, (void)err;
	*step = (struct auth_step){ .status = AUTH_FAIL };
	return 0;
}

static void
double_auth_end(void *ctx, struct str session, struct str user)
{
	struct doubles *doubles = ctx;

	(void)session, (void)user;
	doubles->auth_ended++;
}

static const struct peers_ops double_ops = {
	.rcpt = double_rcpt,
	.sender = double_sender,
	.dns = double_dns,
	.begin = double_begin,
	.large = double_large,
	.commit = double_commit,
	.notice = double_notice,
	.outside = double_outside,
	.auth_start = double_auth_start,
	.auth_next = double_auth_next,
	.auth_cancel = double_auth_cancel,
	.auth_end = double_auth_end,
};

static void
doubles_init(struct doubles *doubles)
{
	*doubles = (struct doubles){ .large_fd = -1 };
	buf_init(&doubles->said, 0);
	buf_init(&doubles->prefix, 0);
	buf_init(&doubles->hold, 0);
	buf_init(&doubles->notice, 0);
	buf_init(&doubles->message, 0);
}

static void
doubles_clear(struct doubles *doubles)
{
	if (doubles->large_fd >= 0)
		(void)close(doubles->large_fd);
	buf_clear(&doubles->said);
	buf_clear(&doubles->prefix);
	buf_clear(&doubles->hold);
	buf_clear(&doubles->notice);
	buf_clear(&doubles->message);
}

static const struct smtpd_conf double_conf = {
	.hostname = "mx.example.test",
	.mail_name = "Chancery",
	.banner = "mx.example.test ESMTP",
	.mechanisms = "PLAIN LOGIN",
	.message_limit = 100000,
	.inline_limit = 4096,
	.header_limit = 4096,
	.header_count_limit = 100,
	.line_limit = 2048,
	.rcpt_limit = 5,
	.rcpt_overshoot = 10,
	.hard_error_limit = 20,
	.soft_error_limit = 10,
	.junk_limit = 10,
	.hop_limit = 3,
	.timeout = 5,
	.helo_required = true,
	.tls_auth_only = true,
	.tls = SMTPD_TLS_MAY,
	.content_checks = "clamd, spamd",
	.clamav_socket = "",
	.spamd_socket = "",
	.clamav_timeout = 5,
	.spamd_timeout = 5,
	.virus_notify = true,
	.local_transport = "lmtp",
	.delay_reject = true,
	.delimiter = "+",
	.null_key = "<>",
	.restrictions = {
		[ACCESS_CLIENT] = "",
		[ACCESS_HELO] = "",
		[ACCESS_SENDER] = "",
		[ACCESS_RELAY] = "permit_mynetworks permit_sasl_authenticated "
				 "reject_unauth_destination",
		[ACCESS_RECIPIENT] = "",
	},
	.codes = {
		.reject = 554,
		.defer = 450,
		.relay_domains = 554,
		.plaintext = 450,
		.access_map_reject = 554,
		.access_map_defer = 450,
		.maps_rbl = 554,
		.invalid_hostname = 501,
		.non_fqdn = 504,
		.unknown_hostname = 450,
		.unknown_client = 450,
		.unknown_address = 450,
		.unknown_local_recipient = 550,
	},
};

/* The lists of conf, compiled; a mistake in them is the test's own. */
static struct access *
double_access(const struct smtpd_conf *conf)
{
	struct access *access = access_new();
	struct err err;

	for (int i = 0; i < ACCESS_LISTS; i++) {
		if (conf->restrictions[i] != NULL &&
		    access_set(access, (enum access_list)i,
			conf->restrictions[i], &err) < 0)
			panic("%s: %s", conf->restrictions[i], err.text);
	}
	return access;
}

/*
 * A session that is sent all of in, at once, and then the end; what it said
 * is added to out. in and the answers must fit into a socket's buffers.
 */
static void
doubles_run(struct doubles *doubles, const struct smtpd_conf *conf,
    const char *tls_version, struct str in, struct buf *out)
{
	struct peers peers = { &double_ops, doubles };
	struct smtpd_conf own = *conf;
	struct access *access = NULL;
	struct session_facts facts = {
		.service = STR("smtp"),
		.client_addr = STR("192.0.2.1"),
		.client_name = STR("unknown"),
		.local_addr = STR("192.0.2.2"),
		.session = STR("test"),
		.tls_version = str_of(tls_version),
		.tls_cipher = STR("TLS_AES_256_GCM_SHA384"),
	};
	struct session session;
	char *room;
	int pair[2], size = 4 << 20;
	ssize_t len;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return;
	for (int i = 0; i < 2; i++)
		(void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
	if (in.len > 0 &&
	    send(pair[1], in.p, in.len, MSG_DONTWAIT) != (ssize_t)in.len)
		in.len = 0;
	(void)shutdown(pair[1], SHUT_WR);
	if (conf->access == NULL)
		own.access = access = double_access(conf);
	session_init(&session, &own, &peers,
	    stream_new(pair[0], SESSION_IN_MAX), &facts);
	session_run(&session);
	session_clear(&session);
	access_free(access);
	for (;;) {
		room = buf_reserve(out, 65536);
		len = recv(pair[1], room, 65536, MSG_DONTWAIT);
		if (len <= 0)
			break;
		out->len += (size_t)len;
	}
	(void)close(pair[1]);
}

#endif
