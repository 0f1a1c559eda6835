#include "ctl/sendmail.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "base/rand.h"
#include "base/time.h"
#include "conf/common.h"
#include "ctl/compose.h"
#include "net/addr.h"
#include "smtpproto/client.h"

enum {
	MESSAGE_MAX = 256 << 20, /* the server has a limit of its own */
	TIMEOUT_MS = 300 * 1000,
	SMTP_PORT = 25,
};

struct job {
	struct compose compose;
	struct arena *arena;
	struct main_cf *cf;
	const char *sender; /* -f; NULL: whoever calls */
};

/* Options as sendmail(8) has had them for ever; most mean nothing here. */
static int
parse(struct job *job, int argc, char **argv, struct err *err)
{
	int letter;

	opterr = 0;
	while ((letter = getopt(argc, argv,
		    "B:F:GN:O:R:UV:X:b:f:io:q::r:tv")) != -1) {
		switch (letter) {
		case 'F':
			job->compose.name = str_of(optarg);
			break;
		case 'b':
			if (strcmp(optarg, "m") != 0)
				return err_set(err, ERR_SYNTAX,
				    "-b%s is not supported", optarg);
			break;
		case 'f':
		case 'r':
			job->sender = optarg;
			break;
		case 'i':
			job->compose.dot_ends = false;
			break;
		case 'o':
			if (strcmp(optarg, "i") == 0)
				job->compose.dot_ends = false;
			break;
		case 't':
			job->compose.from_header = true;
			break;
		case '?':
			return err_set(err, ERR_SYNTAX, "unknown option -%c",
			    optopt);
		default:
			break;
		}
	}
	return optind;
}

static int
read_config(struct job *job, const char *dir, struct err *err)
{
	struct problems problems = { 0 };
	const char *origin;
	char path[4096];
	int ret;

	(void)snprintf(path, sizeof(path), "%s/etc/main.cf", dir);
	job->cf = main_cf_new();
	ret = main_cf_read(job->cf, AT_FDCWD, path, &problems, err);
	problems_clear(&problems);
	conf_common_defaults(job->cf);
	if (ret < 0 || (origin = main_cf_get(job->cf, "myorigin", err)) == NULL)
		return -1;
	job->compose.origin = str_of(origin);
	return 0;
}

static int
set_sender(struct job *job, struct err *err)
{
	struct passwd *user = getpwuid(getuid());
	const char *local = job->sender;

	if (local == NULL && user == NULL)
		return err_set(err, ERR_NOENT, "no user has this number");
	if (local == NULL)
		local = user->pw_name;
	if (local[0] == '\0' || strcmp(local, "<>") == 0)
		job->compose.sender = STR("");
	else if (strchr(local, '@') != NULL)
		job->compose.sender = str_of(local);
	else
		job->compose.sender = str_of(arena_printf(job->arena,
		    "%s@%" STR_F, local, STR_A(job->compose.origin)));
	return 0;
}

/* The first address of inet_interfaces, loopback where that is "all". */
static int
connect_server(struct job *job, struct err *err)
{
	const char *where = main_cf_get(job->cf, "inet_interfaces", err);
	const char *base = main_cf_get(job->cf, "port_base", err);
	struct str rest = str_of(where), word = { "", 0 }, first = { "", 0 };
	struct sockaddr_storage sa;
	struct addr addr;
	uint64_t offset = 0;
	struct err ignored;
	socklen_t len;
	int fd;

	if (where == NULL || base == NULL)
		return -1;
	(void)num_parse(str_of(base), 65535 - SMTP_PORT, &offset);
	(void)str_split(&rest, ' ', &word);
	(void)str_split(&word, ',', &first);
	if (addr_parse_ip(&addr, first, &ignored) < 0)
		(void)addr_parse_ip(&addr, STR("127.0.0.1"), &ignored);
	addr.port = (uint16_t)(SMTP_PORT + offset);
	len = addr_to_sockaddr(&sa, &addr);
	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, len) < 0) {
		err_sys(err, "connect to the mail server");
		err->kind = ERR_TEMP;
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	return fd;
}

/* The last reply as an error: 4xx may be tried again. */
static int
refused(const struct smtp_client *client, int code, struct err *err,
    const char *what)
{
	char text[120];

	if (code < 0)
		return -1;
	(void)log_escape(text, sizeof(text), buf_str(&client->reply.text));
	return err_set(err, code < 500 ? ERR_TEMP : ERR_DENIED,
	    "%s: the server said %d %s", what, code, text);
}

