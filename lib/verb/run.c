#include "verb/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPORT_MAX = 4 << 20 };

static void
become(const char *const *argv, int out)
{
	int null = open("/dev/null", O_RDONLY);

	(void)dup2(null, STDIN_FILENO);
	if (out >= 0)
		(void)dup2(out, STDOUT_FILENO);
	(void)execv(argv[0], (char **)(uintptr_t)argv);
	_exit(127);
}

static int
drain(int fd, struct buf *out, struct err *err)
{
	char chunk[8192];
	ssize_t len;

	while ((len = read(fd, chunk, sizeof(chunk))) != 0) {
		if (len < 0 && errno != EINTR)
			return err_sys(err, "read");
		if (len > 0)
			(void)buf_add(out, chunk, (size_t)len);
	}
	return 0;
}

int
run_program(const char *const *argv, struct buf *out, struct err *err)
{
	int pipes[2] = { -1, -1 }, status = 0, ret = 0;
	pid_t pid;

	if (out != NULL && pipe2(pipes, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	pid = fork();
	if (pid == 0)
		become(argv, pipes[1]);
	if (pipes[1] >= 0)
		(void)close(pipes[1]);
	if (pid < 0)
		ret = err_sys(err, "fork");
	else if (out != NULL)
		ret = drain(pipes[0], out, err);
	if (pipes[0] >= 0)
		(void)close(pipes[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ret < 0)
		return -1;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	if (WEXITSTATUS(status) == 127)
		return err_set(err, ERR_NOENT, "cannot run %s", argv[0]);
	return WEXITSTATUS(status);
}

int
run_master(const struct verb_env *env, const char *option, struct buf *out,
    struct err *err)
{
	char master[4096];
	const char *argv[] = { master, option, "-C", env->dir, NULL };

	(void)snprintf(master, sizeof(master), "%s/master", env->libexec);
	buf_init(out, REPORT_MAX);
	return run_program(argv, out, err);
}
