/*
 * LMTP sessions: any bytes from a client end in a goodbye or in its silence,
 * with one reply for each accepted recipient of a message. A first byte below
 * 32 chooses what was said before.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "lmtpd/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More replies than these many bytes cause would fill the socket. */
enum { INPUT_MAX = 4096 };

#define MAIL "LHLO q\r\nMAIL FROM:<a@b.test> XCHANCERY=8f3a91c2d07b5e64.5.1\r\n"
#define RCPT MAIL "RCPT TO:<ada@x.test> XCHANCERY=0\r\n"

static const char *const states[] = {
	"",
	"LHLO q\r\n",
	MAIL,
	RCPT,
	RCPT "RCPT TO:<bob@x.test> XCHANCERY=1\r\nDATA\r\n",
	RCPT "DATA\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
	RCPT "BDAT 25 LAST\r\n",
	RCPT "DATA\r\n\r\n.\r\n",
};

static const struct lmtpd_conf conf = {
	.hostname = "mx",
	.mail_name = "x",
	.message_limit = 1000,
	.rcpt_limit = 5,
	.error_limit = 20,
	.timeout = 1,
	.nesting_limit = 5,
	.part_limit = 10,
	.address_limit = 10,
};

static void
check(bool ok)
{
	if (!ok)
		abort();
}

/* The first letter decides who that is. */
static int
user(void *ctx, struct str address, struct rewrite_user_answer *answer,
    struct arena *arena, struct err *err)
{
	(void)ctx, (void)arena;
	*answer = (struct rewrite_user_answer){ 0 };
	if (address.p[0] == 't')
		return err_set(err, ERR_TEMP, "away");
	if (address.p[0] == 'u')
		answer->status = REWRITE_UNKNOWN;
	answer->user = address;
	answer->detail = str_sub(address, 1, 3);
	return 0;
}

/* The last letter of a user's name, what becomes of the message. */
static int
append(void *ctx, const struct store_append *req, struct arena *arena,
    struct store_appended *answer, struct err *err)
{
	const struct store_target *target = req->targets.items;
	struct store_append_result *result =
	    arena_calloc(arena, req->targets.count, sizeof(*result));

	(void)ctx;
	check(req->targets.count > 0 && req->digest.len > 0);
	for (size_t i = 0; i < req->targets.count; i++) {
		struct str name = target[i].user;
		char last = name.p[name.len - 1];

		check(target[i].prefix.len > 0 && target[i].name.len > 0);
		if (last == 't')
			return err_set(err, ERR_TEMP, "down");
		result[i].kind = last == 'l' ? ERR_LIMIT :
		    last == 'n'              ? ERR_NOENT :
					       ERR_NONE;
	}
	answer->results = (struct ipc_list){ result, req->targets.count };
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct peers_ops ops = { user, append };
	struct peers peers = { &ops, NULL };
	struct session s;
	const char *before = "";
	int fd[2];

	if (size > 0 && data[0] < 32) {
		before = states[data[0] % NELEMS(states)];
		data++;
		size--;
	}
	log_init("fuzz", LOG_LEVEL_ERROR);
	if (size > INPUT_MAX)
		return 0;
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	check(write(fd[0], before, strlen(before)) >= 0);
	check(write(fd[0], data, size) == (ssize_t)size);
	check(shutdown(fd[0], SHUT_WR) == 0);
	session_init(&s, &conf, &peers, stream_new(fd[1], 65536), true);
	session_run(&s);
	check(stream_state(s.server.stream) != STREAM_TIMEOUT);
	session_clear(&s);
	(void)close(fd[0]);
	return 0;
}
