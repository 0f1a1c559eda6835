/*
 * What a process in the jail must not be able to do, tried from inside. Only
 * a daemon that master started with -j, for the jail test, gets here; the
 * network never does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "service/impl.h"

static int
try_open(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int
try_create(void)
{
	return open("/etc/escaped", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static int
try_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	strcpy(addr.sun_path, "../../run/control");
	return connect(fd, (struct sockaddr *)&addr, sizeof(addr));
}

static int
try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int
try_exec(void)
{
	char *const argv[] = { (char *)(uintptr_t) "/bin/true", NULL };

	return execve(argv[0], argv, NULL);
}

static int
try_setuid(void)
{
	return setuid(0);
}

static int
try_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int
try_chroot(void)
{
	return chroot(".");
}

const char *
probe(const char *what)
{
	static const struct {
		const char *name;
		int (*fn)(void);
	} probes[] = {
		{ "open", try_open },
		{ "create", try_create },
		{ "connect", try_connect },
		{ "socket", try_socket },
		{ "exec", try_exec },
		{ "setuid", try_setuid },
		{ "ptrace", try_ptrace },
		{ "chroot", try_chroot },
	};

	for (size_t i = 0; i < NELEMS(probes); i++) {
		if (strcmp(what, probes[i].name) == 0)
			return probes[i].fn() < 0 ? "refused" : "ALLOWED";
	}
	return "unknown";
}