/* Its code, or -1. */
static int
next_reply(struct smtp_client *client, struct err *err)
{
	return smtp_client_reply(client, err) < 0 ? -1 : client->reply.code;
}

static int
converse(struct job *job, struct smtp_client *client, struct str message,
    struct err *err)
{
	struct compose *c = &job->compose;
	size_t taken = 0;
	int code;

	code = next_reply(client, err);
	if (code != 220)
		return refused(client, code, err, "greeting");
	code = smtp_client_command(client, err, "EHLO localhost");
	if (code != 250)
		return refused(client, code, err, "EHLO");
	code = smtp_client_command(client, err, "MAIL FROM:<%" STR_F ">%s",
	    STR_A(c->sender), c->is_8bit ? " BODY=8BITMIME" : "");
	if (code != 250)
		return refused(client, code, err, "sender");
	for (size_t i = 0; i < c->recipients_len; i++) {
		code = smtp_client_command(client, err, "RCPT TO:<%" STR_F ">",
		    STR_A(c->recipients[i]));
		if (code < 0)
			return -1;
		if (code / 100 == 2)
			taken++;
		else
			(void)refused(client, code, err, "recipient");
	}
	if (taken == 0)
		return -1; /* with the last refusal in err */
	code = smtp_client_command(client, err, "DATA");
	if (code != 354)
		return refused(client, code, err, "DATA");
	if (smtp_client_queue_data(client, message, err) < 0)
		return -1;
	code = next_reply(client, err);
	if (code != 250)
		return refused(client, code, err, "message");
	(void)smtp_client_command(client, &(struct err){ 0 }, "QUIT");
	return taken == c->recipients_len ? 0 : -1;
}

static int
submit(struct job *job, struct str message, struct err *err)
{
	struct smtp_client client;
	int fd = connect_server(job, err), ret;

	if (fd < 0)
		return -1;
	smtp_client_init(&client, fd, TIMEOUT_MS);
	ret = converse(job, &client, message, err);
	smtp_client_clear(&client);
	(void)close(fd);
	return ret;
}

static int
read_input(struct buf *raw, struct err *err)
{
	char chunk[65536];
	ssize_t len;

	while ((len = read(STDIN_FILENO, chunk, sizeof(chunk))) != 0) {
		if (len < 0 && errno != EINTR)
			return err_sys(err, "read the message");
		if (len > 0 && buf_add(raw, chunk, (size_t)len) < 0)
			return err_set(err, ERR_LIMIT,
			    "the message is too large");
	}
	return 0;
}

static int
run(struct job *job, int argc, char **argv, struct buf *raw, struct buf *out,
    struct err *err)
{
	char unique[40];

	(void)snprintf(unique, sizeof(unique), "%016llx.%llx",
	    (unsigned long long)rand_u64(), (unsigned long long)getpid());
	job->compose.unique = unique;
	job->compose.now = time_real() / TIME_SECOND;
	for (int i = 0; i < argc; i++) {
		if (compose_recipient(&job->compose, job->arena,
			str_of(argv[i]), err) < 0)
			return -1;
	}
	if (set_sender(job, err) < 0 || read_input(raw, err) < 0 ||
	    compose_message(&job->compose, job->arena, out, buf_str(raw), err) <
		0)
		return -1;
	if (job->compose.recipients_len == 0)
		return err_set(err, ERR_SYNTAX, "no recipients");
	return submit(job, buf_str(out), err);
}

int
sendmail(const char *dir, int argc, char **argv)
{
	struct job *job = calloc(1, sizeof(*job));
	struct buf raw, out;
	struct err err = { 0 };
	int at, ret = -1;

	if (job == NULL)
		return EX_OSERR;
	job->arena = arena_new(0);
	job->compose.dot_ends = true;
	buf_init(&raw, MESSAGE_MAX);
	buf_init(&out, MESSAGE_MAX);
	at = parse(job, argc, argv, &err);
	if (at >= 0 && read_config(job, dir, &err) == 0)
		ret = run(job, argc - at, argv + at, &raw, &out, &err);
	if (ret < 0)
		(void)fprintf(stderr, "sendmail: %s\n", err.text);
	buf_clear(&raw);
	buf_clear(&out);
	main_cf_free(job->cf);
	arena_free(job->arena);
	free(job);
	if (ret == 0)
		return EX_OK;
	return err.kind == ERR_SYNTAX ? EX_USAGE :
	    err.kind == ERR_TEMP      ? EX_TEMPFAIL :
					EX_UNAVAILABLE;
}
