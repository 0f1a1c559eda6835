#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fsutil.h"

static int
make_folder(void **state)
{
	static char path[] = "/tmp/chancery-fsutil-XXXXXX";
	static int dirfd;

	if (mkdtemp(path) == NULL)
		return -1;
	dirfd = open(path, O_RDONLY | O_DIRECTORY);
	*state = &dirfd;
	return dirfd < 0 ? -1 : 0;
}

static int
remove_folder(void **state)
{
	char path[64], link[64];
	int *dirfd = *state;
	struct err err;
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", *dirfd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return -1;
	path[len] = '\0';
	close(*dirfd);
	return fs_remove_tree(AT_FDCWD, path, &err);
}

static void
replaces_a_file_whole(void **state)
{
	int dirfd = *(int *)*state;
	struct stat st;
	struct buf buf;
	struct err err;

	assert_int_equal(fs_write_file(dirfd, "f", STR("one"), 0640, &err), 0);
	assert_int_equal(fs_write_file(dirfd, "f", STR("two!"), 0600, &err), 0);
	buf_init(&buf, 4);
	assert_int_equal(fs_read_file(dirfd, "f", &buf, &err), 0);
	assert_string_equal(buf_cstr(&buf), "two!");
	assert_int_equal(fstatat(dirfd, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	buf_clear(&buf);
	buf_init(&buf, 3);
	assert_int_equal(fs_read_file(dirfd, "f", &buf, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_clear(&buf);
	assert_int_equal(fs_read_file(dirfd, "none", &buf, &err), -1);
	assert_int_equal(err.kind, ERR_NOENT);
}

static void
writes_vectors_to_the_last_byte(void **state)
{
	int dirfd = *(int *)*state;
	struct iovec iov[2000];
	unsigned char back[6000];
	struct err err;
	int fd = openat(dirfd, "v", O_CREAT | O_RDWR, 0600);

	for (int i = 0; i < 2000; i++)
		iov[i] = (struct iovec){ (void *)(uintptr_t) "abc", 3 };
	assert_int_equal(fs_pwritev_all(fd, iov, 2000, 5, &err), 0);
	assert_int_equal(fs_pread_all(fd, back, 6000, 5, &err), 0);
	for (int i = 0; i < 6000; i++)
		assert_int_equal(back[i], "abc"[i % 3]);
	assert_int_equal(fs_pread_all(fd, back, 2, 6004, &err), -1);
	assert_int_equal(err.kind, ERR_CORRUPT);
	close(fd);
}

static void
removes_trees_without_following_links(void **state)
{
	int dirfd = *(int *)*state;
	struct err err;

	assert_int_equal(fs_mkdir(dirfd, "keep", 0700, &err), 0);
	assert_int_equal(fs_write_file(dirfd, "keep/f", STR("x"), 0600, &err),
	    0);
	assert_int_equal(fs_mkdir(dirfd, "tree", 0700, &err), 0);
	assert_int_equal(fs_mkdir(dirfd, "tree/sub", 0700, &err), 0);
	assert_int_equal(symlinkat("../../keep", dirfd, "tree/sub/link"), 0);
	assert_int_equal(fs_remove_tree(dirfd, "tree", &err), 0);
	assert_int_equal(faccessat(dirfd, "tree", F_OK, 0), -1);
	assert_int_equal(faccessat(dirfd, "keep/f", F_OK, 0), 0);
	assert_int_equal(fs_remove_tree(dirfd, "tree", &err), 0);
}

static int
open_lock(int dirfd)
{
	return openat(dirfd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static void
waits_for_a_lock_as_long_as_it_is_told(void **state)
{
	int dirfd = *(int *)*state, ours = open_lock(dirfd), pipes[2];
	struct err err;
	char c = 0;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		if (fs_lock(open_lock(dirfd), 0, &err) == 0)
			c = 'y';
		(void)!write(pipes[1], &c, 1);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(pipes[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_int_equal(fs_lock(ours, 30, &err), -1);
	assert_int_equal(err.kind, ERR_EXISTS);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(fs_lock(ours, 60000, &err), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ours);
	close(pipes[0]);
	close(pipes[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_a_lock_as_long_as_it_is_told),
		cmocka_unit_test(replaces_a_file_whole),
		cmocka_unit_test(writes_vectors_to_the_last_byte),
		cmocka_unit_test(removes_trees_without_following_links),
	};

	return cmocka_run_group_tests_name("base/fsutil", tests, make_folder,
	    remove_folder);
}
