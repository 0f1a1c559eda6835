#include "verb/password.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/attr.h"

static int
check_mode(struct verb_call *call, int fd, const char *name, struct err *err)
{
	struct stat st;

	(void)call;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "%s", name);
	/* A password others could read is no secret any more. */
	if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return err_set(err, ERR_DENIED,
		    "%s: others may read it; chmod 600 it first", name);
	return 0;
}

/* One line without its end into out. Nothing but the line is read twice. */
static int
read_line(int fd, struct buf *out, struct err *err)
{
	char c;

	for (;;) {
		ssize_t n = read(fd, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read the password");
		if (n == 0 || c == '\n')
			break;
		if (buf_addc(out, c) < 0)
			return err_set(err, ERR_LIMIT, "password too long");
	}
	if (out->len > 0 && out->p[out->len - 1] == '\r')
		out->len--;
	if (out->len == 0)
		return err_set(err, ERR_SYNTAX, "the password is empty");
	return 0;
}

/* What ends or stops a program that is at its terminal. */
static const int interrupts[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP };

/*
 * From here on interrupts wait, and the descriptor that is returned becomes
 * readable by one; *before is to be set again.
 */
static int
hold_interrupts(sigset_t *before, struct err *err)
{
	sigset_t held;
	int fd;

	(void)sigemptyset(&held);
	for (size_t i = 0; i < NELEMS(interrupts); i++)
		(void)sigaddset(&held, interrupts[i]);
	fd = signalfd(-1, &held, SFD_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "signalfd");
	(void)sigprocmask(SIG_BLOCK, &held, before);
	return fd;
}

/* A line of the terminal. */
static int
read_typed(int interrupted, struct buf *out, struct err *err)
{
	struct pollfd polls[] = { { interrupted, POLLIN, 0 },
		{ STDIN_FILENO, POLLIN, 0 } };

	(void)poll(polls, NELEMS(polls), -1);
	if (polls[0].revents != 0)
		return err_set(err, ERR_TEMP, "interrupted");
	return read_line(STDIN_FILENO, out, err);
}

/* Typed twice, unseen. */
static int
ask(struct buf *out, struct err *err)
{
	struct termios shown, quiet;
	struct buf again;
	sigset_t before;
	int interrupted, ret;

	if (tcgetattr(STDIN_FILENO, &shown) < 0)
		return err_set(err, ERR_SYNTAX,
		    "no terminal to ask for a password: --password-file");
	if ((interrupted = hold_interrupts(&before, err)) < 0)
		return -1;
	quiet = shown;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	buf_init(&again, PASSWORD_MAX);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	(void)fprintf(stderr, "Password: ");
	ret = read_typed(interrupted, out, err);
	if (ret == 0) {
		(void)fprintf(stderr, "\nOnce more: ");
		ret = read_typed(interrupted, &again, err);
	}
	(void)fprintf(stderr, "\n");
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	(void)close(interrupted);
	(void)sigprocmask(SIG_SETMASK, &before, NULL); /* our end, if any */
	if (ret == 0 && !str_eq_secret(buf_str(out), buf_str(&again)))
		ret = err_set(err, ERR_SYNTAX, "the two are not the same");
	buf_clear_secret(&again);
	return ret;
}

int
password_take(struct verb_call *call, struct buf *out, struct err *err)
{
	const char *file = verb_option(call, "--password-file");
	int fd = STDIN_FILENO, ret;

	/* As much room as it may take at once: no copies are left behind. */
	(void)buf_reserve(out, PASSWORD_MAX);
	if (file == NULL)
		return ask(out, err);
	if (strcmp(file, "-") != 0) {
		fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(err, "open %s", file);
		if (check_mode(call, fd, file, err) < 0) {
			(void)close(fd);
			return -1;
		}
	}
	ret = read_line(fd, out, err);
	if (fd != STDIN_FILENO)
		(void)close(fd);
	return ret;
}
